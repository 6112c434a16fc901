"""When to send next, so that thousands of appliances never call at once. Pure; seconds.

Full jitter: aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter.
"""

import hashlib
import random

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0
REFUSED_WAIT_S = 900.0
"""Where only a person can help."""
CROWD_S = 60.0
"""A receiver that says it is busy has a crowd before it: come back spread over at least so long."""


def offset_s(appliance_id: str, spread_s: float) -> float:
    """An appliance's own place within `spread_s`, the same at every start."""
    digest = hashlib.sha256(appliance_id.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 * spread_s


class Backoff:
    """Counts failures in a row and says how long to wait."""

    def __init__(self, dice: random.Random | None = None) -> None:
        self.failures = 0
        self._dice = dice or random.Random()  # noqa: S311 - spreads retries, guards no secret

    def refused_s(self) -> float:
        """The wait after a refusal that only a person can lift."""
        return REFUSED_WAIT_S * self._dice.uniform(0.8, 1.2)

    def failed_s(self, wished_s: float | None) -> float:
        """The wait after one more failure; `wished_s` is the receiver's Retry-After, which comes first."""
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self.failures, 20))
        self.failures += 1
        if wished_s is None:
            return self._dice.uniform(0, longest)
        return wished_s + self._dice.uniform(0, max(longest, CROWD_S))
