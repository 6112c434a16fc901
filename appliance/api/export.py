"""Files to take away: readings, powers and prices as CSV, charts as PNG."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.responses import StreamingResponse

from appliance import exports, pictures
from appliance.api.common import Here, asked, problems
from appliance.calendar import day_of
from appliance.clock import DAY_MS
from appliance.exports import BOM, STYLES, Row, Style
from appliance.plots import Plot, PlotError, png
from appliance.store import Every

router = APIRouter(prefix="/api/v1/export", tags=["Files"])
LONGEST_PICTURE_MS = 400 * DAY_MS
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}, **problems(400, 503)}
PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}, **problems(400, 503)}

From = Annotated[str | None, Query(alias="from", description="ISO 8601 or ms; a day before `to`.")]
To = Annotated[str | None, Query(alias="to", description="ISO 8601 or ms; now.")]
Grain = Annotated[Every, Query(description="raw is every reading; else a row for each span of time.")]
Language = Annotated[
    Literal["en", "sv"] | None, Query(description="Whose separators and signs; the site's language.")
]


def _span(here: Here, start: From = None, end: To = None) -> tuple[int, int]:
    until = asked(end, "to", here.zone) if end else here.clock.now()
    since = asked(start, "from", here.zone) if start else until - DAY_MS
    if since >= until:
        raise HTTPException(400, "`from` must lie before `to`")
    return since, until


Span = Annotated[tuple[int, int], Depends(_span)]


def _picture_span(span: Span) -> tuple[int, int]:
    since, until = span
    if until - since > LONGEST_PICTURE_MS:
        raise HTTPException(400, "A picture shows at most 400 days")
    return span


PictureSpan = Annotated[tuple[int, int], Depends(_picture_span)]


def _style(
    here: Here,
    language: Language = None,
    separator: Annotated[Literal[",", ";", "\t"] | None, Query(description="Between columns.")] = None,
    decimal: Annotated[Literal[".", ","] | None, Query(description="The decimal sign.")] = None,
) -> Style:
    usual = STYLES[language or here.config.site.language]
    style = Style(separator or usual.separator, decimal or usual.decimal)
    if style.separator == style.decimal:
        raise HTTPException(400, "`separator` and `decimal` must not be the same sign")
    return style


Asked = Annotated[Style, Depends(_style)]


@router.get("/power.csv", response_class=StreamingResponse, responses=CSV)
async def power_csv(here: Here, span: Span, style: Asked, every: Grain = Every.MIN1) -> Response:
    """Powers, currents and voltages side by side, a row for each minute if nothing else is said."""
    rows = exports.powers(here.store, await here.store.series_list(), span, every, here.zone)
    return _file(here, "power", span, rows, style)


@router.get("/all.csv", response_class=StreamingResponse, responses=CSV)
async def all_csv(here: Here, span: Span, style: Asked, every: Grain = Every.RAW) -> Response:
    """Everything that was read, a row for each reading if nothing else is said."""
    known, currency = await here.store.series_list(), here.config.site.currency
    rows = exports.readings(here.store, known, span, every, here.zone, currency)
    return _file(here, "readings", span, rows, style)


@router.get("/prices.csv", response_class=StreamingResponse, responses=CSV)
async def prices_csv(here: Here, span: Span, style: Asked) -> Response:
    """Prices per kWh of each quarter hour: the market's, the whole price, what is paid for feed-in."""
    rows = exports.prices(here.ledger, span, here.zone, here.config.site.currency)
    return _file(here, "prices", span, rows, style)


@router.get("/power.png", response_class=Response, responses=PNG)
async def power_png(here: Here, span: PictureSpan, language: Language = None) -> Response:
    """The power at the grid and of what feeds the house, as a picture of 1200 x 600."""
    plot = await pictures.power(here.store, span, here.zone, language or here.config.site.language)
    return await _picture(here, "power", span, plot)


@router.get("/prices.png", response_class=Response, responses=PNG)
async def prices_png(here: Here, span: PictureSpan, language: Language = None) -> Response:
    """The price of every quarter hour and what was spent, as a picture of 1200 x 600."""
    site = here.config.site
    plot = await pictures.prices(here.ledger, span, here.zone, site.currency, language or site.language)
    return await _picture(here, "prices", span, plot)


def _file(
    here: Here, what: str, span: tuple[int, int], rows: AsyncIterator[list[Row]], style: Style
) -> Response:
    async def lines() -> AsyncIterator[str]:
        yield BOM
        async for batch in rows:
            yield await asyncio.to_thread(style.text, batch)

    headers = {"Content-Disposition": f'attachment; filename="{_name(here, what, span)}.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


async def _picture(here: Here, what: str, span: tuple[int, int], plot: Plot) -> Response:
    try:
        picture = await png(plot)
    except PlotError as error:
        raise HTTPException(503, str(error)) from None
    headers = {"Content-Disposition": f'attachment; filename="{_name(here, what, span)}.png"'}
    return Response(picture, media_type="image/png", headers=headers)


def _name(here: Here, what: str, span: tuple[int, int]) -> str:
    first, last = day_of(span[0], here.zone), day_of(span[1] - 1, here.zone)
    return f"tallywatt-{what}-{first}" + (f"-{last}" if last != first else "")
