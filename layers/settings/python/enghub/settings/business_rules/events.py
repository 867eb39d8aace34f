"""What other contexts hear of a rule: the one that decides now, whole, so that they decide without asking."""

from enghub.core.commits import Commit
from enghub.core.events import Envelope
from enghub.settings.business_rules.model import BusinessRule, RuleVersion
from enghub.settings.published import BusinessRuleActivated


def rule_activated(commit: Commit[BusinessRule], version: RuleVersion | None) -> Envelope:
    """Return the event of an activation; without a version the rule decides nothing any more."""
    rule, before = commit.after, commit.before
    return BusinessRuleActivated(
        rule_key=rule.rule_key,
        name=rule.name if version is None else version.name,
        kind=(rule.kind if version is None else version.kind).value,
        layer="global" if rule.layer == "global" else "tenant",
        active_version=rule.active_version,
        previous_version=0 if before is None else before.value.active_version,
        table="" if version is None else version.table,
    ).envelope(commit.origin)
