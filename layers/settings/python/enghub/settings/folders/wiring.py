"""Builds what makes spaces as files say, once per process; imported where it is used: it takes all of settings."""

from functools import cache
from typing import TYPE_CHECKING

from enghub.core.lazy import lazy

if TYPE_CHECKING:
    from enghub.settings.business_rules import dynamo as rules
    from enghub.settings.configs import approving as config_approving
    from enghub.settings.configs import sealing
    from enghub.settings.configs import service as config_service
    from enghub.settings.configs import wiring as configs
    from enghub.settings.evaluations import wiring as evaluations
    from enghub.settings.flags import approving as flag_approving
    from enghub.settings.flags import dynamo as flag_store
    from enghub.settings.flags import wiring as flags
    from enghub.settings.folders import approving, dynamo, planning, service
    from enghub.settings.transfers import wiring as transfers
else:
    rules = lazy("enghub.settings.business_rules.dynamo")
    config_approving = lazy("enghub.settings.configs.approving")
    sealing = lazy("enghub.settings.configs.sealing")
    config_service = lazy("enghub.settings.configs.service")
    configs = lazy("enghub.settings.configs.wiring")
    evaluations = lazy("enghub.settings.evaluations.wiring")
    flag_approving = lazy("enghub.settings.flags.approving")
    flag_store = lazy("enghub.settings.flags.dynamo")
    flags = lazy("enghub.settings.flags.wiring")
    approving = lazy("enghub.settings.folders.approving")
    dynamo = lazy("enghub.settings.folders.dynamo")
    planning = lazy("enghub.settings.folders.planning")
    service = lazy("enghub.settings.folders.service")
    transfers = lazy("enghub.settings.transfers.wiring")


@cache
def folders() -> "service.Folders":
    """Return the use cases of folders."""
    store, kept = flag_store.DynamoFlags(), rules.DynamoRules()
    return service.Folders(
        transfers.transfers(),
        planning.Planning(store, kept),
        approving.gate(configs.approving()),
        _storing(),
        store,
        kept,
        evaluations.evaluations(),
    )


@cache
def executor() -> "approving.FolderExecutor":
    """Return what makes an approved folder."""
    changes = config_approving.ConfigExecutor(_configs())
    return approving.FolderExecutor(
        changes, flag_approving.FlagExecutor(flags.reader()), rules.DynamoRules(), _storing()
    )


def _configs() -> "config_service.ConfigService":
    return config_service.ConfigService(configs.items(), sealing.FieldSeals())


def _storing() -> "dynamo.DynamoStoring":
    return dynamo.DynamoStoring(_configs(), flag_store.DynamoFlags())
