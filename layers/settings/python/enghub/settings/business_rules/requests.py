"""What people send about business rules (CFG-15)."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainSerializer

from enghub.core import wire
from enghub.core.events import dumps
from enghub.core.i18n import Text
from enghub.core.strictjson import write_json
from enghub.kit.expressions.compiled import MOST_CHARACTERS
from enghub.kit.expressions.tables import MOST_COLUMNS, MOST_ROWS, HitPolicy
from enghub.settings.business_rules.model import RuleKind, RuleVersion

BASE = "/api/v1/settings/business-rules"
MOST_TESTS = 2_000
MOST_CASES = 100
_NAMES = Text("letters, digits and underscore", "仅限字母、数字和下划线")
Column = Annotated[str, wire.form(r"^[A-Za-z][A-Za-z0-9_]*$", _NAMES, max_length=64)]
Columns = Annotated[list[Column], Field(min_length=1, max_length=MOST_COLUMNS)]
Cell = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Cells = Annotated[dict[Column, Cell], Field(max_length=MOST_COLUMNS)]
Values = Annotated[dict[str, Any], Field(max_length=MOST_COLUMNS)]
Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(wire.printable)]
Reason = Annotated[str, Field(max_length=500)]
Seen = Annotated[wire.Count, Field(ge=1)]
AnyJson = Annotated[Any, PlainSerializer(lambda value: json.loads(dumps(value)))]
"""As it is kept, numbers as numbers."""


class RowRequest(wire.Request):
    """A row: a test for each column that it speaks of (``> 3``), a result for each column of the other side."""

    when: Cells = {}  # noqa: RUF012 - pydantic copies it
    then: Cells


class TestRequest(wire.Request):
    """For these inputs these results, one for each row that counts; no result means that no row may fit."""

    name: Label
    inputs: Values
    expect: Annotated[list[Values], Field(max_length=100)]


class TableRequest(wire.Request):
    """A decision table."""

    inputs: Columns
    outputs: Columns
    policy: HitPolicy = HitPolicy.UNIQUE
    may_lack: Annotated[list[Column], Field(max_length=MOST_COLUMNS)] = Field(default=[])
    """Columns whose value may be missing; elsewhere a missing one is an error that names row and column."""
    rows: Annotated[list[RowRequest], Field(min_length=1, max_length=MOST_ROWS)]

    def text(self) -> str:
        """Return the table as it is kept."""
        rows = [{"when": row.when, "then": row.then} for row in self.rows]
        named = {"inputs": self.inputs, "outputs": self.outputs, "policy": self.policy, "mayLack": self.may_lack}
        return write_json({**named, "rows": rows})


class RuleRequest(TableRequest):
    """A rule, or its next version, with its tests; ``version`` is the one that was read."""

    name: Label
    kind: RuleKind = RuleKind.OTHER
    description: Annotated[str, Field(max_length=2_000)] = ""
    tests: Annotated[list[TestRequest], Field(max_length=MOST_TESTS)] = Field(default=[])
    version: Seen | None = None
    change_reason: Reason = ""

    def rule(self, tenant_id: str, rule_key: str) -> RuleVersion:
        """Return the version as wanted."""
        tests = [{"name": one.name, "inputs": one.inputs, "expect": one.expect} for one in self.tests]
        return RuleVersion(
            tenant_id,
            rule_key,
            0,
            self.name,
            self.kind,
            self.text(),
            write_json(tests),
            self.description,
            reason=self.change_reason,
        )


class ActivateRequest(wire.Request):
    """Let a version decide."""

    version: Seen
    change_reason: Reason = ""
    break_glass: wire.Flag = False


class DeactivateRequest(wire.Request):
    """Let no version decide."""

    change_reason: Reason = ""
    break_glass: wire.Flag = False


class ExplainRequest(wire.Request):
    """For which inputs, and at which time; now when left out."""

    inputs: Values
    at: wire.Instant | None = None


class SimulateRequest(wire.Request):
    """Cases for a version, the latest by default, or for a ``table`` that is thought of."""

    cases: Annotated[list[Values], Field(min_length=1, max_length=MOST_CASES)]
    version: Seen | None = None
    table: TableRequest | None = None
