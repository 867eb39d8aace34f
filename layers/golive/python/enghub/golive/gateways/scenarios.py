"""Runs HTTP scenarios: every call through the one way out, credentials bound to their hosts (OPS-05, OPS-07)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core.errors import NotFound
from enghub.golive.smoke.model import Report, Said, Scenario, Step, StepResult, run
from enghub.kit.outbound.calls import Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused

LIMITS = Limits(seconds=60.0, body_bytes=262_144)


@dataclass(frozen=True, slots=True)
class Scenarios:
    """Runs scenarios of a tenant. ``secret`` reads ``{"headers": {"erp.example.com": {"Authorization": "..."}}}``."""

    outbound: Outbound
    secret: Callable[[str, str], Mapping[str, Any]]

    def run(self, tenant_id: str, scenario: Scenario, values: Mapping[str, str]) -> Report:
        """Send every call once, with the key by which its receiver recognises a repeat."""
        try:
            bound = self.secret(tenant_id, scenario.secret).get("headers", {}) if scenario.secret else {}
        except NotFound as error:
            return Report((StepResult(scenario.secret, 0, 0, error.message("en")),))
        key = values.get("idempotencyKey", "")

        def send(step: Step) -> Said:
            headers = dict(step.headers)
            if step.body:
                headers.setdefault("Content-Type", "application/json")
            if key:
                headers.setdefault("Idempotency-Key", f"{key}-{step.name}"[:255])
            body = step.body.encode() or None
            try:
                answer = self.outbound.request(
                    step.method, step.url, headers=headers, body=body, bound=bound, limits=LIMITS
                )
            except (OutboundRefused, OutboundFailed) as error:
                message = f"{step.url.partition('?')[0][:200]}: {error}"
                raise ValueError(message) from error
            return Said(answer.status, answer.headers, answer.text, answer.milliseconds)

        return run(scenario, send, values)
