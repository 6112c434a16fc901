"""Why no telegram came from a meter, and what its owner can look at: another thing for each kind of port."""

from collections.abc import Sequence

from appliance.sources._serial_port import Setting

_NOT_A_BYTE = {
    "dsmr": "{since} and not one byte: has your grid company switched the meter's customer port on, is the "
    "cable pushed home, and does it feed the request line (5 V on pin 2)?",
    "sml": "{since} and not one byte: does the reading head sit right on the meter's window, the right way "
    "up, and is its cable pushed home?",
    "han": "{since} and not one byte: has your grid company switched the meter's HAN port on, is the adapter "
    "one for M-Bus, and is its cable pushed home?",
    "iec62056": "{since} and not one byte: does the meter send by itself (if not, set `ask`), and does the "
    "reading head sit right on its window?",
}
_NOISE = {
    "dsmr": "{since}, though {seen} bytes came: try baud 115200 with framing 8N1 (DSMR 4 and 5) or 9600 with "
    "7E1 (DSMR 2.2 and 3); a cable that does not invert the signal gives such noise too",
    "sml": "{since}, though {seen} bytes came: try baud 9600 with framing 8N1, and move the reading head "
    "until it sits right on the window",
    "han": "{since}, though {seen} bytes came: try baud 2400 with framing 8E1 or 8N1, or in Sweden 115200 "
    "with 8N1",
    "iec62056": "{since}, though {seen} bytes came: try baud 9600, 4800 or 2400 with framing 7E1, and move "
    "the reading head until it sits right on the window",
}


def why_silent(
    since: str, protocol: str, tried: Sequence[Setting], fixed: bool, seen: int, damaged: int
) -> str:
    """`since` ("No telegram from ... in ... s") and why, judged by the bytes and the damaged telegrams that
    came. `fixed`: the owner has said how the line is set. What is not known yet is taken for a P1 port."""
    line = ", ".join(map(str, tried))
    protocol = "dsmr" if protocol == "auto" else protocol
    if damaged:
        return (
            f"{since}, but {damaged} damaged: is the cable sound and pushed home, and is the line {line}? "
            "A ser2net bridge must use raw, not telnet"
        )
    if seen and fixed:
        return _NOISE[protocol].format(since=since, seen=seen)
    if seen:
        return (
            f"{since}, though {seen} bytes came (tried {line}): a cable that does not invert the signal "
            "gives such noise; if yours does, please send us a capture of it"
        )
    return _NOT_A_BYTE[protocol].format(since=since)
