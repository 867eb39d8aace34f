"""What a flag is: variants, who gets which, and what an evaluation answers. Frozen and pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from enghub_flags.hashing import HashVersion

WHOLE = 100_000
"""A percentage is kept as an integer of thousandths of a percent: 5 % is 5,000 of 100,000."""
TARGETING_KEY, TENANT, USER = "targetingKey", "tenantId", "userId"
Context = Mapping[str, Any]
"""What is known of whom is evaluated: ``targetingKey`` and attributes, as OpenFeature has them."""


class ValueType(StrEnum):
    """What all variants of a flag are."""

    BOOLEAN = "BOOLEAN"
    STRING = "STRING"
    INTEGER = "INTEGER"
    FLOAT = "FLOAT"
    OBJECT = "OBJECT"


class Operator(StrEnum):
    """How a clause looks at an attribute; the truth table for absent ones is in ``operators``."""

    IN = "IN"
    NOT_IN = "NOT_IN"
    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT_EQUALS"
    LESS = "LESS"
    LESS_OR_EQUAL = "LESS_OR_EQUAL"
    GREATER = "GREATER"
    GREATER_OR_EQUAL = "GREATER_OR_EQUAL"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT_CONTAINS"
    STARTS_WITH = "STARTS_WITH"
    NOT_STARTS_WITH = "NOT_STARTS_WITH"
    ENDS_WITH = "ENDS_WITH"
    NOT_ENDS_WITH = "NOT_ENDS_WITH"
    BEFORE = "BEFORE"
    AFTER = "AFTER"
    SEMVER_EQUALS = "SEMVER_EQUALS"
    SEMVER_LESS = "SEMVER_LESS"
    SEMVER_LESS_OR_EQUAL = "SEMVER_LESS_OR_EQUAL"
    SEMVER_GREATER = "SEMVER_GREATER"
    SEMVER_GREATER_OR_EQUAL = "SEMVER_GREATER_OR_EQUAL"
    EXISTS = "EXISTS"
    NOT_EXISTS = "NOT_EXISTS"
    IN_SEGMENT = "IN_SEGMENT"
    NOT_IN_SEGMENT = "NOT_IN_SEGMENT"


class Reason(StrEnum):
    """Why a result is what it is: OpenFeature's reasons and three of ours."""

    STATIC = "STATIC"
    DEFAULT = "DEFAULT"
    TARGETING_MATCH = "TARGETING_MATCH"
    SPLIT = "SPLIT"
    DISABLED = "DISABLED"
    ERROR = "ERROR"
    PREREQUISITE_FAILED = "PREREQUISITE_FAILED"
    NO_BUCKETING_ATTRIBUTE = "NO_BUCKETING_ATTRIBUTE"
    """The attribute to draw by is absent, null, empty or no text: not in, and no other attribute takes its place."""


class ErrorCode(StrEnum):
    """OpenFeature's codes of failed evaluations."""

    FLAG_NOT_FOUND = "FLAG_NOT_FOUND"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    TARGETING_KEY_MISSING = "TARGETING_KEY_MISSING"
    INVALID_CONTEXT = "INVALID_CONTEXT"
    PARSE_ERROR = "PARSE_ERROR"
    GENERAL = "GENERAL"


class Result(NamedTuple):
    """What one evaluation answers; ``rule`` is the id of what decided, ``attribute`` the one that lacks."""

    key: str
    value: Any
    variant: str
    reason: Reason
    rule: str = ""
    attribute: str = ""
    version: int = 0
    error: ErrorCode | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """One possible value."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition; ``values`` is a list for sets and segments, one value else."""

    attribute: str
    operator: Operator
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """Another engine's draw: who lies in ``[low, high)`` gets the variant."""

    hash_version: HashVersion
    seed: tuple[str, ...]
    scale: int
    ranges: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Serve:
    """What is served: one variant; or to ``percentage`` (thousandths) of those drawn by ``bucket_by``, by weights.

    Who is not in gets the off variant; with ``continues`` the next rule decides instead.
    """

    variant: str = ""
    percentage: int = WHOLE
    bucket_by: str = TARGETING_KEY
    weights: tuple[tuple[str, int], ...] = ()
    split: Split | None = None
    continues: bool = False

    @property
    def draws(self) -> bool:
        """Whether it depends on who asks."""
        return self.percentage != WHOLE or bool(self.weights) or self.split is not None


@dataclass(frozen=True, slots=True)
class Rule:
    """All clauses must hold."""

    rule_id: str
    clauses: tuple[Clause, ...]
    serve: Serve


@dataclass(frozen=True, slots=True)
class Target:
    """People or tenants by name; before every rule."""

    variant: str
    users: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Another flag that must answer one of these variants."""

    flag: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """People described once: in it by name, or by one of its rules; who is excluded is never in."""

    key: str
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    rules: tuple[tuple[Clause, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of one environment."""

    key: str
    value_type: ValueType
    variants: tuple[Variant, ...]
    off_variant: str
    fallthrough: Serve
    salt: str
    is_enabled: bool = True
    hash_version: HashVersion = HashVersion.OURS
    targets: tuple[Target, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    rules: tuple[Rule, ...] = ()
    version: int = 1

    def value(self, variant: str) -> Any:
        """Return the value of a variant.

        Raises:
            KeyError: there is none of that name.
        """
        for one in self.variants:
            if one.name == variant:
                return one.value
        raise KeyError(variant)
