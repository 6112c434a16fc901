"""Pages, updates and charts of the CARMA portal: whatever shape they come in."""

import json
import locale
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.http import Answer
from appliance.sources import _carma_kept
from appliance.sources._carma_chart import ShapeError, Shown, charts
from appliance.sources._carma_link import decoded
from appliance.sources._carma_page import NEXT, PREVIOUS, TAB_STATE, page, segments, update
from appliance.sources._carma_script import LiteralError, literals

CHART = """
var chart1 = new Highcharts.Chart({
  chart: { renderTo: 'chartContainer_1', events: { load: function () { return {a: [1, 2]}; } } },
  // a comment with a brace }
  title: { text: 'Daily Consumption During February 2026 for 100 Rue de l\\'Étoile "Rear"',
    style: { color: x.y() } },
  subtitle: { text: 'Reading as of Saturday, 07 February 2026 is 12,345.67 kWh' },
  xAxis: { categories: ['01/Feb/2026', "02/Feb/2026", '03/Feb/2026', '04/Feb/2026',] },
  yAxis: { title: { text: 'kWh' }, min: -1 * 2 },
  series: [ { name: 'Average', data: [3, 3] },
    { name: 'Daily Consumption', data: [12.5, {y: .5, color: '#99B7DB'}, null, /* no */ 0.0000, ] }, ],
});
"""
CLEAN = CHART.replace("x.y()", "'#000'")


def test_a_chart_says_all_it_knows() -> None:
    (chart,) = charts(f"<script>{CHART}</script>")
    assert (chart.tab, chart.month, chart.unit) == (1, date(2026, 2, 1), "kWh")
    assert chart.location == '100 Rue de l\'Étoile "Rear"'
    assert chart.register == Shown(date(2026, 2, 7), 12345.67, "kWh")
    assert [(p.day.day, p.value, p.flagged) for p in chart.points] == [
        (1, 12.5, False), (2, 0.5, True), (3, None, False), (4, 0.0, False),
    ]  # fmt: skip
    assert not chart.empty


def test_months_are_english_in_any_locale() -> None:
    before = locale.setlocale(locale.LC_TIME)
    for name in ("sv_SE.UTF-8", "fr_CA.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_TIME, name)
        except locale.Error:
            continue
        try:
            assert charts(CHART)[0].month == date(2026, 2, 1)
        finally:
            locale.setlocale(locale.LC_TIME, before)


def test_several_charts_on_a_page_and_others_beside_them() -> None:
    hourly = CHART.replace("Daily Consumption", "Hourly").replace("Container_1", "Container_7")
    second = CHART.replace("Container_1", "Container_2").replace("'kWh'", "'m^3-wtr'")
    assert [(c.tab, c.unit) for c in charts(CHART + hourly + second)] == [(1, "kWh"), (2, "m^3-wtr")]


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        (
            "new Highcharts.Chart(",
            "new Charting.Chart(",
            r"no chart: 'new Highcharts\.Chart\(' was not found",
        ),
        ("categories:", "days:", r"without xAxis\.categories"),
        ("02/Feb", "02/Fév", r"xAxis\.categories are no days"),
        ("02/Feb", "30/Feb", r"xAxis\.categories is no date"),
        ("02/Feb/2026", "Tuesday", r"xAxis\.categories are no days"),
        ("02/Feb", "02/Mar", r"xAxis\.categories are of another month"),
        ("'kWh' }, min", "'' }, min", r"without yAxis\.title\.text"),
        ("'Daily Consumption'", "'Use'", "without the series 'Daily Consumption'"),
        ("During February", "During Brumaire", r"title\.text is no date"),
        ("null,", "null, 1, 2, 3,", r"of 7 values but 4 xAxis\.categories"),
        (", ] }, ],\n});", "", "cannot be read"),
    ],
)
def test_a_changed_chart_says_what_is_missing(old: str, new: str, missing: str) -> None:
    assert old in CHART
    with pytest.raises(ShapeError, match=missing):
        charts(CHART.replace(old, new))


