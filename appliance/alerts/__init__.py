"""What is worth a message to the owner, judged from plain numbers: no clock, store or hub in here.

Each judge knows what it told last, is given that back after a restart, and tells a change once.
"""

HOUSE = "house"
"""The source of events that are of the whole house."""
