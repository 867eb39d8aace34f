"""The catalogue of steps says what the registry has."""

import pytest

from enghub.upgrade.steps.registry import known_classes, step_class
from tools import upgrade_steps


def test_the_page_is_what_the_code_says_now() -> None:
    assert upgrade_steps.TARGET.read_text("utf-8") == upgrade_steps.page(), "run: python tools/upgrade_steps.py"


def test_every_registered_class_is_on_the_page() -> None:
    page = upgrade_steps.page()
    assert not [name for name in known_classes() if f"`{name}`" not in page and f"## {name}\n" not in page]


@pytest.mark.parametrize("name", upgrade_steps.ENTRIES)
def test_every_example_is_accepted_by_its_step(name: str) -> None:
    assert step_class(name)().validate(upgrade_steps.ENTRIES[name].example) == ()


@pytest.mark.parametrize("name", upgrade_steps.ENTRIES)
def test_the_page_names_only_parameters_that_the_step_takes(name: str) -> None:
    named = {parameter.split(".")[0] for parameter in upgrade_steps.ENTRIES[name].parameters}
    assert named | set(upgrade_steps.ENTRIES[name].example) <= getattr(step_class(name), "takes", frozenset())
