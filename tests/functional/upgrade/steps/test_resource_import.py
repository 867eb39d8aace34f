"""Resource packages: what is refused, and what is put back (UPG-17)."""

import pytest

from enghub.upgrade.steps.base import StepFailed
from tests.functional.upgrade.steps import scenarios
from tests.functional.upgrade.steps.matrix import Place, run


def test_a_package_that_is_not_the_declared_one_is_not_opened(small: Place) -> None:
    small.artifacts.write("packages/static.zip", scenarios.package({"a": b"other"}))
    with pytest.raises(StepFailed, match="is not the one declared"):
        run(small, "enghub.ResourceImport", scenarios.RESOURCES)
    assert list(small.files.list("static")) == []
