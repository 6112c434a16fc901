"""What the watches tell their owner, and what the sinks that write to people say, for `ui.sentences`."""

from .text import N_

WATCHES = (
    N_("The balance is spent: {sum}; recharge it now"),
    N_("The balance is low: {sum}"),
    N_("The balance is low: {sum}, enough for {count} days at present use"),
    N_("The battery is low: {count} %"),
    N_("The battery is no longer low: {count} %"),
    N_("The house has drawn {kw} for {lasted}"),
    N_("High use is over: {kw} over {lasted}"),
    N_("{kwh} were used today, more than {count} kWh"),
    N_("Tomorrow is dear from {clock} to {later}: up to {rate}"),
    N_("Cheapest from {clock} to {later}: {rate}"),
    N_("The price is below 0 from {clock} to {later}"),
    N_("No readings for {lasted}: {why}"),
    N_("check its power, cable and network"),
    N_("Readings come again"),
    N_("Readings come again after {lasted}"),
    N_("The meter has not been read for {lasted}: {why}"),
    N_("The meter has not been read for {lasted}: {count} readings were refused, {why}"),
    N_("look at its picture on the Meter page"),
    N_("The meter is read again"),
    N_("{first} (and {count} more: see the Health page)"),
)
"""What `appliance.alerts` judges."""
SENDING = (
    N_("A message to {name} was refused and is not sent again: {why}"),
    N_("Unexpected fault: {why}; the log says more"),
    N_("Nobody is written to yet"),
    N_("Nobody wants messages of this topic"),
    N_("There is nobody to write to: name someone in config.json"),
    N_("Sent to {names}"),
    N_("Writes to {names}"),
    N_("{name}: {why}. Messages that wait: {count}"),
    N_("{name} is there twice: give each address a name of its own"),
    N_("{what} did not take the message{why}; check the address and the network"),
    N_("{name} wrote to the bot; it writes back once the chat {count} is in config.json"),
    N_("This is a test: messages from here arrive"),
    N_("This is a test: it did not happen"),
)
"""How a message fared."""
TELEGRAM = (
    N_(
        "A webhook is set for this bot, so what is written to it goes elsewhere: give Tallywatt a bot of its "
        "own, or remove the webhook. Messages are still sent"
    ),
    N_(
        "Another program fetches what is written to this bot: give Tallywatt a bot of its own. "
        "Messages are still sent"
    ),
    N_("Telegram cannot read the markup ({why})"),
    N_("Telegram does not know this bot's token: copy it anew from @BotFather"),
    N_("Telegram does not let the bot write there ({why})"),
    N_("Telegram has a fault of its own ({why}); it will be asked again later"),
    N_("Telegram knows no such chat of this bot: write /start to it there, and check the id"),
    N_("Telegram wants no more messages for {count} s"),
    N_("Telegram will not take it ({why})"),
    N_("Telegram's address did not answer as Telegram does ({why}): check url and network"),
    N_("Telegram did not say which bot this is; it will be asked again later"),
    N_("The group has a new id"),
)
TITLES = (
    N_("The day"),
    N_("Balance"),
    N_("Recharge"),
    N_("Generator"),
    N_("Battery"),
    N_("Power cut"),
    N_("High use"),
    N_("Phases"),
    N_("Prices tomorrow"),
    N_("Meter"),
    N_("No readings"),
    N_("The appliance"),
    N_("News"),
    N_("News of the quiet hours"),
    N_("News that could not be sent"),
    N_("{count} times since {time}"),
    N_("and {count} more"),
)
"""Above and below a message."""
ANSWERS = (
    N_("Asked while the appliance could not hear: {count}. Please ask again"),
    N_("For how long? Write /mute 2h, /mute 30m, /mute 1d or /mute off"),
    N_("Messages come again"),
    N_("Only what is urgent until {time}. /mute off ends it"),
    N_("Only what is urgent until {time}; the rest is summed up then"),
    N_("That could not be worked out; the log says why"),
    N_("This appliance cannot answer that"),
    N_("Power and energy now"),
    N_("Used and paid today"),
    N_("Used and paid this month"),
    N_("What is left of a prepaid balance"),
    N_("What a kWh costs"),
    N_("Only urgent messages for a while: /mute 2h, 30m, 1d, off"),
    N_("What can be asked"),
)
"""What the bot says to who writes to it."""
NEWS = (*WATCHES, *SENDING, *TELEGRAM, *TITLES, *ANSWERS)
