"""What the source of prepaid meters tells its owner, for `ui.sentences`."""

from .text import N_

EVENTS = (
    N_("Recharged with {sum}"),
    N_("Recharged with {sum}; the balance is {balance}"),
    N_("Deducted: {sum}"),
    N_("Deducted: {sum}; the balance is {balance}"),
    N_("Power cut: on the generator since {time}"),
    N_("Power cut: on the generator; {watched}"),
    N_("The grid is back after {lasted} on the generator"),
    N_("The grid is back after {lasted} on the generator; {watched}"),
    N_("The grid is back after {lasted} on the generator: {facts}"),
    N_("The grid is back after {lasted} on the generator: {facts}; {watched}"),
    N_("{kwh}, {kw} on average"),
    N_("{kwh}, {kw} on average, {sum}"),
    N_("it was not watched before {time}"),
    N_("it was not watched from {since} to {until}"),
)
PORTAL = (
    N_("The portal's list of recharges is not there"),
    N_("The portal's live values are not there; is this meter's sign-in right?"),
    N_("The portal's live values have no usable UpdatedOn; it will be asked again"),
    N_("The portal's live values have no usable {what}; it will be asked again"),
    N_("The portal's numbers of today and this month are not there"),
    N_("The portal does not answer {what}: {why}"),
    N_("The portal does not say which meter is yours; set `meter_id`"),
    N_("The portal does not sign us in: {why}; check user name, password, key and IV"),
    N_("The portal refuses our token ({why}) for {what}"),
    N_("The portal refuses user name and password ({why}); check them"),
    N_("The portal signed us in without a token; it will be asked again"),
    N_("{where} did not answer as an ELNET server does; is the address right?"),
    N_("{what}; if that stays, capture token and InputType anew"),
    N_("{what}; it has run out: capture token and InputType anew"),
    N_(
        "The registers do not go on from what was read before: import {before}, now {count}; "
        "generator {generator}, now {value} kWh. If the meter was exchanged, say so on the Meter page"
    ),
    N_("The meter's registers do not go on from what was read before; it will be asked again"),
    N_("The clock is not set yet; the portal is asked once it is (network time, or a battery)"),
    N_("The portal has told nothing new since {clock} ({span} ago); it is asked on"),
    N_(
        "The portal tells what was {span} ago: its clock is behind, or it is late; its values are "
        "left out until that is over"
    ),
    N_("The portal tells zero for everything: it has lost its meter; it will be asked again"),
    N_("The portal's clock is {span} ahead; its values are left out until that is over"),
    N_("An ELNET meter counts in rupees, and this site's money is {money}: set site.currency to {currency}"),
)
PREPAID = (*EVENTS, *PORTAL)
