"""A pypowerwall proxy (port 8675) that runs already, asked over HTTP.

Routes: proxy of pypowerwall 0.22.2. /aggregates, /soe (raw scale), /api/... as a gateway; /vitals, /strings,
/temps, /alerts as the library. Its /json is not asked: what it does not know is 0 there.
"""

from typing import Any

from appliance import http
from appliance.errors import SourceError
from appliance.sources._powerwall_data import block

PORT = 8675
DETAILS = {
    "operation": "/api/operation",
    "system_status": "/pw/system_status",
    "vitals": "/vitals",
    "strings": "/strings",
    "temps": "/temps",
    "alerts": "/alerts",
}
POD = "/pod"
"""Older proxies tell nominal_full_pack_energy and nominal_energy_remaining of the whole here alone."""
SOE, GRID = "/soe", "/api/system_status/grid_status"


class Proxy:
    """As `Library`, without pypowerwall."""

    def __init__(self, host: str, timeout_s: float) -> None:
        self._base = f"http://{host if ':' in host else f'{host}:{PORT}'}"
        self._timeout_s = timeout_s
        self._http = http.session()
        self.missing: dict[str, str] = {}

    def quick(self) -> dict[str, Any]:
        """Powers, charge, grid. Raises SourceError without powers."""
        powers = self._get("/aggregates")
        if not isinstance(powers, dict) or not powers:
            raise SourceError(
                f"The proxy at {self._base} hears nothing from its gateway; look at {self._base}/health"
            )
        self.missing = {}
        return {"aggregates": powers, "soe": self._try(SOE), "grid_status": self._try(GRID)}

    def details(self) -> dict[str, Any]:
        """What changes slowly; what the proxy does not know is left out."""
        found = {name: self._try(path, told=False) for name, path in DETAILS.items()}
        if "nominal_full_pack_energy" not in block(found["system_status"]):
            found["system_status"] = self._try(POD, told=False)
        return found

    def close(self) -> None:
        """Let the connection go."""
        self._http.close()

    def _get(self, path: str) -> Any:
        return http.get_json(self._http, self._base + path, self._timeout_s)

    def _try(self, path: str, told: bool = True) -> Any:
        try:
            answer = self._get(path)
        except SourceError as error:
            if told:
                self.missing[path] = str(error)
            return None
        if answer is None and told:
            self.missing[path] = f"The proxy at {self._base} does not know it"
        return answer
