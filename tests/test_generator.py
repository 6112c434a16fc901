"""A building's generator in the place of the grid: the flows, the load, what is told of the moment."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from appliance.energy_now import Energies, described, energy_now
from appliance.model import Quantity, Reading
from appliance.prepaid import Supply
from appliance.prepaid_history import Counted
from appliance.views import Home, home
from ui.digest import Sums, used
from ui.pages.home import changes, flow_message, today_message
from ui.text import Texts

Q = Quantity
NOW = 1_778_761_930_000
TYPES = {"elnet": "elnet", "inverter": "json_http"}
CADENCES = {"elnet": 60.0, "inverter": 10.0}
TEXTS = Texts("en", ZoneInfo("Asia/Kolkata"), "INR")
Told = dict[tuple[str, Quantity], Reading]


def told(age_s: float = 5, **values: float) -> Told:
    """Readings of the prepaid meter; names as in Quantity, in small letters."""
    at = NOW - round(age_s * 1000)
    return {("elnet", Quantity(q)): Reading("elnet", Quantity(q), v, at) for q, v in values.items()}


def seen(latest: Told) -> Home:
    return home(latest, TYPES, CADENCES, NOW)


ON = {"supply": 1, "power_grid": 0, "power_generator": 1210}
OFF = {"supply": 0, "power_grid": 1210, "power_generator": 0}


def test_the_generator_feeds_the_house_in_the_place_of_the_grid() -> None:
    found = seen(told(**ON))
    assert found.on_generator
    assert (found.nodes["home"], found.flows) == (1210, {"generator_home": 1210})
    assert found.sentence.code == "on_generator"
    shown = flow_message(TEXTS, found)
    assert list(shown["nodes"]) == ["generator", "home"]
    assert (shown["head"], shown["sub"]) == ("Running on the generator", "1.2 kW from the generator")
    assert shown["nodes"]["generator"] == {
        "value": "1.2", "unit": "kW", "sub": "Generator", "colour": "generator", "arcs": [["generator", 1.0]],
    }  # fmt: skip
    assert shown["nodes"]["home"]["arcs"] == [["generator", 1.0]]


def test_while_the_grid_supplies_no_generator_is_drawn() -> None:
    found = seen(told(**OFF))
    assert not found.on_generator
    assert list(flow_message(TEXTS, found)["nodes"]) == ["grid", "home"]
    assert found.flows == {"grid_home": 1210}


def test_a_generator_of_unknown_power_is_told_without_a_number() -> None:
    found = seen(told(supply=1, power_load=900))
    shown = flow_message(TEXTS, found)
    assert (shown["head"], shown["nodes"]["generator"]["value"]) == ("Running on the generator", "–")
    assert (shown["nodes"]["home"]["value"], shown["flows"]) == ("900", {})


def test_nobody_knows_who_supplies_once_the_meter_is_silent() -> None:
    found = seen(told(age_s=1000, **ON))
    assert (found.on_generator, found.sentence.code, found.flows) == (False, "no_reading", {})


def test_without_a_word_of_supply_the_generators_power_tells() -> None:
    assert seen(told(power_grid=0, power_generator=800)).on_generator
    assert not seen(told(power_grid=800, power_generator=0)).on_generator


@given(
    load=st.floats(0, 9000), solar=st.floats(0, 5000), battery=st.floats(-3000, 3000), generator=st.booleans()
)
def test_the_load_is_all_that_comes_in(load: float, solar: float, battery: float, generator: bool) -> None:
    rest = load - solar - battery
    latest = told(supply=int(generator), power_generator=max(0.0, rest) if generator else 0.0)
    latest |= told(power_grid=0.0 if generator else rest)
    for quantity, value in ((Q.POWER_SOLAR, solar), (Q.POWER_BATTERY, battery)):
        latest["inverter", quantity] = Reading("inverter", quantity, value, NOW)
    found = seen(latest)
    parts = [found.nodes[name] or 0.0 for name in ("grid", "solar", "battery", "generator")]
    derived = found.nodes["home"]
    if derived is not None:
        assert abs(derived - max(0.0, sum(parts))) < 1e-6
        into = sum(power for edge, power in found.flows.items() if edge.endswith("_home"))
        assert into <= derived + 1e-6


def test_a_generator_is_no_outage_and_has_a_word_of_its_own() -> None:
    moment = energy_now(told(**ON), TYPES, {"elnet": 60.0}, NOW)
    assert (moment.status, moment.mode, moment.flow("generator")) == ("ok", "generator", "producing")
    assert (moment.flow("grid"), moment.power("home")) == ("idle", 1210)
    assert described(0.0, 1210).startswith("Running on the generator, 1210 W")
    assert described(300.0, 0.0).startswith("Importing 300 W")
    assert energy_now(told(**OFF), TYPES, {"elnet": 60.0}, NOW).mode == "importing"


def test_its_energy_is_used_and_is_not_the_houses_own() -> None:
    day = Energies(imported=6.0, exported=0.0, generator=2.0, has_solar=False, has_battery=False)
    assert (Energies(imported=6.0, exported=0.0, has_solar=False, has_battery=False).used, day.used) == (6, 6)
    own = Energies(
        imported=6.0, exported=0.0, solar=2.0, generator=2.0, has_battery=False, has_generator=True
    )
    assert (own.used, own.self_sufficiency) == (10, 0.2)
    kwh: dict[Quantity, float | None] = {Q.ENERGY_IMPORT: 6.0, Q.ENERGY_GENERATOR: 2.0}
    assert used(kwh, False, False) == 8
    assert used({**kwh, Q.ENERGY_GENERATOR: None}, False, False) is None


def test_the_home_page_tells_its_energy_of_today() -> None:
    sums = Sums({Q.ENERGY_IMPORT: 6.0, Q.ENERGY_GENERATOR: 2.0}, [], [], [], [])
    shown = today_message(TEXTS, seen(told(**ON)), sums)
    assert [(item["name"], item["value"]) for item in shown["items"]] == [
        ("Used", "8.0"), ("Bought", "6.0"), ("Generator", "2.0"),
    ]  # fmt: skip
    assert shown["right"] is None


def test_what_the_prepaid_meter_counted_since_midnight_goes_before_what_we_saw() -> None:
    sums = Sums({Q.ENERGY_IMPORT: 0.2, Q.ENERGY_GENERATOR: 0.0}, [], [], [], [], 1.6)
    counted: dict[Supply, Counted] = {"grid": Counted(9.2, 76.6), "generator": Counted(0.16, 3.28)}
    shown = today_message(TEXTS, seen(told(**OFF)), sums, counted)
    assert [item["value"] for item in shown["items"]] == ["9.4", "9.2", "0.2"]
    assert shown["right"] == "₹79.88 spent"
    counted["generator"] = Counted(None, None)
    shown = today_message(TEXTS, seen(told(**OFF)), sums, counted)
    assert [item["value"] for item in shown["items"]] == ["9.2", "9.2", "0.0"]
    assert shown["right"] == "1.60 ₹ net cost"


def test_a_price_that_is_always_the_same_is_not_drawn() -> None:
    assert changes(Sums({}, [], [], [], [(0, 0.3), (1, 0.4)]))
    assert not changes(Sums({}, [], [], [], [(0, 0.3), (1, 0.3), (2, None)]))
    assert not changes(None)
