"""A network camera in front of the virtual meter: GET /snapshot.jpg, as ESP32-CAM and IP cameras answer."""

import itertools
from typing import Any

import cv2

from appliance.demo.house import House, HouseClock
from appliance.demo.http_device import Answer, HttpDevice, Request, json_answer
from appliance.demo.meter_picture import render
from appliance.demo.photograph import View

JPEG_QUALITY = 88


class MeterCamera(HttpDevice):
    """Photographs the house's import register at the instant it is asked."""

    def __init__(
        self, house: House, clock: HouseClock, *, port: int = 0, width: int = 1280, height: int = 720
    ) -> None:
        super().__init__(port)
        self.house, self.clock = house, clock
        self.width, self.height = width, height
        self.view = View()
        self._shots = itertools.count()

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("GET", "/snapshot.jpg"):
            return json_answer({"error": "only GET /snapshot.jpg"}, 404)
        kwh = self.house.state_at(self.clock.now()).import_kwh
        picture = render(kwh, width=self.width, height=self.height, seed=next(self._shots), **vars(self.view))
        done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        assert done, "a picture of 8-bit colours can be encoded"
        return Answer(data.tobytes(), content_type="image/jpeg")

    def source_config(self) -> dict[str, Any]:
        """The entry of config.json's `sources` that reads this camera."""
        return {
            "type": "camera_meter",
            "name": "meter",
            "url": f"{self.url}/snapshot.jpg",
            # However fast the house's time runs, one picture in two real seconds is enough.
            "every_s": max(60.0, 2 * getattr(self.clock, "speed", 1.0)),
            "expected_digits": 7,
            "decimals": 1,
        }
