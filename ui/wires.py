"""What meters on a wire, HomeWizard devices, price services and the phases have the owner know.

Holes are as in `ui.sentences`; `{port}` is a serial port or the address of a bridge.
"""

from .text import N_

SERIAL = (
    N_("{port}: {why}"),
    N_("No telegram from {port} in {count} s"),
    N_(
        "{since} and not one byte: has your grid company switched the meter's customer port on, is the cable "
        "pushed home, and does it feed the request line (5 V on pin 2)?"
    ),
    N_(
        "{since} and not one byte: does the reading head sit right on the meter's window, the right way up, "
        "and is its cable pushed home?"
    ),
    N_(
        "{since} and not one byte: has your grid company switched the meter's HAN port on, is the adapter "
        "one for M-Bus, and is its cable pushed home?"
    ),
    N_(
        "{since} and not one byte: does the meter send by itself (if not, set `ask`), and does the reading "
        "head sit right on its window?"
    ),
    N_(
        "{since}, but {damaged} damaged: is the cable sound and pushed home, and is the line {line}? "
        "A ser2net bridge must use raw, not telnet"
    ),
    N_(
        "{since}, though {count} bytes came: try baud 115200 with framing 8N1 (DSMR 4 and 5) or 9600 "
        "with 7E1 (DSMR 2.2 and 3); a cable that does not invert the signal gives such noise too"
    ),
    N_(
        "{since}, though {count} bytes came: try baud 9600 with framing 8N1, and move the reading head "
        "until it sits right on the window"
    ),
    N_(
        "{since}, though {count} bytes came: try baud 2400 with framing 8E1 or 8N1, or in Sweden 115200 "
        "with 8N1"
    ),
    N_(
        "{since}, though {count} bytes came: try baud 9600, 4800 or 2400 with framing 7E1, and move the "
        "reading head until it sits right on the window"
    ),
    N_(
        "{since}, though {count} bytes came (tried {line}): a cable that does not invert the signal gives "
        "such noise; if yours does, please send us a capture of it"
    ),
    N_("{port} was cut off ({what}); is the cable or the bridge still there?"),
    N_("{port} hangs; unplug its cable, wait a moment and plug it in again"),
    N_("{port} does not answer; unplug its cable and plug it in again"),
    N_("the meter does not answer; does the reading head sit right on its window?"),
    N_("the meter broke off; move the reading head until it sits right on its window"),
    N_("the meter did not come to an end"),
    N_("the meter refuses the password; ask the grid company for the right one"),
    N_("the readouts come damaged; move the reading head on the meter's window"),
    N_("The name in {port} is not known on this network; check it or write the address in numbers"),
    N_("Nothing listens at {port}; is the bridge's TCP server on, and the port number right?"),
    N_("{port} cannot be reached; is the bridge on and in this network?"),
    N_(
        "No permission to open {port}; add the appliance's user to the group dialout "
        "(sudo adduser tallywatt dialout) and start it again"
    ),
    N_("{port} is used by another program; stop that first (sudo fuser {same} shows it)"),
    N_("There is no {port}. {found}"),
    N_("No serial port was found at all: plug the P1 cable into a USB port"),
    N_("Found: {ports}. Choose one of them as port"),
    N_("{port} cannot be opened ({what}); check the setting and the cable"),
    N_(
        "The meter encrypts what it sends: ask your grid company for its encryption key and enter it as `key`"
    ),
    N_(
        "The key does not fit this meter: compare it with the 32 digits and letters "
        "your grid company sent you"
    ),
    N_(
        "The authentication key does not fit this meter (the encryption key does): "
        "correct it, or leave it empty"
    ),
    N_("The meter compresses what it sends, which is not understood here; please send us a capture"),
    N_("The meter sent a DLMS message that holds no readings"),
    N_("The values of this message are not named, and its list is not known; please send us a capture"),
    N_("A key of this meter is wrong: it {why}"),
    N_("must be 32 digits and letters from 0 to 9 and A to F, as your grid company sent it"),
)
"""Of P1 ports, reading heads and whatever else comes over a serial line."""
HOMEWIZARD = (
    N_(
        "{where} keeps its measurements to itself: switch on Local API in the HomeWizard app "
        "(Settings > Meters > your meter > Local API)"
    ),
    N_("Press the button on the HomeWizard device at {where} now: it then gives Tallywatt a token"),
    N_("{button}. Or: {why}"),
    N_("{button} ({why})"),
    N_("{where} no longer knows the token: it was revoked, or the device was reset"),
    N_("{why}. Take `token` out and press the button, or give another"),
    N_("{where} gave no token; update its firmware in the HomeWizard app"),
    N_("The device's token cannot be kept: {why}"),
    N_("{path} cannot be written: {why}"),
    N_(
        "{where} shows a certificate that HomeWizard did not sign, so it is not trusted with a token; "
        "is this the address of a HomeWizard device?"
    ),
    N_("The certificate of {where} is of {name}, which is no HomeWizard device"),
    N_(
        "{where} does not answer on HTTPS ({what}); check its address, power and Wi-Fi. "
        "Older firmware has API v1 only"
    ),
    N_("{where} answers, but is no HomeWizard device; is the address right?"),
    N_("{where} does not say its serial number; is it a HomeWizard device?"),
    N_("{where} does not speak API v1 (404): it is no HomeWizard device, or one of v2 alone"),
    N_("{where} sent only a part of its answer; it is asked again. Is its Wi-Fi weak?"),
    N_("{where} has no telegram to give: it is no P1 meter. Set `telegram` to false"),
    N_("{where} has had no telegram of its meter yet; check the cable in the meter's P1 port"),
    N_("{where} sends nothing by itself ({what}); it is asked instead"),
    N_("{where} lets nobody listen; it is asked instead"),
    N_(
        "No HomeWizard device {serial} is heard on this network; is it powered and on the same Wi-Fi? "
        "If your router keeps mDNS apart, give its `host`"
    ),
    N_(
        "At {where} there is now the device {serial}, not {expected}: give `serial` in the place of `host` "
        "to follow that one, or `serial` {same} if this one took its place"
    ),
    N_("The device is on the network, but does not offer API {api}"),
    N_("The HomeWizard device answered something else than a measurement; is it the one?"),
    N_("The HomeWizard device answers, but has measured nothing yet; is it connected to its meter?"),
    N_(
        "The HomeWizard device answers, but its meter has sent nothing since {when}; "
        "check the cable in the meter's P1 port"
    ),
    N_("{count} telegrams in a row came damaged; check the cable in the meter's P1 port"),
    N_("Say with `measures` what the {name} measures: grid, load, solar or battery"),
)
PRICES = (
    N_(
        "{who} has no prices of {day}. It is asked again every quarter of an hour; "
        "where it never has any, check the area"
    ),
    N_(
        "{who} gave {count} of the {all} quarter hours of {day}; the first one missing is {first}. "
        "The rest is asked for again"
    ),
    N_("{why}. The stand-in: {also}"),
    N_("{other} stood in for {who} with prices of {day}{why}"),
    N_("{who} was asked for {day} and answers with {got}; it is asked again later"),
    N_(
        "{who} tells its prices in {currency}, and this site's money is {money}: choose another service, "
        "or change site.currency"
    ),
    N_(
        "{who} tells its prices in EUR and no exchange rate is known, so they cannot be kept: {why}. "
        "Give `per_eur`, or wait"
    ),
    N_(
        "{who} tells its prices in EUR, and the European Central Bank has no rate for {money}: give `per_eur`"
    ),
    N_("Prices are converted at {count} {money} for a euro, the European Central Bank's rate of {day}"),
    N_("The European Central Bank answers, but not with exchange rates; give `per_eur`"),
    N_("{who} answers, but not with prices ({what}); is it the right address, or did it change?"),
    N_("{who} has two prices for {time}; it is asked again later"),
    N_("{who} has a price from {time}, which is no full quarter hour"),
    N_("{who} has a price from {time} that is not for a quarter, half or full hour"),
    N_("{who} says {count} {money} per kWh for {time}, which cannot be"),
    N_("{who} did not answer XML ({what}); is the address right?"),
    N_("{who} answers XML with definitions of its own, which is not read"),
    N_("{who} refuses the token; give a valid one from developer.tibber.com"),
    N_("{who}: the platform refuses the token ({count}); give a valid one"),
)
PHASES = (
    N_("The main fuse of {count} A has headroom again"),
    N_(
        "L{count} carried {amps} A over {span}, the main fuse is {fuse} A: switch something off on that phase"
    ),
    N_("a minute"),
    N_("a quarter of an hour"),
    N_("The phases are {count} A apart again"),
    N_(
        "The phases were {count} A apart over a quarter of an hour: "
        "moving a load to another phase leaves more headroom"
    ),
)
MODBUS = (
    N_("{function} register {count}"),
    N_("{function} registers {count} to {last}"),
    N_(
        "No answer from unit {unit} at {where} within {count} s: check the unit number shown in the meter's "
        "menu and that the gateway has a meter at its end"
    ),
    N_(
        "No answer from unit {unit} at {where} within {count} s: check unit number, baud and framing in the "
        "meter's menu, and that A and B are not swapped"
    ),
    N_("Unit {other} answered at {where} where unit {unit} was asked: set its unit right"),
    N_(
        "What came from {where} is damaged ({count} bytes without a right checksum): two meters with one "
        "unit number, a wrong baud or framing, or a long cable without 120 ohms at its ends"
    ),
    N_(
        "Unit {unit} at {where} has no {what} ({names}): check model, or the register in the meter's manual "
        "(many count from 1, or write 30001 for input register 0 and 40001 for holding register 0)"
    ),
    N_("Unit {unit} at {where} does not let {what} registers be read: set function to {other}"),
    N_(
        "The gateway at {where} is there, but unit {unit} behind it does not answer: check the unit number "
        "and the cable between gateway and meter"
    ),
    N_("Unit {unit} at {where} cannot answer now (Modbus exception {count}); it is asked again later"),
    N_(
        "Unit {unit} sent {count} registers where {wanted} were asked for; is another program asking on the "
        "same bus?"
    ),
    N_(
        "Two meters on {where} have different settings: give all of them the same baud, framing and timeout_s"
    ),
    N_("The connection to {where} broke; it is made again. If that goes on: who else uses it?"),
    N_(
        "The meter answers, but has measured nothing: is the mains connected to its terminals, and is this "
        "its model?"
    ),
    N_("The meter marks {what} (register {count}) as not measured"),
)
PULSES = (
    N_(
        "No GPIO pins can be used here: pulses are counted on a Raspberry Pi, with lgpio installed "
        "(sudo apt install python3-lgpio, or pip install 'tallywatt[s0]')"
    ),
    N_(
        "GPIO {count} cannot be used ({what}): choose a free pin by its BCM number, and see that the "
        "appliance's user is in the group gpio (sudo adduser tallywatt gpio)"
    ),
    N_(
        "Pulses were not counted for {span}, while the appliance was off; the register goes on from {value} "
        "{unit}. If the meter shows more, set it right on the Meter page"
    ),
    N_("about {count} min"),
    N_("an unknown time"),
    N_("{path} cannot be written ({why}): free some space or check the card, or a power cut may cost pulses"),
)
WIRES = (*SERIAL, *HOMEWIZARD, *PRICES, *PHASES, *MODBUS, *PULSES)
