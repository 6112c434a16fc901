"""What every sink that writes to people shows and lets try."""

from appliance.model import Event
from appliance.sinks._news import News
from appliance.sinks._news_text import Message
from appliance.sinks.base import Delivery, Recipient

TEST = "This is a test: messages from here arrive"


class NewsSink:
    """A sink around its `News`."""

    _news: News

    @property
    def delivery(self) -> Delivery:
        """How far it is: messages, not readings."""
        return self._news.delivery

    @property
    def recipients(self) -> list[Recipient]:
        """Whom it writes to."""
        return self._news.recipients()

    async def test(self) -> str:
        """Send a short message to everybody; who got it. Raises SourceError where nobody did."""
        place = self._news.place()
        return await self._news.send(self._news.people, Message(place.site, (place.say(TEST),)))

    async def send_example(self, event: Event) -> str:
        """Send the event at once to everybody who wants its topic, marked as a test. Raises SourceError."""
        return await self._news.send_example(event)
