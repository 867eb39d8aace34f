"""The published events of a commit."""

from enghub.core.events import Envelope
from enghub.settings.configs.model import ConfigCommit
from enghub.settings.published import ConfigurationChanged


def configuration_changed(commit: ConfigCommit) -> Envelope:
    """Return the event of one commit."""
    after = commit.after
    data = ConfigurationChanged(
        config_key=after.address.config_key,
        layer=after.address.owner.layer.value,
        user_id=after.address.owner.user_id,
        operation=commit.operation.value,
        version=after.version,
        previous_version=None if commit.before is None else commit.before.revision,
        config_type=after.content.type.value,
        scope=after.content.scope.value,
        category=after.content.category,
        fields=list(commit.fields),
    )
    return data.envelope(commit.origin)
