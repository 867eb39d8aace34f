"""Asks what a probe names: HTTP, TCP, SQL, certificates, a metric, the age of a backup (OPS-02)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from enghub.core.clock import Clock
from enghub.core.lazy import lazy
from enghub.golive.probes.model import Outcome, Probe, ProbeKind, Reading, age_reading, failed
from enghub.kit.outbound.calls import Answer, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused

if TYPE_CHECKING:
    from enghub.golive.gateways import certificates, databases
else:  # the TLS and database libraries, for the probes that need them
    certificates = lazy("enghub.golive.gateways.certificates")
    databases = lazy("enghub.golive.gateways.databases")

TCP_SECONDS = 5.0
SQL_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Probes:
    """Runs probes. ``secret`` reads what is stored of a tenant's database."""

    outbound: Outbound
    secret: Callable[[str, str], Mapping[str, Any]]
    clock: Clock

    def read(self, tenant_id: str, probe: Probe) -> Reading:
        """Return what a probe measured; an address that does not answer is a reading, too."""
        try:
            return self._asked(tenant_id, probe)
        except (OutboundRefused, OutboundFailed, ValueError) as error:
            return failed(f"{type(error).__name__}: {error}")

    def _asked(self, tenant_id: str, probe: Probe) -> Reading:
        asks: Mapping[ProbeKind, Callable[[], Reading]] = {
            ProbeKind.HTTP: lambda: _http(self.outbound.request("GET", probe.url)),
            ProbeKind.TCP: lambda: _tcp(self.outbound.reaches(probe.host, probe.port, TCP_SECONDS)),
            ProbeKind.CERTIFICATE: lambda: certificates.read_certificates(self.outbound, probe.url, self.clock),
            ProbeKind.METRIC: lambda: _metric(probe, self.outbound.request("GET", _query(probe))),
            ProbeKind.BACKUP_AGE: lambda: self._backup(tenant_id, probe),
            ProbeKind.SQL: lambda: _measured(self._row(tenant_id, probe)),
        }
        return asks[probe.kind]()

    def _row(self, tenant_id: str, probe: Probe) -> Mapping[str, Any]:
        return databases.first_row(self.secret(tenant_id, probe.database), probe.query, SQL_SECONDS)

    def _backup(self, tenant_id: str, probe: Probe) -> Reading:
        if probe.database:
            row = self._row(tenant_id, probe)
            made = next(iter(row.values()), None)
            if not isinstance(made, datetime):
                return failed("the query's first column is no time")
            return age_reading(made if made.tzinfo else made.replace(tzinfo=UTC), self.clock(), {})
        answer = self.outbound.request("HEAD", probe.url)
        modified = answer.headers.get("last-modified", "")
        if answer.status != 200 or not modified:
            return failed(f"it answers {answer.status} with Last-Modified {modified or '(none)'}")
        return age_reading(
            parsedate_to_datetime(modified), self.clock(), {"size": answer.headers.get("content-length", "")}
        )


def _query(probe: Probe) -> str:
    return f"{probe.url}?query={quote(probe.query, safe='')}"


def _tcp(is_reached: bool) -> Reading:
    return Reading(Outcome.READ, {"reachable": Decimal(int(is_reached))})


def _http(answer: Answer) -> Reading:
    measures = {"status": Decimal(answer.status), "milliseconds": Decimal(answer.milliseconds)}
    return Reading(Outcome.READ, measures, {"body": answer.text[:300]})


def _metric(probe: Probe, answer: Answer) -> Reading:
    """Read an instant query of a Prometheus server: one series, one finite value; anything else is no measure."""
    if answer.status != 200:
        return failed(f"it answers {answer.status}")
    found = json.loads(answer.body)
    series: Any = found["data"]["result"] if isinstance(found, dict) and isinstance(found.get("data"), dict) else ()
    if len(series) != 1:
        return failed(f"the query finds {len(series)} series, not one")
    value = _decimal(series[0]["value"][1])
    if value is None:
        return failed(f"the query finds {series[0]['value'][1]}")
    return Reading(Outcome.READ, {probe.measure: value}, {"query": probe.query[:300]})


def _measured(row: Mapping[str, Any]) -> Reading:
    values = {name: _decimal(value) for name, value in row.items()}
    measures = {name: value for name, value in values.items() if value is not None}
    if not measures:
        return failed("the query's first row has no number")
    return Reading(Outcome.READ, measures, {name: str(row[name])[:100] for name in row if name not in measures})


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return Decimal(int(value))
    try:
        found = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return found if found.is_finite() else None
