"""What a person is told of a bill check: sentences with holes, in English; a screen translates them."""

from collections.abc import Mapping
from typing import NamedTuple

from appliance.money.billed import BillCheck
from appliance.money.check import Finding, Reason, Verdict
from appliance.money.trend import Trend

MORE = {
    "import": "{when} {source} counted {kwh} kWh ({percent} %) more import than {meter}",
    "export": "{when} {source} counted {kwh} kWh ({percent} %) more export than {meter}",
}
LESS = {
    "import": "{when} {source} counted {kwh} kWh ({percent} %) less import than {meter}",
    "export": "{when} {source} counted {kwh} kWh ({percent} %) less export than {meter}",
}
EXPLAINED = {
    Verdict.WITHIN: "; their accuracy classes allow {allowed} %.",
    Verdict.DISAGREE: "; their accuracy classes explain {allowed} %.",
}
SAME = "; both read the same meter, so one of them reads it wrong."
AGREE = "{when} {source} and {meter} agree: {kwh} kWh apart, times and digits of readings explain {slack}."
REASONS = {
    Reason.UNREAD: "{when} there are no readings of {source} or {meter} to compare.",
    Reason.FELL: "{when} a register of {source} or {meter} ran backwards: was a meter exchanged?",
    Reason.SILENT: "{when} {source} or {meter} was silent for over an hour and may not have counted.",
    Reason.LOOSE: "{when} the readings of {source} and {meter} lie too far from midnight to compare them.",
    Reason.ELSE: "{when} {source} counted {kwh} kWh and {meter} {other}: they count different things.",
}
DRIFT = {
    True: "The difference of {source} grows by {points} percentage points a month: one of the two drifts.",
    False: "The difference of {source} falls by {points} percentage points a month: one of the two drifts.",
}
STEADY = "The difference of {source} is steady at {percent} %: one of the two is set a little high or low."
ODD = "{source} stands apart from the others, which agree with one another."
ALONE = "Of two alone nobody can tell which one is off. {meter} is what the bill goes by."
BILL = {
    Verdict.AGREE: "The bill and {meter} agree: {billed} kWh billed, {counted} kWh counted.",
    Verdict.WITHIN: "The bill says {kwh} kWh more or less than {meter}, which its accuracy class allows.",
    Verdict.UNKNOWN: "There are no readings of {meter} near those days.",
}
BILL_SILENT = (
    "{meter} was silent for over an hour in those days and may not have counted: {billed} kWh billed, "
    "{counted} kWh counted."
)
BILLED_MORE = "The bill says {kwh} kWh ({percent} %) more than {meter} counted in those days."
BILLED_LESS = "The bill says {kwh} kWh ({percent} %) less than {meter} counted in those days."
"""Of the export a lesser sum is to the owner's loss, of the import a greater one."""
STRANGE = (
    " Yet {meter} did not show the bill's readings within three days of them: other days, another meter?"
)


class Said(NamedTuple):
    """A sentence's parts, in order, and what stands in their holes: numbers are kWh, percent or names."""

    parts: tuple[str, ...]
    holes: Mapping[str, float | str]


def finding(way: str, meter: str, source: str, same: bool, found: Finding) -> Said:
    """What a period says; the hole `when` is left to be filled."""
    apart = found.difference or 0.0
    holes: dict[str, float | str] = {
        "source": source, "meter": meter, "kwh": abs(apart), "percent": abs(found.percent or 0.0),
        "allowed": found.allowed_percent or 0.0, "slack": found.slack,
    }  # fmt: skip
    if found.reason is not None:
        return Said(
            (REASONS[found.reason],), holes | {"kwh": found.kwh or 0.0, "other": found.meter_kwh or 0.0}
        )
    if found.verdict is Verdict.AGREE:
        return Said((AGREE,), holes)
    end = SAME if same else EXPLAINED[found.verdict]
    return Said(((MORE if apart > 0 else LESS)[way], end), holes)


def trend(source: str, found: Trend | None, whole: Finding) -> Said | None:
    """Whether and how the difference moves; None where there is nothing to say."""
    if found is not None and found.drifts:
        outward = (found.per_month > 0) == ((whole.difference or 0.0) > 0)
        return Said((DRIFT[outward],), {"source": source, "points": abs(found.per_month)})
    if found is not None and whole.verdict is Verdict.DISAGREE:
        return Said((STEADY,), {"source": source, "percent": whole.percent or 0.0})
    return None


def bill(found: BillCheck) -> Said:
    """What is to be said of a bill."""
    meter = "" if found.meter is None else found.meter.source
    apart, counted = found.difference or 0.0, found.counted_kwh or 0.0
    percent = abs(100 * apart / counted) if counted else 0.0
    holes: dict[str, float | str] = {
        "meter": meter, "kwh": abs(apart), "percent": percent, "billed": found.billed_kwh, "counted": counted,
    }  # fmt: skip
    said = BILL_SILENT if found.silent else BILL.get(found.verdict)
    first = said or (BILLED_MORE if apart > 0 else BILLED_LESS)
    strange = any(s.billed_at is None and None not in (s.billed, s.kwh) for s in found.stood)
    return Said((first, STRANGE) if strange else (first,), holes)


def plain(said: Said, when: str = "") -> str:
    """The sentence in English, numbers rounded as people say them."""
    holes = {name: _number(name, value) for name, value in said.holes.items()}
    return "".join(part.format(when=when, **holes) for part in said.parts).strip()


DECIMALS = {"percent": 1, "allowed": 1, "points": 2, "slack": 2}
"""Other numbers are kWh and have one."""


def _number(name: str, value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.{DECIMALS.get(name, 1)}f}"
