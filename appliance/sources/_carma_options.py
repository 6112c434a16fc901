"""What the owner says of a CARMA account."""

from pydantic import AnyHttpUrl, Field, SecretStr

from appliance.sources._carma_link import BASE, Account
from appliance.sources.base import SourceOptions


class CarmaOptions(SourceOptions):
    """Days of each meter from CARMA's customer portal, once a day."""

    username: str = Field(min_length=1, max_length=200)
    """What you sign in with: your service address, or the number of your meter."""
    password: SecretStr = Field(min_length=1)
    """Your account number."""
    url: AnyHttpUrl = AnyHttpUrl(BASE)
    """Address of the portal. It speaks plain HTTP: who listens on the way can read your account number."""
    update_hour: int = Field(default=5, ge=0, le=23)
    """From which hour on, by your site's clock, it is asked each day."""
    first_months: int = Field(default=12, ge=1, le=240)
    """How many months are fetched at first; `tallywatt carma fetch` gets more."""
    meters: list[str] = Field(default=[], max_length=20)
    """Names of your meters in the order of the portal's tabs, in place of the portal's own."""
    timeout_s: float = Field(default=90, gt=0, le=600)
    """Seconds to wait for an answer; the portal is slow."""

    @property
    def account(self) -> Account:
        """Whom the portal is asked as."""
        return Account(self.username, self.password.get_secret_value(), str(self.url), self.timeout_s)
