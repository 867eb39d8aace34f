"""What can be undone, and why not (UPG-04, UPG-09). No I/O."""

from collections.abc import Collection, Iterable
from typing import Protocol

from enghub.core.i18n import Text
from enghub.upgrade.manifests.document import Step
from enghub.upgrade.phases import Stage
from enghub.upgrade.steps.parameters import texts
from enghub.upgrade.steps.registry import step_class

WRITES_NOTHING = Text("it changes nothing", "不修改任何内容")
OWN_INVERSE = Text("the step undoes it", "步骤自身可撤销")
BY_BACKUP = Text(
    "the outage's backup undoes it; what the started system has written to the same tables since is lost with it",
    "由停服期间的备份撤销；系统启动后写入相同表的数据将一并丢失",
)
AFTER_SUCCESS = Text(
    "not undone by a command: the way back is for a failure on the way, and the business has written since. Write the "
    "next version, or restore the backup",
    "成功后不能用命令撤销：回滚只用于升级中途失败，此后已有业务写入。请编写下一版本，或恢复备份",
)
DECLARED = Text("the version's rollback_steps undo it", "由该版本的 rollback_steps 撤销")


class Placed(Protocol):
    """A step of a plan or of an execution."""

    @property
    def stage(self) -> Stage:
        """Where it stands."""

    @property
    def definition(self) -> Step:
        """As the manifest has it."""


def backed_up(steps: Iterable[Placed]) -> frozenset[str]:
    """Return the tables that are backed up in the outage: nobody writes until the rollback brings them back."""
    outage = (step.definition.parameters for step in steps if step.stage is Stage.STARTUP_PRE_PROCESS)
    return frozenset(table for found in outage for table in texts(found.get("backup") or {}, "tables"))


def why_irreversible(step: Step, copies: Collection[str]) -> Text | None:
    """Return why a step has no inverse of its own, None when it has one. A plug-in without an opinion has one."""
    asked = getattr(step_class(step.class_name)(), "why_irreversible", None)
    found: Text | None = None if asked is None else asked(step.parameters, frozenset(copies))
    return found


def way_back(step: Step, copies: Collection[str], *, declared: bool) -> tuple[bool, Text]:
    """Return whether a step can be undone, and how or why not."""
    why = why_irreversible(step, copies)
    if why is None and why_irreversible(step, ()) is not None:
        return True, BY_BACKUP
    if why is None:
        return True, OWN_INVERSE if getattr(step_class(step.class_name), "writes", True) else WRITES_NOTHING
    return (True, DECLARED) if declared else (False, why)
