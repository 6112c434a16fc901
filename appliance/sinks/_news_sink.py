"""What every sink that writes to people shows and lets try."""

from appliance.model import Event
from appliance.sinks._news import News
from appliance.sinks._news_chart import Charts
from appliance.sinks._news_people import Person
from appliance.sinks._news_text import Message
from appliance.sinks.base import Delivery, Recipient

TEST = "This is a test: messages from here arrive"


class NewsSink:
    """A sink around its `News`."""

    _news: News
    _charts: Charts | None

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

    async def _picture(self, person: Person, message: Message) -> bytes | None:
        """The chart that goes with a message. Each other try after a failure goes without: a slow line may
        carry the text alone."""
        box = self._news.boxes.get(person.key)
        if self._charts is None or (box is not None and box.backoff.failures % 2):
            return None
        return await self._charts.of(message.summary)
