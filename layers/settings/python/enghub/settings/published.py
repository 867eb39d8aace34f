"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``.

Fields are added, never renamed or removed. An event says that something changed and to which version, never the value:
who may see it reads it. A business rule is no secret: its event has it whole, for contexts that decide by it.
"""

from datetime import datetime
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
    """What was changed by people, under the names of the API; empty when a schedule began or a version expired."""
    version_in_force: int | None = None
    """The version that answers at the time of the event; none before a scheduled beginning, or after an expiry."""
    next_change_at: datetime | None = None
    """When another version answers by itself, as planned now."""


class FeatureFlagChanged(EventData, source="enghub.settings"):
    """A feature flag was created, changed, deleted or rolled back; tenant ``*`` is the global layer."""

    flag_key: str
    environment: Literal["DEV", "TEST", "PROD"]
    layer: Literal["global", "tenant"]
    operation: Literal["CREATE", "UPDATE", "DELETE", "ROLLBACK"]
    version: int
    previous_version: int | None
    is_enabled: bool
    owner_id: str
    """Who answers for the flag; empty where nobody does."""


class BusinessRuleActivated(EventData, source="enghub.settings"):
    """Another version of a business rule decides from now on, or none; tenant ``*`` is the global layer, whose rule
    counts where a tenant has no active one of the same key."""

    rule_key: str
    name: str
    kind: Literal["WORK_ORDER", "DISPATCH", "SLA", "OTHER"]
    layer: Literal["global", "tenant"]
    active_version: int
    """0: the rule decides nothing any more."""
    previous_version: int
    table: str
    """The decision table as JSON: inputs, outputs, policy, mayLack, rows of when and then; empty where none decides."""


class GrayReleaseChanged(EventData, source="enghub.settings"):
    """A gray release was created, started, grown, paused, resumed, rolled back, completed or cancelled."""

    release_id: str
    feature_key: str
    environment: Literal["DEV", "TEST", "PROD"]
    layer: Literal["global", "tenant"]
    action: str
    status: Literal["DRAFT", "ACTIVE", "PAUSED", "COMPLETED", "CANCELLED"]
    current_percentage: float
    why: str
    """Why it stands still or has ended: ERROR_RATE, RESPONSE_TIME, DEADLINE, FLAG_CHANGED, AT_TARGET, BY_HAND, NONE."""
    version: int


class SessionChanged(EventData, source="enghub.settings"):
    """A user's session began, is used from another address, or is over; told for every context, from its edge."""

    user_id: str
    session_id: str
    """Names the sign-in; made of it, never the token's own id."""
    action: Literal["STARTED", "CHANGED", "ENDED"]
    reason: str
    """NONE, ADDRESS, IDLE, REPLACED, SIGNED_OUT, BY_ADMIN."""
    signed_in_at: datetime


class GrantChanged(EventData, source="enghub.settings"):
    """A right was given, taken back, asked for, or a request for one refused."""

    user_id: str
    """Whose right it is."""
    grant_id: str
    """Of the grant, or of the request."""
    action: Literal["GRANTED", "REVOKED", "REQUESTED", "REJECTED"]
    effect: Literal["ALLOW", "DENY"]
    verbs: list[str]
    """CREATE, READ, UPDATE, DELETE, APPROVE."""
    level: Literal["GLOBAL", "TENANT", "MODULE", "FEATURE"]
    scope: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
