"""Metrics of gray releases from anything that answers Prometheus' HTTP API (``GET /api/v1/query``)."""

from enghub.kit.metrics.prometheus import number
from enghub.kit.outbound.calls import Outbound
from enghub.settings.releases.metrics import MetricsConfig
from enghub.settings.releases.model import Group, Measurement


def measured(outbound: Outbound, config: MetricsConfig, variants: tuple[str, str], seconds: int) -> Measurement:
    """Return both groups; a query each for requests, errors and response time.

    Raises:
        OutboundRefused, OutboundFailed: the address may not be called, or does not answer.
        NoNumber, ValueError: it answers something else.
    """
    treatment, control = (_group(outbound, config, variant, seconds) for variant in variants)
    return Measurement(treatment, control)


def _group(outbound: Outbound, config: MetricsConfig, variant: str, seconds: int) -> Group:
    def ask(query: str) -> float | None:
        return _number(outbound, config.url, query.replace("$variant", variant).replace("$window", f"{seconds}s"))

    return Group(
        requests=round(ask(config.requests) or 0),
        errors=round(ask(config.errors) or 0),
        response_time=ask(config.response_time) if config.response_time else None,
    )


def _number(outbound: Outbound, url: str, query: str) -> float | None:
    found = number(outbound, url, query)
    return None if found is None else float(found)
