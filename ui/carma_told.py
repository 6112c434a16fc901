"""What the source of CARMA portals tells its owner, for `ui.sentences`."""

from .text import N_

PAGES = (
    N_("The page to sign in"),
    N_("The answer to signing in"),
    N_("The page after sign-in"),
    N_("The answer to choosing a meter"),
    N_("The page of a month"),
)
"""What may stand in a hole `{page}`."""
MISSING = (
    N_("has no input '{what}'"),
    N_("has no chart: '{what}' was not found"),
    N_("has no chart of meter {name}"),
    N_("has a chart that cannot be read: {why}"),
    N_("has a chart without options: no object follows '{what}'"),
    N_("has a chart without the series '{what}'"),
    N_("has a chart without xAxis.categories"),
    N_("has a chart without yAxis.title.text: its unit is not known"),
    N_("has a chart whose title.text does not say the month ({what})"),
    N_("has a chart whose xAxis.categories are no days ({what})"),
    N_("has a chart whose {what} is no date of the calendar ({day} {month} {year})"),
    N_("has a chart of {month} whose xAxis.categories are of another month"),
    N_("has a chart of {count} values but {days} xAxis.categories"),
    N_("has several charts without saying which meter one is of (chart.renderTo)"),
    N_("is no update of a page: it begins with {what}"),
    N_("leads neither to {address} nor has it '{what}'"),
)
CARMA = (
    *PAGES,
    *MISSING,
    N_(
        "{page} {wrong}: has the portal changed? The page was kept as {path}, without names, numbers and "
        "keys: send it with a bug report"
    ),
    N_("{page} {wrong}. It could not be kept for a bug report: {why}"),
    N_("{where} has a fault of its own ({what})"),
    N_("{why}; so it went {count} times in a row"),
    N_("{name} is being fetched already: let it finish"),
    N_("{name} is being fetched already, by the appliance or on another terminal: let it finish"),
    N_("The portal at {where}"),
    N_("The portal points to {where}: is that its new address (`url`)?"),
    N_("The portal sends us from page to page without end; try later"),
    N_("The portal does not get to {month}: its buttons lead elsewhere"),
    N_(
        "The portal does not take this user name and password: username is your service address or meter "
        "number, password your account number, as on your bill"
    ),
    N_("The portal has a fault of its own ({what})"),
    N_("The portal has signed us out"),
    N_("The portal no longer shows {month}, which it did just now"),
    N_("The portal signs us out as soon as we have signed in; try later"),
    N_("The portal was not entered yet"),
    N_(
        "{path} may not be written by this user: run the command as the appliance's user "
        "(sudo -u tallywatt), whom the data folder must belong to"
    ),
    N_("{path} cannot be written: {why}"),
)
