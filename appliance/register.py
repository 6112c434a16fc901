"""How a register looks on the meter it stands on."""

DECIMALS = 3
WHOLE = 6


def digits(value: float, whole: int = WHOLE, decimals: int = DECIMALS) -> list[int]:
    """The digits of `value` as `whole` + `decimals` wheels show them, the highest first.

    Wheels do not round: 12.96 on one decimal wheel is 12.9.
    """
    scaled = int(value * 10**decimals + 1e-6)
    return [int(digit) for digit in f"{scaled:0{whole + decimals}d}"]
