"""Pages of the CARMA portal: the form with its hidden fields, buttons, tabs and the chart as JavaScript.

No recorded page of the portal is public. Names, formats and units are those its scrapers rely on; tab headers
are as the AJAX Control Toolkit writes them. What is in `Page.without` is left out, as after a change of site.
"""

import json
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHADE = "#99B7DB"
BUTTONS = {"prevMonth_btn": "Prev Month", "currMonth_btn": "Current Month", "nextMonth_btn": "Next Month"}
NON_ASCII = "Température – m³"
HEAD = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Carma Smart Metering</title>\n'
)
TAIL = "</form></body></html>\n"


@dataclass(frozen=True)
class Chart:
    """What one meter shows of one month; `points` is (value, flagged) by day, `reading` (day, register)."""

    tab: int
    location: str
    unit: str
    month: date
    points: Sequence[tuple[float, bool]]
    reading: tuple[date, float] | None


@dataclass(frozen=True)
class Page:
    """What graphing.aspx says: `state` is ASP.NET's fields, `tabs` meters' ids, `active` one of them."""

    state: Mapping[str, str]
    tabs: Sequence[str]
    active: int
    charts: Sequence[Chart]
    disabled: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()


def login_page(state: Mapping[str, str], button: str, problem: str, without: frozenset[str]) -> str:
    """login.aspx; `button` is what the button says, `problem` why nobody was let in."""
    inputs = {
        "username_txt": (
            '<span>Service Address</span><input name="username_txt" type="text" id="username_txt" />'
        ),
        "password_txt": (
            '<span>Account Number</span><input name="password_txt" type="password" id="password_txt" />'
        ),
        "login_btn": f'<input type="submit" name="login_btn" value="{escape(button)}" id="login_btn" />',
    }
    said = f'<span id="message_lbl" style="color:Red;">{escape(problem)}</span>\n' if problem else ""
    return (
        HEAD
        + '</head><body>\n<form method="post" action="login.aspx" id="form1">\n'
        + _hidden({name: value for name, value in state.items() if name not in without})
        + said
        + "\n".join(text for name, text in inputs.items() if name not in without)
        + TAIL
    )


def graphing_page(page: Page) -> str:
    """graphing.aspx as a whole page."""
    fields = {"ToolkitScriptManager1_HiddenField": "", "__EVENTTARGET": "", "__EVENTARGUMENT": ""}
    fields |= {**page.state, "HiddenField": ""}
    sign_out = "<a id=\"signout\" href=\"javascript:__doPostBack('signout','')\">Sign Out</a>\n"
    script = "\n".join(chart_script(chart, page.without) for chart in page.charts)
    return (
        HEAD
        + '<script type="text/javascript" src="js/highcharts.js"></script></head><body>\n'
        + '<form method="post" action="graphing.aspx" id="form1">\n'
        + _hidden({name: value for name, value in fields.items() if name not in page.without})
        + ("" if "signout" in page.without else sign_out)
        + f'<div id="UpdatePanel">{panel(page)}</div>\n'
        + f'<script type="text/javascript">\n//<![CDATA[\n{script}\n//]]>\n</script>'
        + TAIL
    )


def panel(page: Page) -> str:
    """What lies in the update panel: buttons, and the tabs with a place for a chart each."""
    buttons = [
        f'<input type="submit" name="{name}" value="{text}" id="{name}"'
        + (' disabled="disabled"' if name in page.disabled else "")
        + " />"
        for name, text in BUTTONS.items()
        if name not in page.without
    ]
    tabs = "" if "tabMeters" in page.without else _tabs(page)
    return "\n" + "\n".join(buttons) + f"\n<div>{NON_ASCII}</div>\n" + tabs


def client_state(page: Page) -> str:
    """The tabs' own field, JSON."""
    loaded = [number == page.active for number in range(len(page.tabs))]
    state = {
        "ActiveTabIndex": page.active,
        "TabEnabledState": [True] * len(loaded),
        "TabWasLoadedOnceState": loaded,
    }
    return json.dumps(state, separators=(",", ":"))


def delta(page: Page, *, with_chart: bool, in_bytes: bool, version: bool) -> str:
    """The answer to a post from the update panel: segments `length|type|id|content|`.

    Lengths are in UTF-8 bytes or in characters; `version` begins with the segment ASP.NET 4 sends first.
    """
    segments = [("#", "", "4")] if version else []
    segments += [
        ("updatePanel", "UpdatePanel", panel(page)),
        ("hiddenField", "__EVENTTARGET", ""),
        ("hiddenField", "__EVENTARGUMENT", ""),
        *(("hiddenField", name, value) for name, value in page.state.items() if name not in page.without),
        ("hiddenField", "tabMeters_ClientState", client_state(page)),
        ("asyncPostBackControlIDs", "", ""),
        ("updatePanelIDs", "", "tUpdatePanel,UpdatePanel"),
        ("asyncPostBackTimeout", "", "90"),
        ("formAction", "", "graphing.aspx"),
    ]
    if with_chart:
        said = [_script_json(chart_script(chart, page.without)) for chart in page.charts]
        segments += [("scriptStartupBlock", "ScriptContentWithTags", one) for one in said]
    return "".join(segment(*one, in_bytes=in_bytes) for one in segments)


