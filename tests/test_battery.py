"""What is known of a battery, as plain data."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from appliance.battery import Alert, Battery, String, Unit, alerts, battery, capacity, gateways
from appliance.calendar import day_start
from appliance.model import Event, Quantity, Reading

Q = Quantity
NOW = 1_800_000_000_000
ZONE = ZoneInfo("Europe/Stockholm")
CADENCES = {"pw": 10.0, "old": 10.0}


def latest(*said: tuple[str, Quantity, float, int]) -> dict[tuple[str, Quantity], Reading]:
    """Readings so many seconds old."""
    return {(s, q): Reading(s, q, value, NOW - old * 1000) for s, q, value, old in said}


def test_the_moment_and_what_is_behind_the_gateway() -> None:
    known = latest(
        ("pw", Q.STATE_OF_CHARGE, 72.5, 5),
        ("pw", Q.BATTERY_MODE, 1, 600),
        ("pw", Q.POWER_BATTERY, -900, 5),
        ("pw.unit1", Q.BATTERY_CAPACITY, 13.1, 900),
        ("pw.unit10", Q.BATTERY_CAPACITY, 13.0, 900),
        ("pw.unit2", Q.BATTERY_CAPACITY, 12.9, 900),
        ("pw.unit2", Q.BATTERY_STORED, 9.4, 900),
        ("pw.unit2", Q.TEMPERATURE, 24.5, 900),
        ("pw.inverter1", Q.TEMPERATURE, 38.0, 9000),
        ("p1", Q.POWER_GRID, 100, 1),
    )
    found = battery(known, ["p1", "pw"], CADENCES, NOW)
    assert found is not None
    assert (found.source, found.stale, found.at) == ("pw", False, NOW - 5000)
    assert (found.value(Q.STATE_OF_CHARGE), found.word(Q.BATTERY_MODE)) == (72.5, "autonomous")
    assert found.capacity == pytest.approx(39.0)
    assert (found.word(Q.GRID_STATE), found.value(Q.BACKUP_RESERVE)) == (None, None)
    assert [unit.name for unit in found.units] == ["pw.unit1", "pw.unit2", "pw.unit10"]
    assert found.units[1] == Unit("pw.unit2", 12.9, 9.4, 24.5)
    assert found.temperatures == [("pw.inverter1", None), ("pw.unit2", 24.5)]
    assert found.strings == []


def test_what_is_old_is_unknown_and_never_nought() -> None:
    known = latest(("pw", Q.STATE_OF_CHARGE, 72.5, 31), ("pw", Q.BATTERY_MODE, 0, 60))
    found = battery(known, ["pw"], CADENCES, NOW)
    assert found is not None
    assert found.stale
    assert found.value(Q.STATE_OF_CHARGE) is None
    last = found.last(Q.STATE_OF_CHARGE)
    assert last is not None
    assert last.value == 72.5


def test_a_pack_that_was_exchanged_is_there_no_more() -> None:
    told = [
        Reading("powerwall", Q.STATE_OF_CHARGE, 50, NOW),
        Reading("powerwall.unit1", Q.BATTERY_CAPACITY, 13, NOW),
        Reading("powerwall.unit2", Q.BATTERY_CAPACITY, 12, NOW - 2 * 86_400_000),
    ]
    found = Battery("powerwall", {(r.source, r.quantity): r for r in told}, {"powerwall": 10.0}, NOW)
    assert ([unit.name for unit in found.units], found.capacity) == (["powerwall.unit1"], 13)
    silent = Battery("powerwall", {(r.source, r.quantity): r for r in told[2:]}, {"powerwall": 10.0}, NOW)
    assert [unit.name for unit in silent.units] == ["powerwall.unit2"], "nobody knows better"


def test_a_sum_of_which_a_part_is_unknown_is_unknown() -> None:
    known = latest(("pw.unit1", Q.BATTERY_STORED, 5.0, 5), ("pw.unit2", Q.BATTERY_STORED, 6.0, 9999))
    found = battery(known, [], CADENCES, NOW)
    assert found is not None
    assert found.stored is None


def test_a_gateway_goes_before_an_inverter_that_tells_of_its_battery() -> None:
    known = latest(
        ("inverter", Q.STATE_OF_CHARGE, 50, 1), ("inverter", Q.POWER_BATTERY, 10, 1),
        ("pw", Q.STATE_OF_CHARGE, 50, 1), ("pw", Q.POWER_BATTERY, 10, 1), ("pw", Q.GRID_STATE, 1, 1),
        ("meter", Q.GRID_STATE, 1, 1),
    )  # fmt: skip
    assert gateways(known, ["inverter", "pw"]) == ["pw", "inverter"]


def test_the_battery_is_the_first_that_speaks() -> None:
    known = latest(("old", Q.STATE_OF_CHARGE, 10, 99_999), ("pw", Q.STATE_OF_CHARGE, 50, 1))
    assert gateways(known, ["old", "pw"]) == ["old", "pw"]
    found = battery(known, ["old", "pw"], CADENCES, NOW)
    assert found is not None
    assert found.source == "pw"
    assert battery(latest(("p1", Q.POWER_GRID, 1, 1)), ["p1"], CADENCES, NOW) is None


@pytest.mark.parametrize(
    ("volts_b", "age_b", "connected"),
    [(310.0, 25, True), (2.0, 25, False), (310.0, 35, False)],
)
def test_a_string_without_panels_is_told(volts_b: float, age_b: int, connected: bool) -> None:
    known = latest(
        ("pw", Q.STATE_OF_CHARGE, 50, 1),
        ("pw", Q.STRING_A_POWER, 1200, 5), ("pw", Q.STRING_A_VOLTAGE, 380, 5),
        ("pw", Q.STRING_A_CURRENT, 3, 5),
        ("pw.inverter2", Q.STRING_A_VOLTAGE, 3, 5),
        ("pw", Q.STRING_B_VOLTAGE, volts_b, age_b),
    )  # fmt: skip
    found = battery(known, ["pw"], CADENCES, NOW)
    assert found is not None
    a, b, other = found.strings
    assert a == String("pw", "A", 1200, 380, 3, True)
    assert (b.letter, b.power, b.connected) == ("B", None, connected)
    # At night no string has a voltage: that says nothing of its panels.
    assert (other.source, other.connected) == ("pw.inverter2", True)


def test_a_string_before_the_last_of_which_nothing_is_told_has_no_panels() -> None:
    known = latest(
        ("pw", Q.STATE_OF_CHARGE, 50, 1), ("pw", Q.STRING_A_POWER, 1200, 5), ("pw", Q.STRING_C_POWER, 700, 5)
    )
    found = battery(known, ["pw"], CADENCES, NOW)
    assert found is not None
    assert [(s.letter, s.power, s.connected) for s in found.strings] == [
        ("A", 1200, True), ("B", None, False), ("C", 700, True),
    ]  # fmt: skip


def test_strings_of_a_silent_inverter_are_unknown() -> None:
    known = latest(("pw", Q.STATE_OF_CHARGE, 50, 1), ("pw", Q.STRING_A_POWER, 1200, 999))
    found = battery(known, ["pw"], CADENCES, NOW)
    assert found is not None
    assert found.strings == [String("pw", "A", None, None, None, None)]


def said(name: str, at: int, alert: str = "Fan", device: str = "unit1", source: str = "pw") -> Event:
    return Event(source, name, at, "", {"alert": alert, "device": device})


def test_alerts_are_pairs_and_those_of_now_come_first() -> None:
    events = [
        said("alert_on", 10), said("alert_on", 20, "Hot"), said("alert_on", 25, "Hot"),
        said("alert_off", 30), said("alert_off", 31), said("alert_on", 40, "Fan", "unit2"),
        said("alert_off", 50, "Fan", "unit2"), said("alert_on", 60, "Old", "unit1", "gone"),
    ]  # fmt: skip
    found = alerts(events, {"pw"})
    assert found == [
        Alert("pw", "unit1", "Hot", 20, None),
        Alert("pw", "unit2", "Fan", 40, 50),
        Alert("pw", "unit1", "Fan", 10, 30),
    ]
    assert (found[0].duration_s(5020), found[1].duration_s(5020)) == (5.0, 0.01)


def test_a_month_is_the_median_of_its_days_and_the_first_is_a_hundred() -> None:
    days = [
        (day_start(date(2026, month, day), ZONE), value)
        for month, day, value in [
            (1, 30, 13.6), (1, 31, 13.4), (2, 1, 13.3), (2, 2, 9.0), (2, 3, 13.2), (2, 4, None), (2, 5, 0.0),
        ]
    ]  # fmt: skip
    months = capacity("pw", days, ZONE, monthly=True)
    assert (months.at, months.kwh) == ((date(2026, 1, 1), date(2026, 2, 1)), (13.5, 13.2))
    assert months.percent == (100.0, 97.8)
    daily = capacity("pw", days, ZONE, monthly=False)
    assert len(daily.at) == 5
    assert capacity("pw", [], ZONE, monthly=True).percent == ()
