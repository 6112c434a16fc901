"""Sessions of ASP.NET Web Forms: who is signed in, and the state of the page that was sent last."""

import secrets
from dataclasses import dataclass, field
from datetime import date

STALE_VIEW = "Validation of viewstate MAC failed."
BAD_EVENT = "Invalid postback or callback argument."

Form = dict[str, str]


class AspError(Exception):
    """What ASP.NET answers with status 500."""


@dataclass
class Session:
    """One browser; `view` is the state of the page sent last, which is the only one taken back."""

    seen_at: int
    month: date
    signed_in: bool = False
    tab: int = 0
    view: Form = field(default_factory=dict)


def new_view(generator: str) -> Form:
    """Fresh state fields of a page."""
    return {
        "__VIEWSTATE": "/wEPDwUK" + secrets.token_urlsafe(24) + "==",
        "__VIEWSTATEGENERATOR": generator,
        "__EVENTVALIDATION": "/wEdAAk" + secrets.token_urlsafe(18) + "==",
    }


def check_view(session: Session, form: Form) -> None:
    """Raises AspError unless the form is that of the page sent last."""
    if form.get("__VIEWSTATE") != session.view.get("__VIEWSTATE"):
        raise AspError(STALE_VIEW)
    if any(form.get(name) != value for name, value in session.view.items()):
        raise AspError(BAD_EVENT)
