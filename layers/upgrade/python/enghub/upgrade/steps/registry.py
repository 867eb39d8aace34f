"""Which step classes exist (UPG-02). `class_name` is looked up here and nowhere else: nothing else can be loaded.

Plug-in packages add classes by the entry point group `enghub.upgrade.steps`; the entry's name is the `class_name`.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.kit.work.slices import Cursor, Slice
from enghub.upgrade.stepping.step import Step, StepContext

GROUP: Final = "enghub.upgrade.steps"
_HERE = "enghub.upgrade.steps"
_BUILT_IN: Final = {
    "enghub.BusinessCheck": f"{_HERE}.business_check:BusinessCheck",
    "enghub.ServiceCheck": f"{_HERE}.service_check:ServiceCheck",
    "enghub.Backup": f"{_HERE}.backup:Backup",
    "enghub.RestoreBackup": f"{_HERE}.restore:RestoreBackup",
    "enghub.ConfigPreparation": f"{_HERE}.config_preparation:ConfigPreparation",
    "enghub.ConfigFiles": f"{_HERE}.config_update:ConfigUpdate",
    "enghub.SqlScripts": f"{_HERE}.sql_scripts:SqlScripts",
    "enghub.RollbackScripts": f"{_HERE}.rollback_scripts:RollbackScripts",
    "enghub.TableRebuild": f"{_HERE}.table_rebuild:TableRebuild",
    "enghub.RowMigration": f"{_HERE}.row_migration:RowMigration",
    "enghub.AsynchronousMigration": f"{_HERE}.async_migration:AsynchronousMigration",
    "enghub.Verification": f"{_HERE}.verification:Verification",
    "enghub.ResourceImport": f"{_HERE}.resource_import:ResourceImport",
    "enghub.CacheRebuild": f"{_HERE}.cache_rebuild:CacheRebuild",
    "enghub.IndexOptimisation": f"{_HERE}.index_optimisation:IndexOptimisation",
    "enghub.HealthChecks": f"{_HERE}.health_check:HealthChecks",
    "enghub.SmokeTests": f"{_HERE}.health_check:SmokeTests",
    "enghub.LogCleanup": f"{_HERE}.log_cleanup:LogCleanup",
    "enghub.PerformanceTuning": f"{_HERE}.tuning:PerformanceTuning",
    "enghub.ResourceRelease": f"{_HERE}.resource_release:ResourceRelease",
    "enghub.StopService": f"{_HERE}.service_control:StopService",
    "enghub.StartService": f"{_HERE}.service_control:StartService",
    "com.ft.upgrade.steps.PreBusinessCheckStep": f"{_HERE}.composite:PreBusinessCheckStep",
    "com.ft.upgrade.steps.PreUpgradeProcessStep": f"{_HERE}.composite:PreUpgradeProcessStep",
    "com.ft.upgrade.steps.StartupPreProcessStep": f"{_HERE}.composite:StartupPreProcessStep",
    "com.ft.upgrade.steps.StartupPostProcessStep": f"{_HERE}.composite:StartupPostProcessStep",
    "com.ft.upgrade.steps.PostUpgradeProcessStep": f"{_HERE}.composite:PostUpgradeProcessStep",
    "com.ft.upgrade.steps.OverseasSpecificProcessStep": f"{_HERE}.composite:SiteSpecificStep",
    "com.ft.upgrade.steps.RestoreBackupStep": f"{_HERE}.restore:RestoreBackup",
    "com.ft.upgrade.patch.PatchSqlExecutorStep": f"{_HERE}.sql_scripts:SqlScripts",
    "com.ft.upgrade.patch.PatchConfigUpdaterStep": f"{_HERE}.config_update:ConfigUpdate",
    "com.ft.upgrade.patch.PatchVerifierStep": f"{_HERE}.verification:Verification",
    "com.ft.upgrade.patch.PatchRollbackStep": f"{_HERE}.rollback_scripts:RollbackScripts",
}


USUAL = frozenset({None, "execute", "run"})
"""Names of the method that every class has; the source document calls it `execute`."""


def work_of(made: Step, method: str | None) -> Callable[[StepContext, Cursor], Slice]:
    """Return the method that does a step's work.

    Raises:
        MethodUnknown: the class does not offer it; nothing else of a class can be called.
    """
    if method in USUAL:
        return made.run
    if method not in offered(type(made)):
        raise MethodUnknown(method=method, class_name=type(made).__name__)
    work: Callable[[StepContext, Cursor], Slice] = getattr(made, str(method))
    return work


def offered(found: type[Step]) -> frozenset[str]:
    """Return the names of a class's own methods that manifests may name besides `execute`."""
    return frozenset(getattr(found, "methods", ()))


class MethodUnknown(Invalid):
    """The class does not offer the method."""

    text = Text("Step class {class_name} offers no method {method}", "步骤类 {class_name} 没有可调用的方法 {method}")


class StepClassUnknown(Invalid):
    """The class is not registered."""

    text = Text("Step class {class_name} is not registered", "步骤类 {class_name} 未注册")


@cache
def _plugins() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in _BUILT_IN}


def known_classes() -> frozenset[str]:
    """Return every `class_name` that can run."""
    return frozenset(_BUILT_IN) | frozenset(_plugins())


@cache
def step_class(class_name: str) -> type[Step]:
    """Return the class registered as `class_name`; it is imported now.

    Raises:
        StepClassUnknown: nothing is registered under that name.
    """
    if class_name in _BUILT_IN:
        module, _, name = _BUILT_IN[class_name].partition(":")
        found: type[Step] = getattr(import_module(module), name)
        return found
    entry = _plugins().get(class_name)
    if entry is None:
        raise StepClassUnknown(class_name=class_name)
    loaded: type[Step] = entry.load()
    return loaded
