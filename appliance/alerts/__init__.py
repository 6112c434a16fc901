"""What is worth a message to the owner, judged from plain numbers: no clock, store or hub in here.

Each judge knows what it told last, is given that back after a restart, and tells a change once.
"""

from datetime import date

HOUSE = "house"
"""The source of events that are of the whole house."""


def told_for(told_on: date | None, today: date) -> bool:
    """Whether what was told on a day stands for `today` too. A clock may be set back over midnight; a day
    further ahead was that of a wrong clock, and must not silence anything until it comes."""
    return told_on is not None and 0 <= (told_on - today).days <= 1
