"""No arrow between folders of a context, the kit or the core runs back up: who opens a folder reads downwards only."""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture import source
from tests.architecture.source import Source, made_up


def folder(module: str) -> str:
    """Return the folder of a module; one directly in a context, as its `wiring` or `published`, stands for itself."""
    holder = module.rpartition(".")[0]
    return module if holder.count(".") == 1 else holder


def arrows(sources: Iterable[Source]) -> dict[str, set[str]]:
    """Return the folders that each folder imports from, also inside functions and for types only."""
    layers = {file.module: file for file in sources if not file.is_function}
    graph: dict[str, set[str]] = {}
    for module, file in layers.items():
        found = {source.defining(wanted.name, layers) for wanted in file.imports}
        graph.setdefault(folder(module), set()).update(folder(one) for one in found if one is not None)
    return {one: others - {one} for one, others in graph.items()}


def test_no_arrow_between_folders_runs_back_up() -> None:
    try:
        TopologicalSorter(arrows(source.runtime())).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(reversed(circle.args[1])), pytrace=False)


STEPS, GATEWAYS = "layers/x/python/enghub/x/steps/backup.py", "layers/x/python/enghub/x/gateways/databases/rows.py"
WIRING = "layers/x/python/enghub/x/wiring.py"


def test_an_arrow_back_is_seen_also_inside_a_function() -> None:
    back = "def f():\n    from enghub.x.steps.backup import Backup"
    circle = arrows([made_up(STEPS, "from enghub.x.gateways.databases import rows"), made_up(GATEWAYS, back)])
    assert circle == {
        "enghub.x.steps": {"enghub.x.gateways.databases"},
        "enghub.x.gateways.databases": {"enghub.x.steps"},
    }


def test_a_module_directly_in_a_context_stands_for_itself() -> None:
    found = arrows(
        [
            made_up(WIRING, "from enghub.x.steps import backup"),
            made_up(STEPS, "from enghub.x import published"),
            made_up("layers/x/python/enghub/x/published.py", ""),
        ]
    )
    assert found == {
        "enghub.x.wiring": {"enghub.x.steps"},
        "enghub.x.steps": {"enghub.x.published"},
        "enghub.x.published": set(),
    }
