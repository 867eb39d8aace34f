"""What can be undone, and why not (UPG-04, UPG-09). No I/O."""

from collections.abc import Collection, Iterable

from enghub.core.i18n import Text
from enghub.upgrade.manifests.document import Step
from enghub.upgrade.steps.parameters import texts
from enghub.upgrade.steps.registry import step_class

WRITES_NOTHING = Text("it changes nothing", "不修改任何内容")
OWN_INVERSE = Text("the step undoes it", "步骤自身可撤销")
DECLARED = Text("the version's rollback_steps undo it", "由该版本的 rollback_steps 撤销")


def backed_up(steps: Iterable[Step]) -> frozenset[str]:
    """Return the tables that some step copies inside the database, and that its rollback brings back."""
    return frozenset(table for step in steps for table in texts(step.parameters, "backup_tables"))


def why_irreversible(step: Step, copies: Collection[str]) -> Text | None:
    """Return why a step has no inverse of its own, None when it has one. A plug-in without an opinion has one."""
    asked = getattr(step_class(step.class_name)(), "why_irreversible", None)
    found: Text | None = None if asked is None else asked(step.parameters, frozenset(copies))
    return found


def way_back(step: Step, copies: Collection[str], *, declared: bool) -> tuple[bool, Text]:
    """Return whether a step can be undone, and how or why not."""
    why = why_irreversible(step, copies)
    if why is None:
        return True, OWN_INVERSE if getattr(step_class(step.class_name), "writes", True) else WRITES_NOTHING
    return (True, DECLARED) if declared else (False, why)
