"""Business rules in DynamoDB.

Rule      pk T#<tenant>#BUSINESS_RULES        sk RULE#<key>
Version   pk T#<tenant>#BUSINESS_RULE#<key>   sk V#<number>     never removed (CFG-06)

The global layer is tenant ``*``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from enghub.core import audit
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept, subject
from enghub.core.dynamo import Page, key
from enghub.core.transactions import Write, absent
from enghub.settings.business_rules.model import Activation, BusinessRule, RuleVersion


def _rules(tenant_id: str) -> str:
    return key("T", tenant_id, "BUSINESS_RULES")


def _rule_key(tenant_id: str, rule_key: str) -> Key:
    return _rules(tenant_id), key("RULE", rule_key)


def _versions(tenant_id: str, rule_key: str) -> str:
    return key("T", tenant_id, "BUSINESS_RULE", rule_key)


def _version_key(tenant_id: str, rule_key: str, version: int) -> Key:
    return _versions(tenant_id, rule_key), key("V", f"{version:010d}")


RULES = Aggregate(
    BusinessRule,
    "BUSINESS_RULE",
    key=lambda rule: _rule_key(rule.tenant_id, rule.rule_key),
    name="business_rule",
    identity=lambda rule: rule.rule_key,
    shows=("name", "kind", "version", "active_version", "change_request", "approved_by"),
)
VERSIONS = Items(
    RuleVersion, "BUSINESS_RULE_VERSION", key=lambda one: _version_key(one.tenant_id, one.rule_key, one.version)
)


def audited(rule_key: str) -> str:
    """Return what the audit calls a rule."""
    return subject(RULES.name, "", rule_key)


def _then(entry: audit.AuditRecord, before: Activation) -> Activation:
    """Return which version decides after one entry of a rule's audit; it has what moved."""
    moved = entry.after or {}
    if "active_version" not in moved:
        return before
    return Activation(
        before.tenant_id,
        int(moved["active_version"]),
        entry.user_id,
        entry.at,
        str(moved.get("change_request", before.change_request)),
        tuple(moved.get("approved_by", before.approved_by)),
    )


def rule_writes(commit: Commit[BusinessRule], version: RuleVersion | None) -> list[Write]:
    """Return what stores a commit and its new version, for a transaction that does more."""
    return [*RULES.writes(commit)[1], *([] if version is None else [VERSIONS.put(version, absent())])]


class DynamoRules:
    """See ``RuleRepository``."""

    def get(self, tenant_id: str, rule_key: str) -> Kept[BusinessRule] | None:
        """One GetItem."""
        return RULES.read(_rule_key(tenant_id, rule_key))

    def activation(self, tenant_id: str, rule_key: str, at: datetime | None) -> Activation | None:
        """One GetItem; of a time in the past one Query for each MB of the rule's audit."""
        if at is None:
            kept = self.get(tenant_id, rule_key)
            if kept is None:
                return None
            rule = kept.value
            by, since, approved = rule.activated_by, rule.activated_at, rule.approved_by
            return Activation(tenant_id, rule.active_version, by, since, rule.change_request, approved)
        found: Activation | None = None
        for entry in audit.history(tenant_id, audited(rule_key)):
            if entry.at > at:
                break
            found = _then(entry, found or Activation(tenant_id, 0, "", None))
        return found

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> Page[BusinessRule]:
        """One Query."""
        return RULES.page(_rules(tenant_id), limit=limit, cursor=cursor)

    def version(self, tenant_id: str, rule_key: str, version: int) -> RuleVersion | None:
        """One GetItem."""
        return VERSIONS.get(_version_key(tenant_id, rule_key, version))

    def versions(self, tenant_id: str, rule_key: str, limit: int, cursor: str | None) -> Page[RuleVersion]:
        """One Query."""
        return VERSIONS.page(_versions(tenant_id, rule_key), prefix="V#", limit=limit, cursor=cursor, newest_first=True)

    def save(
        self, commit: Commit[BusinessRule], version: RuleVersion | None = None, alongside: Sequence[Any] = ()
    ) -> Kept[BusinessRule]:
        """One transaction."""
        more = [] if version is None else [VERSIONS.put(version, absent())]
        return RULES.save(commit, *more, *alongside)
