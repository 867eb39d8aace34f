"""Answers about business rules (CFG-15)."""

import json
from collections.abc import Sequence
from typing import Any

from enghub.core import i18n, wire
from enghub.core.errors import EngHubError
from enghub.settings.business_rules.explaining import Cell, Explained, RowSeen
from enghub.settings.business_rules.model import (
    BusinessRule,
    Outcome,
    Proof,
    RuleKind,
    RuleVersion,
    Tested,
)
from enghub.settings.business_rules.requests import AnyJson


class RuleSummary(wire.Response):
    """A rule without its table."""

    rule_key: str
    name: str
    kind: RuleKind
    layer: str
    version: int
    active_version: int
    """0: none decides."""
    updated_by: str
    updated_at: wire.Instant | None
    activated_by: str
    activated_at: wire.Instant | None
    change_request_id: str
    approved_by: list[str]

    @classmethod
    def of(cls, rule: BusinessRule) -> "RuleSummary":
        """Return the answer for a rule."""
        return cls(**facts(rule))


class RuleVersionResponse(wire.Response):
    """One version of a rule, with its table and tests."""

    rule_key: str
    version: int
    name: str
    kind: RuleKind
    description: str
    table: AnyJson
    tests: AnyJson
    created_by: str
    created_at: wire.Instant | None
    change_reason: str

    @classmethod
    def of(cls, one: RuleVersion) -> "RuleVersionResponse":
        """Return the answer for a version."""
        return cls(
            rule_key=one.rule_key,
            version=one.version,
            name=one.name,
            kind=one.kind,
            description=one.description,
            table=json.loads(one.table),
            tests=json.loads(one.tests),
            created_by=one.created_by,
            created_at=one.created_at,
            change_reason=one.reason,
        )


class RuleResponse(RuleSummary):
    """A rule with one of its versions."""

    shown: RuleVersionResponse

    @classmethod
    def of_both(cls, found: tuple[BusinessRule, RuleVersion]) -> "RuleResponse":
        """Return the answer for a rule and a version."""
        rule, version = found
        return cls(**facts(rule), shown=RuleVersionResponse.of(version))


class RulesResponse(wire.Response):
    """A page of rules, by key."""

    items: list[RuleSummary]
    next_cursor: str | None


class RuleVersionsResponse(wire.Response):
    """A page of versions, the newest first."""

    items: list[RuleVersionResponse]
    next_cursor: str | None


class OutcomeResponse(wire.Response):
    """What a table said to one case."""

    inputs: AnyJson
    rows: list[int]
    """The rows that count, from 1."""
    results: AnyJson
    problem: str
    """Why it could not decide, with row and column; empty where it could."""

    @classmethod
    def of(cls, one: Outcome, language: i18n.Language) -> "OutcomeResponse":
        """Return the answer for an outcome."""
        results = [dict(each) for each in one.results]
        problem = one.problem.message(language) if isinstance(one.problem, EngHubError) else ""
        return cls(inputs=dict(one.inputs), rows=list(one.rows), results=results, problem=problem)


class SimulationResponse(wire.Response):
    """What a table said, in the order of the cases."""

    outcomes: list[OutcomeResponse]

    @classmethod
    def of(cls, found: Sequence[Outcome], language: i18n.Language) -> "SimulationResponse":
        """Return the answer for some outcomes."""
        return cls(outcomes=[OutcomeResponse.of(one, language) for one in found])


class TestedResponse(OutcomeResponse):
    """What became of one test."""

    name: str
    passed: bool
    expect: AnyJson

    @classmethod
    def of_test(cls, one: Tested, language: i18n.Language) -> "TestedResponse":
        """Return the answer for a test."""
        outcome = OutcomeResponse.of(one.outcome, language)
        expect = [dict(each) for each in one.test.expect]
        return cls(**dict(outcome), name=one.test.name, passed=one.passed, expect=expect)


class ProofResponse(wire.Response):
    """What the tests of a version say about it; ``proved``: it may be activated."""

    rule_key: str
    version: int
    proved: bool
    tests: int
    failed: int
    never_reached: list[int]
    """Rows, from 1, that no test reaches."""
    tested: list[TestedResponse]

    @classmethod
    def of(cls, version: RuleVersion, proof: Proof, language: i18n.Language) -> "ProofResponse":
        """Return the answer for a proof."""
        return cls(
            rule_key=version.rule_key,
            version=version.version,
            proved=proof.is_whole,
            tests=len(proof.tested),
            failed=len(proof.failed),
            never_reached=list(proof.never_reached),
            tested=[TestedResponse.of_test(one, language) for one in proof.tested],
        )


class CellResponse(wire.Response):
    """A test with what it saw."""

    column: str
    test: str
    actual: AnyJson
    holds: bool
    problem: str
    """Why it could not judge."""


def _cell(cell: Cell, language: i18n.Language) -> CellResponse:
    problem = cell.problem.message(language) if cell.problem is not None else ""
    return CellResponse(column=cell.column, test=cell.test, actual=cell.actual, holds=cell.holds, problem=problem)


class RowResponse(wire.Response):
    """A row, from 1, with its tests up to the first that does not hold."""

    row: int
    fits: bool
    cells: list[CellResponse]

    @classmethod
    def of(cls, one: RowSeen, language: i18n.Language) -> "RowResponse":
        """Return the answer for a row."""
        return cls(row=one.row, fits=one.fits, cells=[_cell(cell, language) for cell in one.cells])


class ExplainedResponse(wire.Response):
    """Why a rule answers what it does: whose version decides, who wrote, activated and approved it, row by row."""

    rule_key: str
    layer: str
    version: int
    written_by: str
    written_at: wire.Instant | None
    change_reason: str
    activated_by: str
    activated_at: wire.Instant | None
    change_request_id: str
    approved_by: list[str]
    at: wire.Instant | None
    outcome: OutcomeResponse
    rows: list[RowResponse]
    """At most 100, those that fit first."""

    @classmethod
    def of(cls, found: Explained, language: i18n.Language) -> "ExplainedResponse":
        """Return the answer for an explanation."""
        version, activation = found.version, found.activation
        return cls(
            rule_key=version.rule_key,
            layer="global" if activation.tenant_id == "*" else "tenant",
            version=version.version,
            written_by=version.created_by,
            written_at=version.created_at,
            change_reason=version.reason,
            activated_by=activation.by,
            activated_at=activation.at,
            change_request_id=activation.change_request,
            approved_by=list(activation.approved_by),
            at=found.at,
            outcome=OutcomeResponse.of(found.outcome, language),
            rows=[RowResponse.of(one, language) for one in found.rows],
        )


def facts(rule: BusinessRule) -> dict[str, Any]:
    """Return what an answer shows of a rule."""
    return {
        "rule_key": rule.rule_key,
        "name": rule.name,
        "kind": rule.kind,
        "layer": rule.layer,
        "version": rule.version,
        "active_version": rule.active_version,
        "updated_by": rule.updated_by,
        "updated_at": rule.updated_at,
        "activated_by": rule.activated_by,
        "activated_at": rule.activated_at,
        "change_request_id": rule.change_request,
        "approved_by": list(rule.approved_by),
    }