def test_without_a_title_the_days_say_the_month() -> None:
    (chart,) = charts(CHART.replace("title: { text: 'Daily", "caption: { text: 'Daily"))
    assert (chart.month, chart.location) == (date(2026, 2, 1), "")


READ = "Reading as of Saturday, 07 February 2026 is 12,345.67 kWh"


@pytest.mark.parametrize(
    "number", ["12345.67", "12 345.67", "12\N{NARROW NO-BREAK SPACE}345.67", "12&nbsp;345.67", "12\\'345.67"]
)
def test_a_register_however_it_is_grouped(number: str) -> None:
    said = READ.replace("12,345.67", number)
    for text in (said, said.replace("of ", "of&nbsp;"), said.replace(", ", ",")):
        assert charts(CHART.replace(READ, text))[0].register == Shown(date(2026, 2, 7), 12345.67, "kWh")


@pytest.mark.parametrize(
    "text",
    [
        *("Reading as of", "", "Reading as of 7 Feb 2026 is unknown kWh"),
        *(
            READ.replace("12,345.67", odd)
            for odd in ("12345,67", "12 345,67", "1.2E4", "-5", "12.345.67", "1,2")
        ),
    ],
)
def test_no_register_is_no_register(text: str) -> None:
    assert charts(CHART.replace(READ, text))[0].register is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Daily Consumption During", "Daily&nbsp;Consumption&#160;During"),
        ("Daily Consumption", "Daily Water Consumption"),
        ("Daily Consumption", "<b>Daily</b> consumption"),
    ],
)
def test_titles_and_series_are_known_in_any_writing(old: str, new: str) -> None:
    (chart,) = charts(CHART.replace(old, new))
    assert (chart.month, chart.location) == (date(2026, 2, 1), '100 Rue de l\'Étoile "Rear"')
    assert chart.points[0].value == 12.5


def test_whose_chart_it_is_may_stand_before_its_options() -> None:
    other = CHART.replace("renderTo: 'chartContainer_1',", "").replace(
        "new Highcharts.Chart({", "Highcharts.chart('chartContainer_2', {"
    )
    assert [chart.tab for chart in charts(CHART + other)] == [1, 2]


def test_charts_that_could_be_any_meter_s_are_not_guessed_at() -> None:
    unnamed = CHART.replace("renderTo: 'chartContainer_1',", "")
    assert charts(unnamed)[0].tab is None
    for second in (unnamed, CHART):
        with pytest.raises(ShapeError, match="which meter"):
            charts(unnamed + second.replace("'kWh'", "'m^3-wtr'"))


def test_an_empty_month() -> None:
    empty = (
        "new Highcharts.Chart({title: {text: 'Daily Consumption During March 2025 for x'}, subtitle: {text:"
        " 'Reading as of'}, xAxis: {categories: []}, yAxis: {title: {text: 'kWh'}},"
        " series: [{name: 'Daily Consumption', data: []}]})"
    )
    (chart,) = charts(empty)
    assert chart.empty
    assert (chart.tab, chart.month) == (None, date(2025, 3, 1))


# --- JavaScript

plain = st.recursive(
    st.none() | st.booleans() | st.floats(-1e9, 1e9).map(lambda v: round(v, 4)) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_whatever_json_says_is_a_literal(value: object) -> None:
    assert literals(json.dumps(value) + ")", 0) == [value]


@given(st.text(max_size=60))
def test_single_quoted_text_comes_back(text: str) -> None:
    quoted = "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    assert literals(f"{{text: {quoted}, }})", 0) == [{"text": text}]


@given(st.text(alphabet="{}[](),:'\"\\/*a1. \n|", max_size=80))
@example("[" * 5000)
@example("(" * 5000)
def test_no_script_is_too_odd(text: str) -> None:
    with suppress(LiteralError):
        literals(text, 0)


# --- pages

