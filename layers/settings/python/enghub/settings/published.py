"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``.

Fields are added, never renamed or removed. An event says that something changed and to which version, never the value:
who may see it reads it.
"""

from typing import Literal

from enghub.core.event_data import EventData
from enghub.core.events import Envelope
from enghub.settings.configs.model import ConfigCommit


class ConfigurationChanged(EventData, source="enghub.settings"):
    """An item of one layer was created, changed, deleted or rolled back; tenant ``*`` is the global layer."""

    config_key: str
    layer: Literal["global", "tenant", "user"]
    user_id: str
    operation: Literal["CREATE", "UPDATE", "DELETE", "ROLLBACK"]
    version: int
    previous_version: int | None
    config_type: Literal["STRING", "NUMBER", "BOOLEAN", "JSON", "XML"]
    scope: Literal["GLOBAL", "MODULE", "FEATURE"]
    category: str
    fields: list[str]
    """What changed, under the names of the API."""


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
