"""A manifest names the class and the method of a step; only what the class offers can be called (UPG-02)."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import pytest

from enghub.kit.work.slices import Cursor, Slice, done
from enghub.upgrade.manifests import service
from enghub.upgrade.manifests.errors import ManifestInvalid
from enghub.upgrade.stepping.step import BaseStep, StepContext
from enghub.upgrade.steps.registry import MethodUnknown, work_of
from tests.factories.upgrade import baseline, step


class Press(BaseStep):
    """A plug-in's step with two ways to work."""

    methods: ClassVar[frozenset[str]] = frozenset({"calibrate"})

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        return done({"did": "run"})

    def calibrate(self, context: StepContext, cursor: Cursor) -> Slice:
        return done({"did": "calibrate"})

    def secret(self, context: StepContext, cursor: Cursor) -> Slice:
        return done({"did": "secret"})


def did(method: str | None) -> Mapping[str, Any]:
    return work_of(Press(), method)(cast("StepContext", None), {}).result


@pytest.mark.parametrize(("method", "what"), [(None, "run"), ("execute", "run"), ("calibrate", "calibrate")])
def test_the_named_method_does_the_work(method: str | None, what: str) -> None:
    assert did(method) == {"did": what}


@pytest.mark.parametrize("method", ["secret", "rollback", "validate", "__class__"])
def test_nothing_else_of_a_class_can_be_called(method: str) -> None:
    with pytest.raises(MethodUnknown, match="offers no method"):
        did(method)


def test_a_method_that_the_class_does_not_offer_is_refused_at_upload() -> None:
    checks = service.ManifestService(cast("Any", None))
    strange = step("enghub.SqlScripts", "s", sql_scripts=["a.sql"], method_name="drop")
    document = baseline(upgrade_steps={"startup_pre_process": [strange]})
    with pytest.raises(ManifestInvalid) as refused:
        checks.check(document, {"a.sql": "SELECT 1"})
    assert refused.value.details["field"] == "upgrade_steps.startup_pre_process.0.method_name"
    assert "enghub.SqlScripts offers these methods: execute" in str(refused.value)
