"""Network cameras in front of the virtual meters: GET /snapshot.jpg, as ESP32-CAM and IP cameras answer."""

import itertools
from dataclasses import replace
from typing import Any

import cv2

from appliance.demo import dial_picture, display_picture, meter_picture
from appliance.demo.cupboard import Cupboard
from appliance.demo.faceplate import HEIGHT, WIDTH, Image
from appliance.demo.house import House, HouseClock, HouseState
from appliance.demo.http_device import Answer, HttpDevice, Request, json_answer
from appliance.demo.photograph import View

JPEG_QUALITY = 88


class MeterCamera(HttpDevice):
    """Photographs the house's import register at the instant it is asked.

    `view` says how the camera hangs and what light it has; with a `cupboard` that says so instead.
    """

    def __init__(
        self, house: House, clock: HouseClock, *, port: int = 0, width: int = 1280, height: int = 720
    ) -> None:
        super().__init__(port)
        self.house, self.clock = house, clock
        self.width, self.height = width, height
        self.view = View()
        self.cupboard: Cupboard | None = None
        self._shots = itertools.count()

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("GET", "/snapshot.jpg"):
            return json_answer({"error": "only GET /snapshot.jpg"}, 404)
        now = self.clock.now()
        view = self.cupboard.view(self.house.in_season(now)) if self.cupboard else replace(self.view)
        how = {"width": self.width, "height": self.height, "seed": next(self._shots), **vars(view)}
        picture = self.picture(self.house.state_at(now), how)
        done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        assert done, "a picture of 8-bit colours can be encoded"
        return Answer(data.tobytes(), content_type="image/jpeg")

    def picture(self, state: HouseState, how: dict[str, Any]) -> Image:
        """The meter in that state of the house; `how`: size, seed and the fields of a view."""
        return meter_picture.render(state.import_kwh, **how)

    def source_config(self) -> dict[str, Any]:
        """The entry of config.json's `sources` that reads this camera, with what the meter shows now."""
        shows = int(self.house.state_at(self.clock.now()).import_kwh * 10) / 10
        return {
            "type": "camera_meter",
            "name": "meter",
            "url": f"{self.url}/snapshot.jpg",
            # However fast the house's time runs, one picture in two real seconds is enough.
            "every_s": max(60.0, 2 * getattr(self.clock, "speed", 1.0)),
            "expected_digits": 7,
            "decimals": 1,
            "initial_reading": f"{shows:08.1f}",
        }


class DisplayCamera(MeterCamera):
    """Photographs a meter whose display cycles through import, export and the time."""

    def picture(self, state: HouseState, how: dict[str, Any]) -> Image:
        return display_picture.render(display_picture.screen(state), **how)

    def source_config(self) -> dict[str, Any]:
        """Reads import and export, each when its register code is shown."""
        boxes = {
            "width": WIDTH,
            "height": HEIGHT,
            "digits": [display_picture.cell_box(i) for i in range(display_picture.CELLS)],
            "display": display_picture.WINDOW,
            "decimals": display_picture.DECIMALS,
            "kind": "lcd",
        }
        counters = [("energy_import", "1.8.0"), ("energy_export", "2.8.0")]
        return {
            "type": "camera_meter",
            "name": "display",
            "url": f"{self.url}/snapshot.jpg",
            "every_s": max(60.0, 2 * getattr(self.clock, "speed", 1.0)),
            "calibration": boxes,
            "counters": [{"quantity": quantity, "register_code": code} for quantity, code in counters],
        }


class WaterCamera(MeterCamera):
    """Photographs a water meter: wheels for cubic metres, dials for their fractions."""

    def picture(self, state: HouseState, how: dict[str, Any]) -> Image:
        return dial_picture.render(state.water_m3, **how)

    def source_config(self) -> dict[str, Any]:
        """Reads wheels and dials as one number."""
        boxes = {
            "width": WIDTH,
            "height": HEIGHT,
            "digits": [dial_picture.wheel_box(i) for i in range(dial_picture.WHEELS)],
            "dials": [[*dial_picture.dial_box(i), True] for i in range(dial_picture.DIALS)],
            "decimals": dial_picture.DECIMALS,
        }
        return {
            "type": "camera_meter",
            "name": "water",
            "url": f"{self.url}/snapshot.jpg",
            "every_s": max(60.0, 2 * getattr(self.clock, "speed", 1.0)),
            "quantity": "water",
            "expected_digits": dial_picture.WHEELS + dial_picture.DIALS,
            "decimals": dial_picture.DECIMALS,
            "calibration": boxes,
        }
