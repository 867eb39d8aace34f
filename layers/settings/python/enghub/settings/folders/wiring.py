"""Builds what makes spaces as files say, once per process."""

from functools import cache

from enghub.settings.business_rules.dynamo import DynamoRules
from enghub.settings.configs import wiring as configs
from enghub.settings.configs.approving import ConfigExecutor
from enghub.settings.configs.sealing import FieldSeals
from enghub.settings.configs.service import ConfigService
from enghub.settings.evaluations import wiring as evaluations
from enghub.settings.flags import wiring as flags
from enghub.settings.flags.approving import FlagExecutor
from enghub.settings.flags.dynamo import DynamoFlags
from enghub.settings.folders.approving import FolderExecutor, FolderGate
from enghub.settings.folders.dynamo import DynamoStoring
from enghub.settings.folders.planning import Planning
from enghub.settings.folders.service import Folders
from enghub.settings.transfers import wiring as transfers


@cache
def folders() -> Folders:
    """Return the use cases of folders."""
    return Folders(
        transfers.transfers(),
        Planning(DynamoFlags(), DynamoRules()),
        FolderGate(configs.approving()),
        _storing(),
        DynamoFlags(),
        DynamoRules(),
        evaluations.evaluations(),
    )


@cache
def executor() -> FolderExecutor:
    """Return what makes an approved folder."""
    return FolderExecutor(ConfigExecutor(_configs()), FlagExecutor(flags.reader()), DynamoRules(), _storing())


def _configs() -> ConfigService:
    return ConfigService(configs.items(), FieldSeals())


def _storing() -> DynamoStoring:
    return DynamoStoring(_configs(), DynamoFlags())
