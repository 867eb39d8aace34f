"""Services and health: what is restarted, and who is named in the end (UPG-15, UPG-17)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enghub.kit.work.errors import WorkFailed
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios import upkeep


def test_a_service_that_stays_down_is_named_with_its_restarts(small: Place, tmp_path: Path) -> None:
    place = replace(small, hooks=upkeep.Services(tmp_path))
    parameters = {"services": [{"name": "ft-report", "attempts": 1}]}
    with pytest.raises(WorkFailed, match=r"ft-report \(down, restarted 1 times\)") as failure:
        run(place, "enghub.ServiceCheck", parameters)
    assert failure.value.result["ready"] is False
    assert failure.value.result["services"][0]["version"] == "2.16.4"


HEALTH = {"name": "api", "url": "http://site.example/health", "expected_text": "UP", "service": "ft-manager"}


def test_a_failing_health_check_restarts_its_service_and_looks_again(small: Place, tmp_path: Path) -> None:
    place = replace(small, hooks=upkeep.Services(tmp_path))
    found = run(place, "enghub.HealthChecks", {"health_checks": [HEALTH, {**HEALTH, "name": "page"}]})
    assert found.result["restarts"] == {"ft-manager": 2}
    assert all(outcome["healthy"] for outcome in found.result["health_checks"])


def test_a_service_that_restarts_do_not_heal_fails_the_step_that_people_are_told_of(
    small: Place, tmp_path: Path
) -> None:
    place = replace(small, hooks=upkeep.Services(tmp_path))
    with pytest.raises(WorkFailed, match="Not healthy: api") as failure:
        run(place, "enghub.HealthChecks", {"health_checks": [{**HEALTH, "attempts": 1}]})
    assert failure.value.result["restarts"] == {"ft-manager": 1}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("enghub.ServiceCheck", {"services": [{"name": "ft-report", "attempts": 1}]}),
        ("enghub.HealthChecks", {"health_checks": [{**HEALTH, "attempts": 1}]}),
    ],
)
def test_a_resumed_upgrade_may_restart_a_service_again(
    small: Place, tmp_path: Path, name: str, parameters: dict[str, Any]
) -> None:
    place = replace(small, hooks=upkeep.Services(tmp_path))
    with pytest.raises(WorkFailed):
        run(place, name, parameters)
    run(place, name, parameters, facts=replace(place.context({}).facts, run=2))
    upkeep.restarted_twice(place)
