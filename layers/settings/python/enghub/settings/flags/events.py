"""The published events of a commit of a flag."""

from enghub.core.commits import Commit
from enghub.core.events import Envelope
from enghub.settings.flags.model import FeatureFlag
from enghub.settings.published import FeatureFlagChanged

OPERATIONS = {
    "created": "CREATE",
    "updated": "UPDATE",
    "switched": "UPDATE",
    "deleted": "DELETE",
    "rolled_back": "ROLLBACK",
}


def flag_changed(commit: Commit[FeatureFlag]) -> Envelope:
    """Return the event of one commit."""
    flag = commit.after
    return FeatureFlagChanged(
        flag_key=flag.flag_key,
        environment=flag.at.environment.value,
        layer=flag.at.layer.value,
        operation=OPERATIONS[commit.action],
        version=flag.version,
        previous_version=None if commit.before is None else commit.before.revision,
        is_enabled=flag.is_enabled and not flag.is_deleted,
        owner_id=flag.owner_id,
    ).envelope(commit.origin)
