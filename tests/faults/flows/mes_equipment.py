"""Machines tell states; a plan's job is opened and done."""

from tests.factories.equipment import PLAN, Machines
from tests.factories.http import Context
from tests.faults.harness import Flow, register


def registered() -> Machines:
    machines = Machines()
    machines.registered()
    return machines


def due() -> Machines:
    machines = registered()
    machines.started()
    machines.report()
    machines.made("PUT", "maintenance/plans/PM-1", **{**PLAN, "startsOn": "2026-03-01"})
    return machines


def started() -> Machines:
    machines = due()
    machines.handler("open_maintenance")({}, Context())
    machines.made("POST", "maintenance/jobs/PM-1-1/start", version=1)
    return machines


FAILED = {"state": "FAILED", "at": "2026-03-02T02:00:00Z"}
READING = {"meter": "cycles", "value": 7, "at": "2026-03-02T02:00:00Z"}
register(
    Flow("a machine fails", "mes", registered, lambda one: one.change("POST", "equipment/M-1/states", **FAILED)),
)
register(
    Flow("a meter is read", "mes", registered, lambda one: one.change("POST", "equipment/M-1/readings", **READING)),
)
register(
    Flow(
        "a maintenance job is finished",
        "mes",
        started,
        lambda one: one.change("POST", "maintenance/jobs/PM-1-1/finish", version=2, remedy="done"),
    )
)
