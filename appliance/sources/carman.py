"""CARMA under the name that its Home Assistant integration gave it: see carma.py."""

from typing import Literal

from appliance.sources._carma_options import CarmaOptions
from appliance.sources.carma import Source

__all__ = ["Options", "Source"]


class Options(CarmaOptions):
    """The same as `carma`, under the name that others gave it."""

    type: Literal["carman"] = "carman"
