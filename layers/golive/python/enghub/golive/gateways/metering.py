"""Measures versions and services by the queries that people wrote (OPS-08, OPS-18)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from enghub.core import log
from enghub.golive.traffic.model import Measured, Watch
from enghub.kit.metrics.prometheus import number
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused

PROBLEMS = (OutboundFailed, OutboundRefused, ValueError)


@dataclass(frozen=True, slots=True)
class Metering:
    """See ``ramps.repository.Meter``."""

    outbound: Outbound

    def measure(self, watch: Watch) -> Measured:
        """Ask every query once; one that cannot be read says nothing of the others, which may be a breach."""
        asked = {"requests": watch.requests, "errors": watch.errors, "latency": watch.latency}
        asked |= {one.criterion.measure: one.query for one in watch.customs}
        found: dict[str, Decimal | None] = {}
        failures: list[str] = []
        for name, query in asked.items():
            if not query:
                continue
            try:
                found[name] = self.ask(watch.url, query, watch.seconds)
            except PROBLEMS as error:
                log.info("metrics of a ramp cannot be read", measure=name, reason=str(error)[:300])
                failures.append(f"{name}: {error}")
        return _measured(found, "; ".join(failures)[:500])

    def ask(self, url: str, query: str, seconds: int) -> Decimal | None:
        """Return the number of a query over the last ``seconds``.

        Raises:
            OutboundRefused, OutboundFailed, NoNumber
        """
        return number(self.outbound, url, query.replace("$window", f"{seconds}s"))

    def health(self, url: str) -> str:
        """Return what is wrong with an address, empty when it answers below 400."""
        try:
            answer = self.outbound.request("GET", url)
        except PROBLEMS as error:
            return f"the old version does not answer: {error}"
        return "" if answer.status < 400 else f"the old version answers {answer.status}"


def _measured(found: Mapping[str, Decimal | None], failure: str) -> Measured:
    customs = {name: value for name, value in found.items() if name not in {"requests", "errors", "latency"}}
    return Measured(found.get("requests"), found.get("errors"), found.get("latency"), customs, failure)
