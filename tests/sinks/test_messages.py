"""messages through apprise, against a real web server and a real mail server."""

import email
import email.policy
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from appliances import NOON
from pydantic import ValidationError

from appliance.clock import FakeClock
from appliance.demo.http_device import Answer, Fault, HttpDevice, Request, json_answer
from appliance.errors import SourceError
from appliance.sinks._news_apprise import _plain, problem
from appliance.sinks.messages import Options
from tests.peers.news import House, opened, rounds
from tests.peers.process import free_port

PNG = b"\x89PNG\r\n\x1a\n a picture"
SECRET = "Tr0ub4dor"


class Web(HttpDevice):
    """Takes what is posted: ntfy's JSON or a webhook's."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[dict[str, Any]] = []
        self.seen: list[Request] = []

    def answer(self, request: Request) -> Answer:
        self.seen.append(request)
        if request.body.startswith(b"{"):
            self.got.append(json.loads(request.body))
        return json_answer({"id": "1", "event": "message"})


class Mail:
    """A mail server's desk: what came in."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.refuse = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its name
        if self.refuse:
            return self.refuse
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        return "250 OK"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def mail() -> Iterator[tuple[Mail, int]]:
    desk, port = Mail(), free_port()
    server = Controller(desk, hostname="127.0.0.1", port=port)
    server.start()
    yield desk, port
    server.stop()


@pytest.fixture
async def house(tmp_path: Path, clock: FakeClock) -> AsyncIterator[House]:
    made = House(tmp_path / "store", clock)
    async with made.store:
        yield made


def ntfy(web: Web) -> dict[str, Any]:
    return {"url": f"ntfy://anna:{SECRET}@127.0.0.1:{web.port}/house", "name": "Anna"}


def webhook(web: Web) -> dict[str, Any]:
    return {"url": f"json://127.0.0.1:{web.port}/hook/{SECRET}", "name": "Webhook"}


