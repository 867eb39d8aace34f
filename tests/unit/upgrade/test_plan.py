"""The plan: steps of all versions by phase, in an order that respects priority and dependencies (UPG-04)."""

import sys
from typing import Any

import pytest

from enghub.upgrade.manifests.model import parse
from enghub.upgrade.phases import Stage
from enghub.upgrade.planning.errors import DependencyCycle, DependencyTooLate, DependencyUnknown
from enghub.upgrade.planning.path import find_path
from enghub.upgrade.planning.plan import Plan, Source, make_plan
from enghub.upgrade.versions import Version
from tests.factories.upgrade import baseline, patch, step

PHASE_1 = "com.ft.upgrade.steps.PreBusinessCheckStep"


def plan(*documents: dict[str, Any], site: str = "EU") -> Plan:
    parsed = [parse(document) for document in documents]
    target = max(manifest.number for manifest in parsed)
    path = find_path(Version.parse("2.16.4"), target, parsed)
    return make_plan(path, [Source(manifest, 1) for manifest in parsed], site)


def keys(found: Plan) -> list[str]:
    return [planned.key for planned in found.steps]


def noted(id: str, **keys: Any) -> dict[str, Any]:  # noqa: A002
    return step("enghub.HealthChecks", id, **keys)


def test_phases_come_before_versions_and_versions_before_priorities() -> None:
    first = baseline(
        upgrade_steps={
            "pre_business_check": [noted("a")],
            "post_upgrade": [noted("late", priority=5), noted("early", priority=1)],
        }
    )
    second = patch(
        upgrade_steps={"pre_business_check": [noted("b", priority=1)], "post_upgrade": [noted("p", priority=0)]}
    )
    assert keys(plan(first, second)) == ["2.16.5/a", "2.16.5.1/b", "2.16.5/early", "2.16.5/late", "2.16.5.1/p"]


def test_a_dependency_runs_first_whatever_the_priorities() -> None:
    steps = [noted("a", priority=1, dependencies=["c"]), noted("b", priority=2), noted("c", priority=9)]
    assert keys(plan(baseline(upgrade_steps={"post_upgrade": steps}))) == ["2.16.5/b", "2.16.5/c", "2.16.5/a"]


def test_the_outage_is_framed_by_stop_and_start() -> None:
    found = plan(baseline(upgrade_steps={"startup_pre_process": [noted("a")], "startup_post_process": [noted("b")]}))
    assert [(planned.stage, planned.definition.id) for planned in found.steps] == [
        (Stage.STOP_SERVICE, "stop_service"),
        (Stage.STARTUP_PRE_PROCESS, "a"),
        (Stage.START_SERVICE, "start_service"),
        (Stage.STARTUP_POST_PROCESS, "b"),
    ]


def test_nothing_is_stopped_when_no_step_needs_the_outage() -> None:
    assert keys(plan(baseline(upgrade_steps={"post_upgrade": [noted("a")]}))) == ["2.16.5/a"]


def test_other_sites_steps_are_left_out_and_shown() -> None:
    steps = [noted("all"), noted("us", is_common=False, site_ids=["US"]), noted("after", dependencies=["us"])]
    found = plan(baseline(upgrade_steps={"post_upgrade": steps}), site="EU")
    assert keys(found) == ["2.16.5/all", "2.16.5/after"]
    assert [planned.key for planned in found.skipped] == ["2.16.5/us"]


def test_a_cycle_names_itself() -> None:
    steps = [noted("a", dependencies=["b"]), noted("b", dependencies=["a"])]
    with pytest.raises(DependencyCycle, match=r"2\.16\.5/a -> 2\.16\.5/b|2\.16\.5/b -> 2\.16\.5/a"):
        plan(baseline(upgrade_steps={"post_upgrade": steps}))


def test_a_dependency_reaches_into_earlier_versions() -> None:
    first = baseline(upgrade_steps={"pre_business_check": [noted("a")]})
    assert (
        keys(plan(first, patch(upgrade_steps={"post_upgrade": [noted("b", dependencies=["a"])]})))[-1] == "2.16.5.1/b"
    )
    with pytest.raises(DependencyUnknown, match=r"2\.16\.5\.1/b depends on nowhere"):
        plan(first, patch(upgrade_steps={"post_upgrade": [noted("b", dependencies=["nowhere"])]}))


def test_a_dependency_on_a_later_phase_is_refused() -> None:
    first = baseline(upgrade_steps={"post_upgrade": [noted("late")]})
    second = patch(upgrade_steps={"pre_business_check": [noted("early", dependencies=["late"])]})
    with pytest.raises(DependencyTooLate, match="later phase post_upgrade"):
        plan(first, second)


def test_estimates_add_up_and_rollback_goes_backwards() -> None:
    first = baseline(
        upgrade_steps={"post_upgrade": [noted("a", estimated_duration=30), noted("b")]},
        rollback_steps={"pre_rollback": [noted("r1")]},
    )
    second = patch(rollback_steps={"pre_rollback": [noted("r2")]})
    found = plan(first, second)
    assert found.estimate_seconds == 90
    checks = [{"id": "x", "sql": "SELECT 0"}]
    asked = plan(baseline(upgrade_steps={"pre_business_check": [step(PHASE_1, "c", checks=checks)]}))
    assert asked.estimate_seconds == 120, "the class knows"
    assert [planned.key for planned in found.rollback] == ["2.16.5.1/r2", "2.16.5/r1"]


def test_the_work_of_a_plan_grows_with_its_versions_and_not_with_their_square() -> None:
    """Counted in lines that run, not timed: 500 versions take twice what 250 take (U15)."""

    def work(versions: int) -> int:
        numbers = [f"2.{17 + n // 90}.{n % 90}" for n in range(versions)]
        steps = [noted("first"), noted("second", dependencies=["first"]), noted("third", dependencies=["second"])]
        parsed = [parse(baseline(version=number, upgrade_steps={"post_upgrade": steps})) for number in numbers]
        path = find_path(Version.parse("2.16.4"), parsed[-1].number, parsed)
        sources = [Source(manifest, 1) for manifest in parsed]
        ran = 0

        def count(*_: object) -> Any:
            nonlocal ran
            ran += 1
            return count

        before = sys.gettrace()
        sys.settrace(count)
        try:
            made = make_plan(path, sources, "EU")
        finally:
            sys.settrace(before)
        assert len(made.steps) == 3 * versions
        return ran

    assert work(500) <= 2.2 * work(250)
