"""Whom to page next: steps, rounds, nobody found, everybody at once (OPS-12). Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enghub.golive.incidents.model import Incident, IncidentState
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.golive.policies.model import Policy, Step, Target

OnCall = Callable[[Target, datetime, str], tuple[str, ...]]
"""Who a target is at an instant, for pages of a policy."""


@dataclass(frozen=True, slots=True)
class Page:
    """People paged together, and which step it is (1 is the first; 0: all, or the fall-back)."""

    users: tuple[str, ...]
    step: int
    round: int


@dataclass(frozen=True, slots=True)
class Paged:
    """What comes of one look: at most one page, the steps that found nobody, when to look again."""

    incident: Incident
    page: Page | None
    empty: tuple[int, ...] = ()
    again: datetime | None = None
    exhausted: bool = False
    """Every round is through and nobody has acknowledged."""


def advance(incident: Incident, due: datetime, now: datetime, on_call: OnCall) -> Paged:
    """Return the next page. A step that finds nobody does not wait; delays count from when each page was due."""
    policy = incident.policy
    if policy is None or incident.state is not IncidentState.OPEN:
        return Paged(incident, None)
    if incident.severity is IncidentSeverity.P0:
        return _all_at_once(incident, policy, due, now, on_call)
    position, empty = incident.position, list[int]()
    while position < len(policy.steps) * (policy.repeat + 1):
        place = position % len(policy.steps)
        step, number = policy.steps[place], position // len(policy.steps)
        users = _users(step, policy, now, on_call)
        position += 1
        if users:
            again = due + timedelta(minutes=step.delay_minutes)
            after = replace(incident, position=position, found_anybody=True)
            return Paged(after, Page(users, place + 1, number), tuple(empty), again)
        if place + 1 not in empty:
            empty.append(place + 1)
    return _exhausted(replace(incident, position=position), policy, tuple(empty))


def reminds_at(incident: Incident, at: datetime) -> datetime | None:
    """Return when an acknowledged incident pages anew unless somebody says something of it; None for never."""
    minutes = incident.policy.remind_minutes if incident.policy else 0
    if incident.state is not IncidentState.ACKNOWLEDGED or not minutes:
        return None
    return at + timedelta(minutes=minutes)


def _all_at_once(incident: Incident, policy: Policy, due: datetime, now: datetime, on_call: OnCall) -> Paged:
    """P0: everybody, at once, in every round."""
    if incident.position > policy.repeat:
        return _exhausted(incident, policy, ())
    every = (user for step in policy.steps for user in _users(step, policy, now, on_call))
    users = tuple(dict.fromkeys((*every, *policy.fallback)))
    after = replace(incident, position=incident.position + 1)
    if not users:
        return _exhausted(replace(after, position=policy.repeat + 1), policy, ())
    again = due + timedelta(minutes=policy.steps[0].delay_minutes)
    return Paged(replace(after, found_anybody=True), Page(users, 0, incident.position), (), again)


def _exhausted(incident: Incident, policy: Policy, empty: tuple[int, ...]) -> Paged:
    found = incident.found_anybody or not policy.fallback
    page = None if found else Page(policy.fallback, 0, policy.repeat)
    return Paged(incident, page, empty, None, exhausted=True)


def _users(step: Step, policy: Policy, now: datetime, on_call: OnCall) -> tuple[str, ...]:
    found = (user for target in step.targets for user in on_call(target, now, policy.policy_id))
    return tuple(dict.fromkeys(found))
