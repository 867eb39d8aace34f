"""Mapping rules of a connection: which member of the source becomes which field here, as versioned data (PLM-23).

A version never changes. It may be activated once its own tests prove it: they pass, every rule is named by one, every
check refuses something in one, and where records are left out, one is. Version 0 is the identity: members are the
fields. Pure; ``applying`` runs the rules.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin

MOST_RULES = 100
MOST_TESTS = 200
MOST_CHARACTERS = 100_000
"""Of rules and tests together: one item takes them."""
MOST_ACTIVATIONS = 50
NOBODY: Mapping[str, str] = {}


class MappingKind(StrEnum):
    """What a mapping makes."""

    PRODUCT = "PRODUCT"
    BOM_LINE = "BOM_LINE"


class Reads(StrEnum):
    """What a member of the source is before it is converted."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    """By the connection's number format, exactly."""
    TIME = "TIME"
    """A time; without an offset it is one of the connection's zone."""


FIELDS: Mapping[MappingKind, tuple[str, ...]] = {
    MappingKind.PRODUCT: (
        *("objectId", "productCode", "productVersion", "productName", "productGroup"),
        *("unit", "lifecycleState", "mappingType", "materialCode", "updatedAt"),
    ),
    MappingKind.BOM_LINE: (
        *("productCode", "bomVersion", "level", "sequence", "component", "quantity", "unit", "isKeyComponent"),
        *("isPhantom", "isFitted", "isExcluded", "scrapPercent", "fixedQuantity", "multiple", "alternates"),
        *("designators", "effectiveFrom", "effectiveTo", "baseQuantity", "updatedAt"),
    ),
}
"""What each kind of mapping makes."""
NUMBERS: Mapping[MappingKind, tuple[str, ...]] = {
    MappingKind.PRODUCT: (),
    MappingKind.BOM_LINE: (
        *("level", "sequence", "quantity", "scrapPercent", "fixedQuantity", "multiple", "baseQuantity"),
    ),
}
"""Which of them are numbers."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field is made.

    ``source`` names a member of the source's record; empty: the expression alone makes the field. ``convert`` is an
    expression of ``value``, ``source`` (the record), ``product`` (of a BOM line) and ``file`` (a file's name).
    ``values`` translates the member's texts first; one that it does not know stays. A source without the member is
    refused unless ``may_lack``.
    """

    field: str
    source: str = ""
    convert: str = ""
    reads: Reads = Reads.TEXT
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    may_lack: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """What a mapped record has to fulfil: ``rule`` is an expression of ``record`` and ``source``."""

    name: str
    field: str
    rule: str


@dataclass(frozen=True, slots=True)
class MappingRules:
    """The rules of one version.

    ``keep_others``: fields that no rule names are the members of the same name. ``take``: an expression; a record for
    which it is not true is left out, which is no mistake. ``records``: where an XML file's records are, beneath its
    root (``components/comp``). ``partial``: a BOM lands without the lines that were refused.
    """

    fields: tuple[FieldRule, ...] = ()
    keep_others: bool = True
    take: str = ""
    checks: tuple[Check, ...] = ()
    records: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class MappingTest:
    """For this source: these fields, or refused for this field, or left out."""

    name: str
    source: Mapping[str, str | None]
    expect: Mapping[str, str | None] = field(default_factory=dict)
    refused: str = ""
    left_out: bool = False
    file: str = ""
    product: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """The mapping of one kind of a connection; ``active_version`` 0 is the identity."""

    tenant_id: str
    connection: str
    kind: MappingKind
    version: int = 0
    """The latest one."""
    active_version: int = 0
    activations: tuple[int, ...] = ()
    """Versions that were in force, the latest last."""
    updated_by: str = ""
    updated_at: datetime | None = None
    activated_by: str = ""
    activated_at: datetime | None = None

    def was_active(self, version: int) -> bool:
        """Tell whether a version was in force at some time; the identity was, before all others."""
        return version == 0 or version in self.activations


@dataclass(frozen=True, slots=True)
class MappingVersion:
    """One version; it never changes."""

    tenant_id: str
    connection: str
    kind: MappingKind
    version: int
    rules: MappingRules
    tests: tuple[MappingTest, ...] = ()
    description: str = ""
    created_by: str = ""
    created_at: datetime | None = None
    reason: str = ""

    def says_the_same(self, other: "MappingVersion") -> bool:
        """Tell whether both say the same, whoever wrote them when."""
        mine, theirs = ((one.rules, one.tests, one.description) for one in (self, other))
        return mine == theirs


def saved(wanted: MappingVersion, before: Kept[FieldMapping] | None, origin: Origin) -> Commit[FieldMapping]:
    """Return the commit of a new version; which one is active stays."""
    known = before.value if before else FieldMapping(wanted.tenant_id, wanted.connection, wanted.kind)
    after = replace(known, version=known.version + 1, updated_by=origin.user_id, updated_at=origin.at)
    return Commit(origin, "changed" if before else "created", after, before, reason=wanted.reason)


def activated(
    before: Kept[FieldMapping], version: int, action: str, origin: Origin, reason: str
) -> Commit[FieldMapping]:
    """Return the commit by which a version is the one in force."""
    found = before.value
    after = replace(
        found,
        active_version=version,
        activations=(*found.activations, version)[-MOST_ACTIVATIONS:],
        activated_by=origin.user_id,
        activated_at=origin.at,
    )
    return Commit(origin, action, after, before, reason=reason)