LOGIN = """<HTML><BODY><FORM>
<INPUT value='a&amp;b' TYPE=hidden id=x name='__VIEWSTATE'>
<input type="hidden" name="__EVENTVALIDATION" value="" />
<input disabled type=submit value="Prev" name=prevMonth_btn>
<input type="submit" name="nextMonth_btn" value="N"><input type="hidden" name="tabMeters_ClientState"
 value="{&quot;ActiveTabIndex&quot;:1,&quot;TabEnabledState&quot;:[true,false,true]}">
<a id="__tab_tabMeters_one"><b>1203</b></a><span id='__tab_tabMeters_two'> Hot
 water</span></FORM>"""


def test_a_page_in_any_writing() -> None:
    found = page(LOGIN)
    assert found.hidden["__VIEWSTATE"] == "a&b"
    assert "__EVENTARGUMENT" not in found.hidden
    assert not found.can(PREVIOUS)
    assert found.can(NEXT)
    assert (found.tabs, found.active, found.tab_names[0]) == ((True, False, True), 1, "1203")
    assert json.loads(found.chosen(2)[TAB_STATE])["ActiveTabIndex"] == 2
    assert not found.asks_who


@pytest.mark.parametrize(
    "how",
    ["disabled", 'disabled=""', "DISABLED='disabled'", "class='btn aspNetDisabled'", 'aria-disabled="true"'],
)
def test_a_button_is_off_in_any_writing(how: str) -> None:
    assert not page(f'<input type="submit" {how} name="nextMonth_btn">').can(NEXT)
    assert page('<input type="submit" class="btn" aria-disabled="false" name="nextMonth_btn">').can(NEXT)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("é m³".encode(), "text/html"),
        ("é m³".encode("utf-8-sig"), "text/html; charset=utf-8"),
        ("é m³".encode("cp1252"), "text/html; charset=iso-8859-1"),
        ("é m³".encode("cp1252"), "text/html"),
        ("é m³".encode("cp1252"), "text/html; charset=unheard-of"),
        ("é m³".encode("utf-16"), 'text/html; charset="utf-16"'),
    ],
)
def test_letters_are_read_as_they_were_sent(body: bytes, kind: str) -> None:
    assert decoded(Answer(200, {"content-type": kind}, body)) == "é m³"


def test_a_page_without_tabs_is_one_meter() -> None:
    found = page("<p>nothing")
    assert (found.tabs, found.active, found.tab_names) == ((True,), 0, ())


PARTS = [
    ("updatePanel", "UpdatePanel", '<input type="submit" name="prevMonth_btn" /><p>Température – m³</p>'),
    ("hiddenField", "__VIEWSTATE", "/wEP|dw|"),
    ("asyncPostBackControlIDs", "", ""),
    ("scriptStartupBlock", "ScriptContentWithTags", json.dumps({"text": CLEAN})),
]


def delta(parts: list[tuple[str, str, str]], length: str) -> str:
    def counted(text: str) -> int:
        return {"bytes": len(text.encode()), "characters": len(text), "wrong": len(text) + 7}[length]

    return "".join(f"{counted(text)}|{kind}|{id_}|{text}|" for kind, id_, text in parts)


@pytest.mark.parametrize("length", ["bytes", "characters", "wrong"])
def test_an_update_whatever_its_lengths_count(length: str) -> None:
    text = delta(PARTS, length)
    assert segments(text) == PARTS
    assert segments("1|#||4|" + text)[1:] == PARTS
    found = update(text)
    assert found.page.hidden["__VIEWSTATE"] == "/wEP|dw|"
    assert found.page.can(PREVIOUS)
    assert charts(found.page.scripts)[0].location == '100 Rue de l\'Étoile "Rear"'


kinds = st.sampled_from(["updatePanel", "hiddenField", "scriptBlock", "formAction"])
contents = st.text(alphabet="a|é³–12 '<\n", max_size=30)


