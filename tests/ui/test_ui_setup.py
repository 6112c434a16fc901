"""Setting up a meter: what the page does with what the owner says and the camera answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from nicegui.elements.label import Label
from nicegui.testing import User, UserInteraction
from nicegui.testing.user_simulation import user_simulation

import ui
from appliance.errors import SourceError
from appliance.meter_setup import CounterSeen, Learned, MeterSetup
from appliance.model import DigitSeen
from tests.ui.standin import StandIn
from tests.ui.surveyor import wheels
from ui.components.board import Rows
from ui.components.boxes import Boxes
from ui.components.keypad import Numpad
from ui.digest import Digest
from ui.pages import INNER, PAGES
from ui.pages.gallery import crop
from ui.pages.lessons import lesson
from ui.pages.meter_setup import PAUSE_S
from ui.pages.reads import number
from ui.shell import serve_static
from ui.stills import Stills
from ui.text import Texts


class Owner:
    """Someone at the set-up page."""

    def __init__(self, user: User, here: StandIn, app: FastAPI) -> None:
        self.user, self.here, self.app = user, here, app
        self.surveyor = here.surveyors["Cellar"]

    async def goes(self, path: str = "/meters/setup?source=Cellar") -> None:
        await self.user.open(path)

    def told(self) -> dict[str, Any]:
        """The last message to the editor of boxes."""
        (found,) = self.user.find(Boxes).elements
        assert found._shown is not None
        return found._shown

    def rows(self) -> list[dict[str, Any]]:
        """What the list of refusals shows."""
        (found,) = self.user.find(Rows).elements
        return list((found._shown or {"rows": []})["rows"])

    def does(self, event: str, args: Any = None, of: Any = Boxes) -> None:
        self.user.find(of).trigger(event, args)

    def presses(self, text: str) -> None:
        """The button that says so; the label within it has no handler of its own."""
        labels = self.user.find(kind=Label, content=text).elements
        buttons = {e.parent_slot.parent for e in labels if e.text == text and e.parent_slot}
        (button,) = (b for b in buttons if b.tag == "button")
        UserInteraction(self.user, {button}, None).click()

    async def sees(self, text: str) -> None:
        await self.user.should_see(text, retries=100)

    async def until(self, true: Any) -> None:
        for _ in range(200):
            if true():
                return
            await asyncio.sleep(0.05)
        raise AssertionError("It did not happen in time")


@pytest.fixture
async def user() -> AsyncIterator[User]:
    async with user_simulation() as made:
        yield made


def at_home(user: User, folder: Path, scene: str) -> Owner:
    here = StandIn(folder, scene)
    app = FastAPI()
    stills = Stills(app)
    serve_static()
    for page in (*PAGES, *INNER):
        ui.serve(page, here, Digest(here), stills)  # type: ignore[arg-type]
    return Owner(user, here, app)


@pytest.fixture
def owner(user: User, tmp_path: Path) -> Owner:
    return at_home(user, tmp_path, "camera")


@pytest.fixture
def newcomer(user: User, tmp_path: Path) -> Owner:
    made = at_home(user, tmp_path, "unset")
    made.surveyor.pause_s = 0.0
    return made


async def test_the_setup_in_force_is_shown_and_read(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("048713.4")
    assert [tuple(box["at"]) for box in owner.told()["boxes"]] == list(wheels())
    assert {box["text"] for box in owner.told()["boxes"]} == {"99"}
    assert [box.get("point", False) for box in owner.told()["boxes"]] == [False] * 6 + [True]
    await owner.sees("Sure of every digit, 99 %")


async def test_typing_what_the_meter_shows_places_the_boxes(newcomer: Owner) -> None:
    await newcomer.goes()
    await newcomer.until(lambda: newcomer.told()["src"])
    assert newcomer.told()["boxes"] == []
    newcomer.does("entered", "048713.4", Numpad)
    await newcomer.sees("Sure of every digit, 99 %")
    assert len(newcomer.told()["boxes"]) == 7


async def test_a_number_that_is_not_there_is_said_and_boxes_can_be_placed_by_hand(newcomer: Owner) -> None:
    await newcomer.goes()
    await newcomer.until(lambda: newcomer.told()["src"])
    newcomer.does("entered", "0999.9", Numpad)
    refusal = "Nothing in the picture looks like 0999.9. You can also place the boxes by hand."
    await newcomer.until(lambda: newcomer.told()["said"] == refusal)
    newcomer.presses("Boxes")
    assert len(newcomer.told()["boxes"]) == 5
    await newcomer.sees("holds no digit")


async def test_a_box_off_its_digit_is_told_and_undone(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    x, y, w, h = wheels()[3]
    owner.does("placed", [[3, x + 25, y + 30, w, h]])
    assert tuple(owner.told()["boxes"][3]["at"]) == (x + 25, y + 30, w, h)
    await owner.sees("Digit 4 is unsure, 60 %. Line the box up with it.")
    owner.does("undo")
    await owner.sees("Sure of every digit")
    assert tuple(owner.told()["boxes"][3]["at"]) == (x, y, w, h)
    assert not owner.told()["undo"]


async def test_a_row_of_nudges_is_read_once(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    asked: list[MeterSetup] = []
    judge = owner.surveyor.test

    async def counted(setup: MeterSetup) -> Any:
        asked.append(setup)
        return await judge(setup)

    owner.surveyor.test = counted  # type: ignore[method-assign]
    x, y, w, h = wheels()[0]
    for step in range(8):
        owner.does("placed", [[0, x + step, y, w, h]])
        await asyncio.sleep(0)
    await owner.until(lambda: asked)
    await asyncio.sleep(0.5)
    assert len(asked) == 1
    assert asked[0].counters[0].digits[0] == (x + 7, y, w, h)


async def test_only_what_the_owner_changed_is_unsaved(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    assert not owner.told()["unsaved"]
    x, y, w, h = wheels()[3]
    owner.does("placed", [[3, x + 25, y + 30, w, h]])
    assert owner.told()["unsaved"]
    owner.does("undo")
    assert not owner.told()["unsaved"]


async def test_boxes_that_were_found_are_unsaved_and_those_nobody_touched_are_not(newcomer: Owner) -> None:
    await newcomer.goes()
    await newcomer.until(lambda: newcomer.told()["src"])
    newcomer.presses("Boxes")
    assert newcomer.told()["boxes"]
    assert not newcomer.told()["unsaved"]
    newcomer.presses("Number")
    newcomer.does("entered", "048713.4", Numpad)
    await newcomer.sees("Sure of every digit, 99 %")
    assert newcomer.told()["unsaved"]


async def test_another_counter_is_chosen_by_touching_its_box(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    owner.presses("Counter")
    owner.presses("Add a counter")
    assert len(owner.told()["others"]) == 7
    await owner.sees("Import T1")
    owner.does("picked", [0, None])
    assert [tuple(box["at"]) for box in owner.told()["boxes"]] == list(wheels())
    owner.does("picked", [None, 4])
    assert owner.told()["chosen"] == 4


async def test_saving_asks_for_the_pin_first(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    owner.surveyor.saved = None
    owner.presses("Save")
    await asyncio.sleep(0.2)
    assert owner.surveyor.saved is None


async def test_what_cannot_be_read_is_saved_only_when_it_is_meant(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    x, _, w, h = wheels()[3]
    owner.does("placed", [[3, x, 0, w, h]])
    await owner.sees("holds no digit")
    owner.surveyor.saved = None
    owner.presses("Save")
    await owner.sees("Save all the same?")
    await owner.sees("Import register: Box 4 holds no digit.")
    assert owner.surveyor.saved is None


async def test_a_number_far_from_the_last_reading_is_asked_about(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    owner.presses("Counter")
    owner.presses("Wh")
    owner.presses("Save")
    await owner.sees("Import register reads 48.713\u00a0kWh now and 48,713.4\u00a0kWh before.")


async def test_new_boxes_are_not_shown_with_what_the_old_ones_read(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    owner.presses("Number")
    owner.does("entered", "04871", Numpad)
    await owner.until(lambda: len(owner.told()["boxes"]) == 5)
    await owner.user.should_not_see("048713.4")
    await owner.sees("04871")


async def test_one_digit_is_one(owner: Owner) -> None:
    owner.surveyor._crops = 1
    await owner.goes("/meters")
    await owner.sees("One digit of this meter is known")


async def test_a_display_whose_window_and_cells_were_found_is_shown(owner: Owner) -> None:
    owner.surveyor.found_window()
    await owner.goes()
    await owner.sees("Sure of every digit, 99 %")
    boxes = owner.told()["boxes"]
    assert [box["kind"] for box in boxes] == ["digit"] * 7 + ["display"]
    assert {box["text"] for box in boxes} == {"99"}


async def test_a_refusal_with_its_picture_is_told_once(owner: Owner) -> None:
    await owner.goes("/meters")
    await owner.until(lambda: len(owner.rows()) == 4)
    names = [(row["name"], "image" in row) for row in owner.rows()]
    assert names.count(("04871?.9", True)) == 1
    assert [image for _, image in names].count(False) == 1, "the one without a picture"


async def test_a_camera_that_fails_is_a_sentence_and_the_page_stays(owner: Owner) -> None:
    async def unplugged() -> Any:
        raise SourceError("The camera of Cellar is unplugged; plug it in again")

    owner.surveyor.shoot = unplugged  # type: ignore[method-assign]
    await owner.goes()
    await owner.until(lambda: "unplugged" in owner.told()["none"])
    assert owner.told()["busy"] is None
    assert owner.told()["src"] is None


async def test_a_test_read_that_gets_no_picture_says_so(owner: Owner) -> None:
    async def unplugged() -> Any:
        raise SourceError("The camera of Cellar is unplugged; plug it in again")

    await owner.goes()
    await owner.sees("Sure of every digit")
    shoot = owner.surveyor.shoot
    owner.surveyor.shoot = unplugged  # type: ignore[method-assign]
    owner.presses("Test read")
    await owner.sees("The camera of Cellar is unplugged; plug it in again")
    await asyncio.sleep(2 * PAUSE_S)
    await owner.sees("The camera of Cellar is unplugged; plug it in again")
    await owner.user.should_not_see("048713.4")
    owner.surveyor.shoot = shoot  # type: ignore[method-assign]
    owner.presses("Test read")
    await owner.sees("Sure of every digit")


async def test_while_the_camera_works_nothing_is_changed(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    owner.surveyor.pause_s = 0.4
    owner.presses("Test read")
    await owner.until(lambda: owner.told()["busy"] == "Taking a picture…")
    x, y, w, h = wheels()[0]
    owner.does("placed", [[0, x + 50, y, w, h]])
    assert tuple(owner.told()["boxes"][0]["at"]) == (x, y, w, h)
    await owner.until(lambda: owner.told()["busy"] is None)


async def test_without_a_camera_the_page_says_so(user: User, tmp_path: Path) -> None:
    owner = at_home(user, tmp_path, "grid")
    await owner.goes("/meters/setup")
    await owner.sees("No camera stands before a meter yet")


def test_a_figure_nobody_can_make_out_is_no_figure() -> None:
    def seen(*sure: float) -> CounterSeen:
        digits = tuple(DigitSeen(8.0, confidence, (0, 0, 9, 9)) for confidence in sure)
        return CounterSeen("88.8", None, min(sure), digits, "Not sure enough")

    assert number(seen(0.99, 0.6, 0.99)) == "88.8"
    assert number(seen(0.99, 0.05, 0.99)) == "8?.8"
    assert number(seen(0.05, 0.05, 0.05)) == "–"
    assert number(CounterSeen("12.3", None, 0.2, (), "Not sure enough")) == "12.3", "a window has no figures"
    assert number(None) == "–"


def test_the_part_of_a_picture_with_the_counter() -> None:
    assert crop(None) is None
    setup = StandIn(Path("/nonexistent"), "camera").surveyors["Cellar"].truth()
    styles = crop(setup)
    assert styles is not None
    left, right = wheels()[0][0], wheels()[-1][0] + wheels()[-1][2]
    wide = right - left + 2 * 0.3 * wheels()[0][3]
    assert styles["frame"].startswith(f"aspect-ratio:{wide:.0f}/")
    assert f"width:{100 * 1280 / wide:.2f}%" in styles["image"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            Learned(10, 0.93, 0.95),
            Learned(14, 0.93, 0.981, True),
            "4 digits learned. Read right 93 % → 98 %.",
        ),
        (None, Learned(1), "One digit learned."),
        (Learned(7), Learned(7), "Nothing new was learned."),
    ],
)
def test_what_came_of_a_lesson(before: Learned | None, after: Learned, said: str, tmp_path: Path) -> None:
    here = StandIn(tmp_path, "camera")
    assert lesson(Texts("en", here.zone, "SEK"), before, after) == said


async def test_the_still_is_served_by_address_and_gone_with_its_page(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    first = owner.told()["src"]
    client = TestClient(owner.app)
    answer = client.get(first)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8")
    assert "private" in answer.headers["cache-control"]
    owner.presses("Test read")
    await owner.until(lambda: owner.told()["src"] != first)
    assert client.get(first).status_code == 404
    last = owner.told()["src"]
    assert client.get(last).status_code == 200
    assert owner.user.client is not None
    owner.user.client.delete()
    assert client.get(last).status_code == 404


async def test_what_is_sent_of_seven_boxes_is_small(owner: Owner) -> None:
    await owner.goes()
    await owner.sees("Sure of every digit")
    assert len(json.dumps(owner.told())) < 1500
