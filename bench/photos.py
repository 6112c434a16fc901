"""How many composed photographs are read whole with nothing but the picture: `python -m bench.photos`.

The photographs are drawn anew: meters with wheels of `val` meters (whole meters never trained on), with drawn
wheels and with displays, and pictures cut to the counter. They need the labelled digits beside the checkout,
in `../shared/data/meter-digits`; without them there are no rows.
"""

from __future__ import annotations

from pathlib import Path

from ocr.train.locate import measure

Row = tuple[str, float, str, str]
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "meter-digits"
_COUNT, _SEED = 24, 5


def rows() -> list[Row]:
    """(name, value, unit, note) of each measure; notes hold the Wilson 95 % interval."""
    if not (DATA / "manifest.csv").is_file():
        return []
    found = measure.scores(DATA, _COUNT, _SEED)
    return [
        (f"{name}: {what}", 100 * share.value, "%", str(share))
        for name, shares in found
        for what, share in shares.items()
    ]


def main() -> None:
    """Prints the table."""
    for name, value, unit, note in rows():
        print(f"{name:64} {value:6.1f} {unit:2} {note}")


if __name__ == "__main__":
    main()
