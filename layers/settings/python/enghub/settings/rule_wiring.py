"""Builds the use cases of business rules, once per process."""

from functools import cache

from enghub.settings.business_rules.dynamo import DynamoRules
from enghub.settings.business_rules.service import RuleService
from enghub.settings.configs.wiring import approving


@cache
def rules() -> RuleService:
    """Return the use cases that change rules, as far as rules of approval let them."""
    return RuleService(DynamoRules(), approving())


@cache
def rule_reader() -> RuleService:
    """Return the use cases that read and simulate, and make what was approved."""
    return RuleService(DynamoRules())
