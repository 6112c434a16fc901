"""Home: what the house does now, and what it did today."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from appliance import prepaid_history as history
from appliance.model import Quantity
from appliance.prepaid import Supply
from appliance.prepaid_history import Counted
from appliance.views import Home, Phase

from .. import digest
from ..components.board import Flow, Phases, Strip, Today
from ..shell import Page
from ..text import N_, UNKNOWN, Texts
from ..view import View, picture_address
from .strip import energy_message, price_message

COLOURS = {"solar": "solar", "battery": "battery", "grid": "grid", "home": "home", "generator": "generator"}


async def build(view: View) -> None:
    """Flow on the left, three cards on the right; one column in portrait."""
    texts = view.texts
    with ui.element("div").classes("home"):
        with ui.element("section").classes("card flowc"):
            flow = Flow()
        with ui.element("a").classes("card stripc") as strip_card:
            strip = Strip()
        with ui.element("a").classes("card phc").props('href="/phases"') as phases_card:
            phases = Phases()
        with ui.element("section").classes("card todayc"):
            today = Today()
    await view.tried(view.digest.refresh())

    def draw() -> None:
        home = view.home()
        flow.show(flow_message(texts, home) | {"hero": hero(view, home)})
        phases.show(phases_message(texts, home))
        phases_card.set_visibility(any(phase.amps is not None for phase in home.phases))
        sums = view.digest.sums
        prices = price_message(texts, sums, view.now) if changes(sums) else None
        strip.show(prices or energy_message(texts, sums, view.now))
        strip_card.props(f'href="{"/prices" if prices else "/history"}"')
        today.show(today_message(texts, home, view.digest.sums, counted_today(view)))
        if view.digest.is_old:
            background_tasks.create_lazy(view.tried(view.digest.refresh()), name="digest")

    view.on_news(draw)


def changes(sums: digest.Sums | None) -> bool:
    """Whether it matters when power is used: of a price that is always the same there is nothing to see."""
    return sums is not None and len({price for _, price in sums.rates if price is not None}) > 1


def flow_message(texts: Texts, home: Home) -> dict[str, Any]:
    """Nodes with their numbers and rings, flows in W (rounded: the wires' width needs no more)."""
    head, sub = sentence(texts, home)
    idle = "grid" if home.on_generator else "generator"  # they share a place: never both supply
    shown = [name for name in home.nodes or ("grid", "home") if name != idle]
    nodes = {name: _node(texts, name, home) for name in shown}
    spoken = ", ".join(f"{n['sub']} {n['value']} {n['unit']}" for n in nodes.values())
    flows = {edge: round(power, -1) for edge, power in home.flows.items() if power >= 5}
    return {"head": head, "sub": sub, "aria": spoken, "flows": flows, "nodes": nodes}


def hero(view: View, home: Home) -> dict[str, Any] | None:
    """Where nobody measures power, the register itself, with the picture it was read from."""
    register = home.register
    if register is None or not home.only_register:
        return None
    texts = view.texts
    value = texts.register(register.value, register.quantity.spec.decimals)
    picture = view.appliance.hub.pictures.get(register.source)
    src = picture_address(picture) if picture is not None and picture.jpeg else None
    said = f"{register.source} · {texts.ago(register.at, view.now)}"
    return {"value": value, "unit": register.quantity.spec.unit, "sub": said, "src": src}


def _node(texts: Texts, name: str, home: Home) -> dict[str, Any]:
    power = home.nodes.get(name)
    if name == "battery":
        return _battery(texts, home)
    if power is None:
        others = [p for other, p in home.nodes.items() if other != name]
        unmeasured = name == "home" and bool(others) and None not in others
        return _unknown(name, texts._("Not measured") if unmeasured else texts._("No reading"))
    value, unit = texts.power(abs(power))
    labels = {
        "solar": texts._("Solar"), "home": texts._("Home"), "grid": texts._("Import"),
        "generator": texts._("Generator"),
    }  # fmt: skip
    colour, label = COLOURS[name], labels[name]
    if name == "grid" and power < 0:
        colour, label = "export", texts._("Export")
    return {"value": value, "unit": unit, "sub": label, "colour": colour, "arcs": _arcs(name, home.flows)}


def _unknown(name: str, label: str) -> dict[str, Any]:
    return {"value": UNKNOWN, "unit": "", "sub": label, "colour": name, "arcs": [], "none": True}


def _battery(texts: Texts, home: Home) -> dict[str, Any]:
    power, charge = home.nodes["battery"], home.state_of_charge
    if power is None and charge is None:
        return _unknown("battery", texts._("No reading"))
    if charge is None:
        value, unit = texts.power(power)
        return {"value": value, "unit": unit, "sub": texts._("Battery"), "colour": "battery", "arcs": []}
    flow = texts._("Battery") if power is None or abs(power) < 5 else signed(texts, -power)
    arcs = [["battery", round(charge / 100, 3)]]
    return {"value": texts.number(charge), "unit": "%", "sub": flow, "colour": "battery", "arcs": arcs}


def signed(texts: Texts, watts: float) -> str:
    """A power with its sign always told: +930 W charges the battery, −930 W empties it."""
    return ("+" if watts > 0 else "−") + texts.powered(abs(watts))


def _arcs(name: str, flows: Any) -> list[list[Any]]:
    """The ring of a node: where its power comes from (home) or what share of all power it moves."""
    total = sum(flows.values())
    if total <= 0:
        return []
    if name == "home":
        into = {e.split("_")[0]: p for e, p in flows.items() if e.endswith("_home")}
        whole = sum(into.values())
        return [[giver, round(power / whole, 3)] for giver, power in into.items()] if whole else []
    gives = sum(p for e, p in flows.items() if e.startswith(f"{name}_"))
    takes = sum(p for e, p in flows.items() if e.endswith(f"_{name}"))
    if takes > gives:
        return [["export" if name == "grid" else name, round(takes / total, 3)]]
    return [[name, round(gives / total, 3)]] if gives else []


def sentence(texts: Texts, home: Home) -> tuple[str, str]:
    """What the house does, in a headline and a line beneath it."""
    said = home.sentence
    heads = {
        "running_on_sunshine": texts._("Running on sunshine"),
        "buying": texts._("Buying from the grid"),
        "selling": texts._("Selling to the grid"),
        "on_battery": texts._("Running on the battery"),
        "on_generator": texts._("Running on the generator"),
        "idle": texts._("In balance"),
        "no_reading": texts._("No reading"),
    }
    if said.code == "no_reading":
        if home.only_register:
            return texts._("The meter is read"), texts._("Power now is not measured")
        if not home.nodes:
            return heads[said.code], texts._("No meter is set up yet: add one to config.json")
        return heads[said.code], texts._("Nothing is known of the grid. See Health.")
    parts = []
    for key, text in (
        ("bought", texts._("{power} from the grid")),
        ("sold", texts._("{power} to the grid")),
        ("generated", texts._("{power} from the generator")),
        ("charging", texts._("battery charging at {power}")),
        ("discharging", texts._("battery giving {power}")),
    ):
        if (power := said.params.get(key, 0.0)) >= 10:
            parts.append(text.format(power=texts.powered(power)))
    none = texts._("The grid is off") if home.on_generator else texts._("Nothing to and from the grid")
    line = ", ".join(parts) or none
    return heads[said.code], line[0].upper() + line[1:]


def phases_message(texts: Texts, home: Home) -> dict[str, Any]:
    """Bars as a share of the fuse; without a known fuse, of the largest phase."""
    apart = home.imbalance
    known = [p.amps for p in home.phases if p.amps is not None]
    whole = max([*known, 10.0])
    return {
        "title": texts._("Phases"),
        "tag": texts._("{amps} A apart").format(amps=texts.number(apart.amps, 1)) if apart else None,
        "level": apart.level if apart else "none",
        "limit": any(p.share is not None for p in home.phases),
        "rows": [_phase(texts, phase, whole) for phase in home.phases],
    }


def _phase(texts: Texts, phase: Phase, whole: float) -> dict[str, Any]:
    share = phase.share if phase.share is not None else (phase.amps or 0.0) / whole
    level = "bad" if (phase.share or 0) > 1 else "warn" if (phase.share or 0) > 0.8 else ""
    text = UNKNOWN if phase.amps is None else f"{texts.number(phase.amps, 1)} A"
    width = round(min(1.0, share) * 100, 1)
    return {"name": f"L{phase.number}", "text": text, "width": width, "level": level}


def counted_today(view: View) -> dict[Supply, Counted]:
    """What a prepaid meter itself says of today, from the grid and from the generator; empty without one."""
    latest, now = view.appliance.hub.latest, view.now
    name = next(iter(history.accounts(latest, list(view.types()))), None)
    if name is None:
        return {}
    zone = ZoneInfo(history.account(name, view.appliance.sources.get(name), latest).zone)
    return {way: total.today for way, total in history.totals(name, latest, now, zone).items()}


def today_message(
    texts: Texts, home: Home, sums: digest.Sums | None, counted: Mapping[Supply, Counted] | None = None
) -> dict[str, Any]:
    """kWh since midnight; a dash where it is not known. `counted` is what a prepaid meter says, which has
    counted since midnight however short a time we have looked."""
    day = dict(sums.day) if sums is not None else {}
    for way, quantity in (("grid", Quantity.ENERGY_IMPORT), ("generator", Quantity.ENERGY_GENERATOR)):
        known = (counted or {}).get(way)  # type: ignore[call-overload]
        if known is not None and known.kwh is not None:
            day[quantity] = known.kwh
    has_solar = "solar" in home.nodes or Quantity.ENERGY_SOLAR in day
    used = digest.used(day, "battery" in home.nodes, has_solar)
    items = [(texts._("Used"), used, "home"), (texts._("Bought"), day.get(Quantity.ENERGY_IMPORT), "grid")]
    if has_solar:
        items.insert(0, (texts._("Solar"), day.get(Quantity.ENERGY_SOLAR), "solar"))
    if Quantity.ENERGY_GENERATOR in day:
        items.append((texts._("Generator"), day[Quantity.ENERGY_GENERATOR], "generator"))
    if has_solar or Quantity.ENERGY_EXPORT in day:
        items.append((texts._("Sold"), day.get(Quantity.ENERGY_EXPORT), "export"))
    shown = [{"name": name, "value": texts.kwh(energy), "colour": colour} for name, energy, colour in items]
    return {"title": texts._("Today, kWh"), "items": shown, "right": _cost(texts, sums, counted)}


def _cost(texts: Texts, sums: digest.Sums | None, counted: Mapping[Supply, Counted] | None) -> str | None:
    """What today cost, as the prepaid meter took it, else by the contract."""
    taken = [one.cost for one in (counted or {}).values()]
    known = [cost for cost in taken if cost is not None]
    if known and len(known) == len(taken):
        return texts._("{amount} spent").format(amount=texts.amount(sum(known)))
    if sums is None or sums.cost is None:
        return None
    said = texts._("{amount} net cost") if sums.cost >= 0 else texts._("{amount} earned")
    return said.format(amount=f"{texts.number(abs(sums.cost), 2)} {texts.money}")


PAGE = Page("/", N_("Home"), "home", build)
