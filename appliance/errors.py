"""Two ways in which the outside world fails, and one in which the owner's words do."""


class TallywattError(Exception):
    """Base of all errors whose text is meant for a person: what is wrong and what to do."""


class SourceError(TallywattError):
    """The other side cannot be reached or talks nonsense; trying again may help."""


class AuthError(SourceError):
    """The other side refuses us (password, token, key); a person has to act.

    `again_s` is when it is worth trying again, where that is sooner than usual.
    """

    again_s: float | None = None


class ConfigError(TallywattError):
    """The configuration cannot be used; the text names place and mistake."""


class StoreError(TallywattError):
    """The store cannot do what was asked (disk full, read-only, corrupt)."""
