"""The published events of a commit."""

from datetime import datetime

from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.model import Config, Operation
from enghub.settings.published import ConfigurationChanged


def configuration_changed(commit: ConfigCommit) -> Envelope:
    """Return the event of one commit."""
    before = None if commit.before is None else commit.before.revision
    data = _data(commit.after, commit.origin.at, before, list(commit.fields), commit.operation)
    return data.envelope(commit.origin)


def configuration_in_force(config: Config, at: datetime, origin: Origin) -> Envelope:
    """Return the event of a beginning or an expiry: nothing was saved, another version answers."""
    return _data(config, at, config.version, [], Operation.UPDATE).envelope(origin)


def _data(
    config: Config, at: datetime, previous: int | None, fields: list[str], operation: Operation
) -> ConfigurationChanged:
    slot, address = config.slot(at), config.address
    following = config.boundaries(at)[:1]
    return ConfigurationChanged(
        config_key=address.config_key,
        layer=address.owner.layer.value,
        user_id=address.owner.user_id,
        operation=operation.value,
        version=config.version,
        previous_version=previous,
        config_type=config.content.type.value,
        scope=config.content.scope.value,
        category=config.content.category,
        fields=fields,
        version_in_force=None if slot is None else slot.version,
        next_change_at=following[0] if following else None,
    )
