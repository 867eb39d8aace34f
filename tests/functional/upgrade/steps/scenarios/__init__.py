"""What each step has to do in the matrix: a place before, the step's parameters, and what must be there afterwards."""

from tests.functional.upgrade.steps.scenarios import backups, rows, stores, structure, upkeep
from tests.functional.upgrade.steps.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    **backups.SCENARIOS,
    **structure.SCENARIOS,
    **stores.SCENARIOS,
    **rows.SCENARIOS,
    **upkeep.SCENARIOS,
}
