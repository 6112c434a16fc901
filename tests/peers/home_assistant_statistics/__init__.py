"""For tests: an action that has the recorder compile its 5-minute statistics at once.

It runs inside Home Assistant and puts into the recorder's queue what that puts there every 5 minutes.
"""

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.tasks import StatisticsTask
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    async def compile_now(_: ServiceCall) -> None:
        now = dt.utcnow()
        start = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0)
        recorder = get_instance(hass)
        recorder.queue_task(StatisticsTask(start, fire_events=True))
        await recorder.async_block_till_done()

    hass.services.async_register("statistics_now", "compile", compile_now)
    return True