def segment(kind: str, id_: str, content: str, *, in_bytes: bool) -> str:
    """`length|type|id|content|`."""
    return f"{len(content.encode()) if in_bytes else len(content)}|{kind}|{id_}|{content}|"


def chart_script(chart: Chart, without: frozenset[str] = frozenset()) -> str:
    """The month as a call of Highcharts: single-quoted JavaScript, not JSON."""
    if "chart" in without:
        return ""
    month = f"{MONTHS[chart.month.month - 1]} {chart.month.year}"
    title = js_text(f"Daily Consumption During {month} for {chart.location}")
    parts = {
        "title": f"title: {{ text: {title} }}",
        "subtitle": f"subtitle: {{ text: {js_text(_reading(chart))} }}",
        "categories": f"xAxis: {{ categories: [{', '.join(_categories(chart))}] }}",
        "unit": f"yAxis: {{ title: {{ text: {js_text(chart.unit)} }} }}",
        "series": f"series: [{_series(chart)}]",
    }
    inside = [f"chart: {{ renderTo: 'chartContainer_{chart.tab}', type: 'column' }}"]
    inside += [text for name, text in parts.items() if name not in without]
    return f"var chart{chart.tab + 1} = new Highcharts.Chart({{ {', '.join(inside)} }});"


def _script_json(script: str) -> str:
    """As .NET's serializer writes it: apostrophes and angle brackets as code points."""
    said = json.dumps({"text": script, "type": "text/javascript"}, ensure_ascii=False)
    for letter in "'<>":
        said = said.replace(letter, f"\\u{ord(letter):04x}")
    return said


def js_text(text: str) -> str:
    """A single-quoted string of JavaScript."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("</", "<\\/") + "'"


def error_page(message: str) -> str:
    """What ASP.NET shows when it fails."""
    return (
        "<!DOCTYPE html><html><head><title>Runtime Error</title></head><body bgcolor=\"white\">"
        "<span><h1>Server Error in '/DirectConsumptionDev' Application.<hr width=100% size=1 color=silver>"
        f"</h1><h2><i>{escape(message)}</i></h2></span></body></html>\n"
    )  # fmt: skip


def _reading(chart: Chart) -> str:
    if chart.reading is None:
        return "Reading as of"
    day, register = chart.reading
    written = f"{WEEKDAYS[day.weekday()]}, {day.day:02} {MONTHS[day.month - 1]} {day.year}"
    return f"Reading as of {written} is {register:.2f} {chart.unit}"


def _categories(chart: Chart) -> list[str]:
    """The whole month, or nothing where the chart is empty."""
    if not chart.points:
        return []
    year, month = chart.month.year, chart.month.month
    days = range(1, monthrange(year, month)[1] + 1)
    return [f"'{day:02}/{MONTHS[month - 1][:3]}/{year}'" for day in days]


def _series(chart: Chart) -> str:
    points = [
        f"{{y: {value:.4f}, color: '{SHADE}'}}" if flagged else f"{value:.4f}"
        for value, flagged in chart.points
    ]
    used = [value for value, _ in chart.points if value > 0]
    mean = sum(used) / len(used) if used else 0.0
    averages = ", ".join(f"{mean:.4f}" for _ in chart.points)
    return (
        f"{{ name: 'Daily Consumption', data: [{', '.join(points)}] }}, "
        f"{{ name: 'Average', color: '#FF0000', data: [{averages}] }}"
    )


def _tabs(page: Page) -> str:
    headers = "".join(
        f'<span id="tabMeters_tab{n}_tab"><a class="ajax__tab_tab" id="__tab_tabMeters_tab{n}" href="#">'
        f"{escape(id_)}</a></span>"
        for n, id_ in enumerate(page.tabs)
    )
    if "tab headers" in page.without:
        headers = ""
    state = escape(client_state(page))
    places = "".join(f'<div id="chartContainer_{n}"></div>' for n in range(len(page.tabs)))
    return (
        '<div id="tabMeters"><input type="hidden" name="tabMeters_ClientState" id="tabMeters_ClientState" '
        f'value="{state}" />\n<div id="tabMeters_header">{headers}</div>{places}</div>'
    )


def _hidden(fields: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{name}" id="{name}" value="{escape(value)}" />\n'
        for name, value in fields.items()
    )
