"""Who hears what by which way: the rules of a tenant. No I/O."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from enghub.core.notices import Severity

_ORDER = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


@dataclass(frozen=True, slots=True)
class Digest:
    """Collect and tell once a day."""

    at: str
    """Wall-clock time of ``zone``, HH:MM."""
    zone: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What matches is told to these people by these channels."""

    tenant_id: str
    rule_id: str
    name: str
    notice_types: tuple[str, ...]
    """Names, or patterns with ``*``: ``upgrade.*``."""
    channels: tuple[str, ...]
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    factories: tuple[str, ...] = ()
    """Only notices of these; of all when empty."""
    least: Severity = Severity.INFO
    digest: Digest | None = None
    per_hour: int | None = None
    """What one recipient hears by this rule in an hour, at most; what is more stands in the log as SUPPRESSED."""
    is_active: bool = True
    is_deleted: bool = False

    def matches(self, notice_type: str, severity: Severity, factory_id: str) -> bool:
        """Tell whether the rule speaks about such a notice."""
        return (
            self.is_active
            and _ORDER[severity] >= _ORDER[self.least]
            and (not self.factories or factory_id in self.factories)
            and any(fnmatchcase(notice_type, pattern) for pattern in self.notice_types)
        )
