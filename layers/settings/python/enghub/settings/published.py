"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``.

Fields are added, never renamed or removed. An event says that something changed and to which version, never the value:
who may see it reads it.
"""

from typing import Literal

from enghub.core.event_data import EventData


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