def mailto(port: int) -> dict[str, Any]:
    return {"url": f"mailto://127.0.0.1:{port}?from=tallywatt@home.example&to=bo@home.example", "name": "Bo"}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the root logger is told, as the journal would be: caplog hears what does not propagate."""
    root, text = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


async def test_each_service_gets_it_in_its_own_way(house: House, web: Web, mail: tuple[Mail, int]) -> None:
    desk, port = mail
    told = await opened(house.messages(urls=[ntfy(web), webhook(web), mailto(port)]))
    await house.happens(house.event("recharge", "Recharged with 500.00 ₹ (*1.5 %*) & more"))
    await rounds(told)
    text = "Recharged with 500.00 ₹ (*1.5 %*) & more\n18:53"
    pushed, hooked = web.got
    assert (pushed["topic"], pushed["title"], pushed["message"]) == ("house", "Home: Recharge", text)
    assert (hooked["title"], hooked["message"], hooked["type"]) == ("Home: Recharge", text, "info")
    (letter,) = desk.got
    assert letter["Subject"] == "Home: Recharge"
    assert letter["To"] == "bo@home.example"
    body = letter.get_body(("plain",)) or letter.get_body()
    assert body is not None
    assert "Recharged with 500.00 ₹" in body.get_content()
    await rounds(told)
    assert len(web.got) == 2
    assert [one.kind for one in told.recipients()] == ["ntfy", "json", "mailto"]
    assert house.report.said[-1] == ("ok", "Writes to Anna, Webhook, Bo")


async def test_what_is_urgent_is_marked_so(house: House, web: Web) -> None:
    told = await opened(house.messages(urls=[webhook(web)]))
    await house.happens(house.event("grid_down", "The grid is lost"))
    await rounds(told)
    assert web.got[0]["type"] == "warning"


async def test_the_chart_is_attached_where_the_service_takes_one(
    house: House, web: Web, mail: tuple[Mail, int]
) -> None:
    desk, port = mail
    house.chart = PNG
    told = await opened(house.messages(urls=[mailto(port), webhook(web)]))
    await house.happens(house.event("daily_summary", "Used 11 kWh"))
    await rounds(told)
    (letter,) = desk.got
    (chart,) = letter.iter_attachments()
    assert (chart.get_filename(), chart.get_content_type()) == ("chart.png", "image/png")
    assert chart.get_content() == PNG
    assert web.got[0]["message"] == "Used 11 kWh\n18:53"
    assert house.drawn == 1


async def test_one_that_fails_holds_up_nobody_and_gets_it_later(
    house: House, web: Web, clock: FakeClock
) -> None:
    other = Web()
    other.start()
    told = await opened(house.messages(urls=[webhook(web), webhook(other) | {"name": "Other"}]))
    web.fault = Fault(503)
    for n in range(3):
        await house.happens(house.event("recharge", f"Number {n}"))
        await rounds(told)
        clock.tick(400)
    assert len(other.got) == 3
    state, text = house.report.said[-1]
    assert state == "waiting"
    assert text.startswith("Webhook: json did not take the message (")
    assert told.delivery.pending == 3
    web.fault = None
    await rounds(told)
    assert [line[6:] for line in web.got[0]["message"].splitlines()] == ["Number 0", "Number 1", "Number 2"]
    assert len(web.got) == 1
    assert house.report.said[-1][0] == "ok"
    other.stop()


async def test_a_mail_server_s_no_is_told(house: House, mail: tuple[Mail, int]) -> None:
    desk, port = mail
    desk.refuse = "554 no, thank you"
    told = await opened(house.messages(urls=[mailto(port)]))
    await house.happens(house.event("recharge"))
    await rounds(told)
    assert "mailto did not take the message" in told.recipients()[0].problem
    assert desk.got == []


async def test_nothing_is_sent_twice_after_a_restart_and_nothing_is_lost(house: House, web: Web) -> None:
    told = await opened(house.messages(urls=[webhook(web)]))
    await house.happens(house.event("recharge", "First"))
    await rounds(told)
    await house.happens(house.event("recharge", "Second"))
    changed = {"url": webhook(web)["url"] + "?method=post", "name": "Webhook"}
    told = await opened(house.messages(urls=[changed]))
    await rounds(told)
    assert [one["message"].splitlines()[0] for one in web.got] == ["First", "Second"]


async def test_a_try_and_an_example(house: House, web: Web) -> None:
    nobody = {"url": f"json://127.0.0.1:{free_port()}", "name": "Nobody"}
    made = house.messages(urls=[webhook(web), nobody])
    first, second = (await made.test()).splitlines()
    assert first == "Sent to Webhook"
    assert second.startswith("Nobody: json did not take the message")
    assert web.got[0]["title"] == "Home"
    said = await house.messages(urls=[webhook(web)]).send_example(
        house.event("grid_down", "The grid is lost")
    )
    assert said == "Sent to Webhook"
    assert web.got[1]["message"].endswith("This is a test: it did not happen")
    with pytest.raises(SourceError, match="Nobody: json"):
        await house.messages(urls=[nobody]).test()


# Secrets and mistakes


@pytest.mark.parametrize("fault", [Fault(401), Fault(500), Fault(cut=True), None])
async def test_no_word_of_an_address_is_told(
    house: House, web: Web, fault: Fault | None, log: io.StringIO
) -> None:
    web.fault = fault
    if fault is None:
        web.stop()
    told = await opened(house.messages(urls=[webhook(web), ntfy(web)]))
    await house.happens(house.event("recharge"))
    await rounds(told)
    said = [text for _, text in house.report.said] + [one.problem for one in told.recipients()]
    assert all(one.problem for one in told.recipients())
    assert not any(SECRET in text for text in (*said, log.getvalue(), str(told.recipients())))


def test_reasons_are_quoted_without_the_address() -> None:
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?to=a%20b%20c%20d"
    text = "no TIiajkdnlazkcOXrIdevi7FQ in T1JJ3T3L2 of a b c d at https://hooks.slack.com"
    assert _plain(text, url) == "no … in … of … at https://hooks.slack.com"


@pytest.mark.parametrize(
    ("url", "says"),
    [(f"nonsense {SECRET}", "begin with the service"), (f"gibberish://{SECRET}", "cannot use this gibberish"),
     (f"mailto://u:{SECRET}@localhost?to=a@b.se,c@d.se", "goes to 2 at once: give each"),
     (f"pover://{SECRET}", "cannot use this pover"), (f"mailto://:{SECRET}", "cannot use this mailto")],
)  # fmt: skip
def test_an_address_apprise_cannot_use_is_named_without_a_word_of_it(url: str, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Options.model_validate({"urls": [{"url": "json://localhost"}, {"url": url}]})
    (error,) = caught.value.errors()
    assert error["loc"][:2] == ("urls", 1)
    assert says in error["msg"]
    assert SECRET not in error["msg"]


def test_a_sealed_address_is_judged_once_it_is_open() -> None:
    options = Options.model_validate({"urls": [{"url": "enc:not to be read here"}]})
    assert "not to be read" not in repr(options)


async def test_an_address_that_was_sealed_wrong_is_told_at_the_first_message(house: House) -> None:
    """In place of a crash: config.json may have been sealed by an older apprise."""
    made = house.messages(urls=[{"url": "json://localhost"}])
    service, worker = next(iter(made._services.values()))
    service.url = f"gibberish://{SECRET}"
    assert worker is not None
    with pytest.raises(SourceError, match="Apprise cannot use this gibberish") as caught:
        await made.test()
    assert SECRET not in str(caught.value)


def test_each_address_is_somebody_of_their_own(house: House) -> None:
    with pytest.raises(SourceError, match="there twice"):
        house.messages(urls=[{"url": "json://localhost", "name": "A"}, {"url": "json://b", "name": "A"}])
    made = house.messages(urls=[{"url": "json://localhost"}, {"url": "json://elsewhere"}])
    assert [one.name for one in made.recipients] == ["json 1", "json 2"]


def test_a_good_address_has_no_problem() -> None:
    assert problem("ntfy://ntfy.sh/house") is None
