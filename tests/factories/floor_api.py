"""A factory floor behind the public HTTP API: what a client program of EngHub would write."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from enghub_cli.context import Cloud

SECONDS = 180
"""The emulator starts one process per concurrent call; on two cores that takes its time."""
FACTORY = "sh-01"
SHIFT = {"shiftDate": "2026-03-02", "shift": "day"}


@dataclass(frozen=True)
class FloorApi:
    """One tenant's floor; every test gets a tenant of its own."""

    cloud: Cloud
    tenant: str
    open: ExitStack

    @classmethod
    @contextmanager
    def of_a_new_tenant(cls, cloud: Cloud) -> Iterator["FloorApi"]:
        """Yield a floor; its clients are closed with it."""
        with ExitStack() as stack:
            yield cls(cloud, f"tenant-{uuid4().hex[:8]}", stack)

    def client(self, *roles: str, user: str | None = None) -> httpx.Client:
        """Return an HTTP client of a user with these roles."""
        name = user or f"{self.tenant}-{'-'.join(roles).lower()}"
        token = self.cloud.token(tenant=self.tenant, factories=(FACTORY,), user=name, roles=roles)
        headers = {"Authorization": f"Bearer {token}"}
        made = httpx.Client(base_url=self.cloud.api_base, headers=headers, timeout=SECONDS, trust_env=False)
        return self.open.enter_context(made)

    def started_order(self, lead: httpx.Client, planned: int, **fields: Any) -> str:
        """Plan, release and start a work order as the shift lead; returns its number."""
        number = f"WO-{uuid4().hex[:8]}"
        plan = {
            "workOrderId": number,
            "productId": "PROD-A001",
            "plannedQuantity": planned,
            "dueDate": "2026-03-04",
            "stationId": "ST-SMT-01",
            "lineId": "SMT-1",
            "salesOrderId": "SO-7",
            **SHIFT,
            **fields,
        }
        done(lead.post("/api/v1/work-orders", json=plan, headers={"Idempotency-Key": number}), 201)
        for version, step in enumerate(("release", "start"), start=1):
            done(lead.post(f"/api/v1/work-orders/{number}/{step}", json={"version": version}))
        return number


def done(answer: httpx.Response, status: int = 200) -> Any:
    """Return the data of an answer that must have succeeded."""
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def a_report(number: str, good: float, station: str = "ST-SMT-01", **fields: Any) -> dict[str, Any]:
    """A report body."""
    return {"workOrderId": number, "goodQty": good, "operation": "OP-10", "station": station, **SHIFT, **fields}
