"""Gray releases: calls as the gateway makes them, and metrics that say what they are told."""

from typing import Any

from enghub.settings.releases.model import GrayRelease, Measurement
from tests.factories.http import Context, a_principal, a_request
from tests.factories.settings import handler

BASE = "/api/v1/gray-release"
KEEPER = a_principal("release:read", "release:change", "release:change:global", user="keeper")
DOCUMENTED = {
    "releaseName": "新功能灰度发布",
    "featureKey": "new_feature_v2",
    "strategyType": "PERCENTAGE",
    "strategyConfig": {"targetPercentage": 10, "incrementStep": 5, "incrementInterval": 3600},
    "autoRollback": True,
    "rollbackCondition": {"errorRate": 0.05, "responseTime": 5000},
}


class Told:
    """Metrics that say what the test tells them."""

    def __init__(self, says: Measurement) -> None:
        self.says = says
        self.asked: list[tuple[str, str]] = []

    def measure(self, _: GrayRelease, variants: tuple[str, str], __: int) -> Measurement:
        self.asked.append(variants)
        return self.says


def send(method: str, path: str = "", body: Any = None, **options: Any) -> dict[str, Any]:
    """Send one request; ``path`` is below /api/v1/gray-release."""
    function = "read_releases" if method == "GET" else "change_releases"
    query, caller = options.pop("query", None), options.pop("caller", KEEPER)
    event = a_request(method, BASE + path, body, caller=caller, query=query, **options)
    found: dict[str, Any] = handler(function)(event, Context())
    return found