@given(st.lists(st.tuples(kinds, st.sampled_from(["", "id"]), contents), min_size=1, max_size=6))
def test_right_lengths_in_characters_or_bytes_are_enough(parts: list[tuple[str, str, str]]) -> None:
    text = delta(parts, "bytes")
    if all(content.isascii() for _, _, content in parts):
        assert segments(text) == parts
    assert segments(text)
    assert update(text)


@given(st.text(max_size=80))
def test_no_answer_is_too_odd(text: str) -> None:
    with suppress(ShapeError):
        update(text)


def test_a_script_wrapped_in_what_is_nearly_json() -> None:
    wrapped = json.dumps({"text": CLEAN}).replace("\\\\'", "\\'")  # JSON knows no \'
    with pytest.raises(ValueError, match="escape"):
        json.loads(wrapped)
    found = update(delta([*PARTS[:3], (*PARTS[3][:2], wrapped)], "bytes"))
    assert charts(found.page.scripts)[0].points[0].value == 12.5


def test_an_update_that_failed_or_sends_us_away() -> None:
    assert update(delta([("error", "500", "Timeout expired")], "characters")).error == "500"
    moved = update(delta([("pageRedirect", "", "%2fDirect%2flogin.aspx")], "characters")).moved
    assert moved == "/Direct/login.aspx"


def test_the_known_samples(shared: Path) -> None:
    folder = shared / "data" / "portals"
    whole = page((folder / "carma_graphing_2026-01_full.html").read_text(encoding="utf-8"))
    (chart,) = charts(whole.scripts)
    assert (chart.month, chart.unit, len(chart.points)) == (date(2026, 1, 1), "kWh", 31)
    assert chart.register == Shown(date(2026, 1, 31), 49169.89, "kWh")
    assert [p.day.day for p in chart.points if p.flagged][:2] == [3, 4]
    assert page((folder / "carma_login.html").read_text(encoding="utf-8")).asks_who
    oldest = page((folder / "carma_graphing_oldest_prev_disabled.html").read_text(encoding="utf-8"))
    assert not oldest.can(PREVIOUS)
    empty = page((folder / "carma_graphing_empty_month.html").read_text(encoding="utf-8"))
    assert charts(empty.scripts)[0].empty
    found = update((folder / "carma_delta_tab1.txt").read_text(encoding="utf-8")).page
    assert found.active == 1
    assert not found.can(NEXT)
    (water,) = charts(found.scripts)
    assert (water.tab, water.unit, water.points[0].value) == (1, "m^3-wtr", 33.11)


# --- what is kept for a bug report

SECRETS = ["1203 100 Rue de l'Étoile", "ACC-0042-1203", 'Rue de l\'Étoile "Rear" Unit 1203', "gx4kqz"]


@pytest.mark.parametrize(
    "text",
    [
        LOGIN + f"<script>{CHART}</script><b>ACC-0042-1203</b><i>gx4kqz</i>",
        delta(PARTS, "bytes").replace("'", "\\u0027"),
        "<h1>Usage for 100 Rue de l&#39;Étoile, acc-0042-1203</h1>",
        "<h1>During&nbsp;May&nbsp;2026&nbsp;for Rearview</h1><b>Reading as&nbsp;of May is 12 345.67 kWh</b>",
    ],
)
def test_a_kept_page_has_no_secrets(text: str) -> None:
    kept = _carma_kept.without_secrets(text, SECRETS)
    for gone in ("Étoile", "acc-0042", "a&amp;b", "/wEP", "12,345", "345.67", "gx4kqz", "Rear"):
        assert gone.lower() not in kept.lower()
    if "Highcharts" in text:
        for shape in ("new Highcharts.Chart({", "categories: [", "yAxis", "Daily Consumption"):
            assert shape in kept


def test_few_pages_are_kept_and_for_the_owner_alone(tmp_path: Path) -> None:
    paths = [_carma_kept.keep(tmp_path, "<p>x", [], 1_790_000_000_000 + n * 1000) for n in range(8)]
    assert sorted(tmp_path.iterdir()) == paths[-5:]
    assert paths[-1].stat().st_mode & 0o777 == 0o600
