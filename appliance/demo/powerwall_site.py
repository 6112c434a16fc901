"""The virtual house as a Powerwall sees it: battery units, solar strings, temperatures, alerts.

Powers in W (+ into the house), energies in Wh, temperatures in °C. The charge is on the gateway's raw scale,
of which the app hides the lowest twentieth: raw = app x 0.95 + 5.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.demo.house import DAY_MS, House, HouseClock, HouseState
from appliance.demo.weather import STEP_S, dice, temperature

UNIT_KWH = 13.5
"""What one Powerwall 2 holds for its owner when new."""
HIDDEN = 0.05
YEAR_MS = 365.25 * DAY_MS
STRINGS = {"A": 0.30, "B": 0.0, "C": 0.36, "D": 0.34}
"""Share of the sun's power that comes in by each string; nothing is connected to B."""
OPEN_STRING_V = -2.1
LEAD, LEAD_LOST = 0.01, 0.004
"""By how much the first unit is larger than the last, and what of that it loses in a year."""
ALERT_SLOT_MS = 2 * 3_600_000
PASSING_ALERTS = (
    ("TEPINV", "PINV_a067_overvoltageNeutralChassis"),
    ("PVAC", "PVAC_a024_PVACrx_Command_mia"),
    ("PVAC", "PVAC_a042_mppt_curve_scan_completed"),
    ("PVS", "PVS_a026_Mci1PvVoltage"),
    ("PVS", "PVS_a035_PvArcDetected"),
    ("TESYNC", "SYNC_a046_DoCloseArguments"),
)
GRID_WORDS = {
    "up": "SystemGridConnected",
    "down": "SystemIslandedActive",
    "syncing": "SystemTransitionToGrid",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """One Powerwall."""

    serial: str
    full_wh: float
    stored_wh: float
    power_w: float
    charged_wh: float
    discharged_wh: float
    temperature_c: float


@dataclass(frozen=True, slots=True)
class String:
    """One string of solar panels."""

    connected: bool
    power_w: float
    voltage_v: float
    current_a: float


def raw_scale(app_percent: float) -> float:
    """The gateway's percentage for the app's."""
    return app_percent * (1 - HIDDEN) + 100 * HIDDEN


class PowerwallSite:
    """Asks the house once for an instant (`state`) and tells it in the Powerwall's terms."""

    def __init__(self, house: House, clock: HouseClock) -> None:
        self.house, self.clock = house, clock
        self.serials = [
            f"TGVH00000000{number}" for number in range(1, round(house.battery.capacity_kwh / UNIT_KWH) + 1)
        ] or ["TGVH000000001"]

    def state(self) -> HouseState:
        """The truth now."""
        return self.house.state_at(self.clock.now())

    def local(self, at: int) -> datetime:
        """`at` (UTC ms) on the wall of the house."""
        return datetime.fromtimestamp(at / 1000, self.house.zone)

    def grid_word(self, state: HouseState) -> str:
        """How the gateway calls the state of the grid."""
        return GRID_WORDS[state.grid]

    def units(self, state: HouseState) -> list[Unit]:
        """Every Powerwall; together they are the house's battery, none quite like the others."""
        work, room = (
            self._shares(LEAD),
            self._shares(LEAD - LEAD_LOST * (state.at - self.house.start) / YEAR_MS),
        )
        celsius = self.outdoor(state.at)
        full = state.capacity_kwh * 1000 / (1 - HIDDEN)
        stored = full * raw_scale(state.soc) / 100
        return [
            Unit(
                serial,
                full * size,
                stored * size,
                state.battery_w * share,
                state.charged_kwh * 1000 * share,
                state.discharged_kwh * 1000 * share,
                round(max(celsius, 4.0) + 2.0 + abs(state.battery_w) * share / 1500 - 0.4 * number, 1),
            )
            for number, (serial, share, size) in enumerate(zip(self.serials, work, room, strict=True))
        ]

    def _shares(self, lead: float) -> list[float]:
        """Each unit's part of the whole, where the first has a little more than the last."""
        count = len(self.serials)
        middle = (count - 1) / 2
        return [1 / count + lead * (middle - number) / count for number in range(count)]

    def outdoor(self, at: int) -> float:
        """°C in the open."""
        day, rest = divmod(self.house.in_season(at), DAY_MS)
        return float(temperature(self.house.seed, day)[rest // (STEP_S * 1000)])

    def strings(self, state: HouseState) -> dict[str, String]:
        """The strings of the solar inverter by letter; their powers add up to the sun's."""
        found, left = {}, state.solar_w
        for letter, share in STRINGS.items():
            if not share:
                found[letter] = String(False, 0.0, OPEN_STRING_V, 0.0)
                continue
            power = left if letter == "D" else round(state.solar_w * share)
            left -= power
            volts = round(245 + 110 * share + 0.006 * power, 1) if power else 10.3
            found[letter] = String(True, float(power), volts, round(power / volts, 2))
        return found

    def alerts(self, state: HouseState) -> list[tuple[str, str]]:
        """(kind of device, alert) of all that is the matter; some come and go as the seed says."""
        grid = {
            "up": "SystemConnectedToGrid",
            "down": "SystemIslandedActive",
            "syncing": "SystemTransitionToGrid",
        }
        found = [
            *(("STSTSM", name) for name in ("GridCodesWrite", grid[state.grid], "FWUpdateSucceeded")),
            ("TESYNC", "SYNC_a001_SW_App_Boot"),
            ("PVS", "PVS_a018_MciStringB"),
            ("PVS", "PVS_a060_MciClose" if state.solar_w else "PVS_a059_MciOpen"),
        ]
        if state.grid != "up":
            found.append(("STSTSM", "UnscheduledIslandContactorOpen"))
        if state.soc >= 99.5:
            found.append(("TEPOD", "POD_w110_SW_EOC"))
        passing = self._passing(state.at)
        return [*found, passing] if passing else found

    def _passing(self, at: int) -> tuple[str, str] | None:
        slot, into = divmod(at, ALERT_SLOT_MS)
        rng = dice(self.house.seed, slot, 31)
        minutes = rng.integers(5, 60) if rng.random() < 0.2 else 0
        alert = PASSING_ALERTS[rng.integers(len(PASSING_ALERTS))]
        return alert if into < minutes * 60_000 else None

    def started(self, at: int) -> datetime:
        """When the gateway was switched on last: some days ago, on a Sunday night."""
        local = self.local(at)
        sunday = local - timedelta(days=local.isoweekday() % 7)
        begun = sunday.replace(hour=3, minute=14, second=7, microsecond=0)
        return begun if begun < local else begun - timedelta(days=7)
