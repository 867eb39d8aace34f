"""Use cases of business rules: versions with their tests, activation that has to be proved, simulation (CFG-15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from enghub.core import codec
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.kit.expressions.tables import CompiledTable, table_of
from enghub.settings.approvals.gate import held
from enghub.settings.approvals.model import ChangeRequest, Subject
from enghub.settings.approvals.service import Approving
from enghub.settings.business_rules import model
from enghub.settings.business_rules.errors import RuleNotFound, RuleTooLong, RuleUnproven
from enghub.settings.business_rules.events import rule_activated
from enghub.settings.business_rules.model import (
    MAX_DEFINITION,
    BusinessRule,
    Outcome,
    Proof,
    RuleVersion,
    tests_of,
)
from enghub.settings.business_rules.repository import RuleRepository
from enghub.settings.configs.repository import Page

KIND = "rule"
"""How rules of approval name changes of business rules."""
SHOWN = 20
"""Failed tests that a refusal tells of."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The payload of a request: which version becomes the one that decides, instead of which."""

    rule_key: str
    version: int
    instead_of: int


@dataclass(frozen=True, slots=True)
class RuleService:
    """Keeps business rules."""

    repository: RuleRepository
    approving: Approving | None = None

    def get(self, tenant_id: str, rule_key: str, version: int | None = None) -> tuple[BusinessRule, RuleVersion]:
        """Return a rule with one of its versions, the latest by default.

        Raises:
            RuleNotFound
        """
        rule = self._existing(tenant_id, rule_key).value
        return rule, self._version(tenant_id, rule_key, rule.version if version is None else version)

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> Page[BusinessRule]:
        """Return rules by key."""
        return self.repository.page(tenant_id, limit, cursor)

    def versions(self, tenant_id: str, rule_key: str, limit: int, cursor: str | None) -> Page[RuleVersion]:
        """Return a rule's versions, the newest first.

        Raises:
            RuleNotFound
        """
        self._existing(tenant_id, rule_key)
        return self.repository.versions(tenant_id, rule_key, limit, cursor)

    def put(self, wanted: RuleVersion, seen: int | None, origin: Origin) -> tuple[BusinessRule, RuleVersion]:
        """Store a rule, or its next version; it decides nothing before it is activated. A repeat changes nothing.

        Raises:
            ExpressionRefused: a cell cannot be used; row and column are named.
            RuleTooLong, VersionConflict
        """
        for field, text in (("rows", wanted.table), ("tests", wanted.tests)):
            if len(text) > MAX_DEFINITION:
                raise RuleTooLong(field=field, length=len(text), most=MAX_DEFINITION)
        CompiledTable.of(table_of(wanted.table, wanted.rule_key))
        before = self.repository.get(wanted.tenant_id, wanted.rule_key)
        stored = 0 if before is None else before.value.version
        if before is not None and seen in {None, stored, stored - 1}:
            latest = self._version(wanted.tenant_id, wanted.rule_key, stored)
            if latest.says_the_same(wanted):
                return before.value, latest
        if seen is not None and seen != stored:
            raise VersionConflict(expected=seen, actual=stored)
        made = replace(wanted, version=stored + 1, created_by=origin.user_id, created_at=origin.at)
        kept = self.repository.save(model.saved(made, before, origin), made)
        return kept.value, made

    def proof(self, tenant_id: str, rule_key: str, version: int | None = None) -> tuple[RuleVersion, Proof]:
        """Run the tests of a version.

        Raises:
            RuleNotFound
        """
        found = self.get(tenant_id, rule_key, version)[1]
        return found, model.proved(CompiledTable.of(table_of(found.table, rule_key)), tests_of(found.tests))

    def simulate(self, found: RuleVersion, cases: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Return what a version, stored or not, says to each case; nothing is stored.

        Raises:
            ExpressionRefused: a cell cannot be used.
        """
        table = CompiledTable.of(table_of(found.table, found.rule_key))
        return [model.decided(table, case) for case in cases]

    def activate(
        self,
        tenant_id: str,
        rule_key: str,
        version: int,
        origin: Origin,
        *,
        reason: str = "",
        claim: Claim | None = None,
        break_glass: bool = False,
    ) -> BusinessRule | ChangeRequest:
        """Let a proved version decide from now on (0: none); the one that decides already stays as it is.

        Raises:
            RuleNotFound
            RuleUnproven: a test fails, or no test reaches a row.
        """
        before = self._existing(tenant_id, rule_key)
        if before.value.active_version == version:
            return before.value
        if version:
            found, proof = self.proof(tenant_id, rule_key, version)
            if not proof.is_whole:
                raise unproven(found, proof)
        alongside: ChangeRequest | Sequence[Any] = ()
        if self.approving is not None:
            alongside = self._held(
                before.value, version, origin=origin, reason=reason, claim=claim, break_glass=break_glass
            )
        if isinstance(alongside, ChangeRequest):
            return alongside
        commit = replace(model.activated(before, version, origin, reason), claim=claim)
        return self._decide(commit, alongside)

    # --- approved changes: see ``Executor`` ---

    def apply(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Activate what was approved, in the name of who asked.

        Raises:
            VersionConflict: another version decides meanwhile.
        """
        said = codec.loads(Proposed, request.payload)
        self._switch(request, said.instead_of, said.version, origin, alongside)

    def revert(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Let the version of before decide again.

        Raises:
            VersionConflict: another version decides meanwhile.
        """
        said = codec.loads(Proposed, request.payload)
        self._switch(request, said.version, said.instead_of, origin, alongside)

    def _switch(
        self, request: ChangeRequest, expected: int, version: int, origin: Origin, alongside: Sequence[Any]
    ) -> None:
        said = codec.loads(Proposed, request.payload)
        before = self._existing(request.tenant_id, said.rule_key)
        if before.value.active_version != expected:
            raise VersionConflict(expected=expected, actual=before.value.active_version)
        reason, by = request.approval.reason, request.approval.approvers
        commit = model.activated(before, version, origin, reason, change_request=request.request_id, approved_by=by)
        self._decide(commit, alongside)

    # --- inside ---

    def _decide(self, commit: Commit[BusinessRule], alongside: Sequence[Any]) -> BusinessRule:
        rule = commit.after
        version = self._version(rule.tenant_id, rule.rule_key, rule.active_version) if rule.active_version else None
        told = replace(commit, events=(rule_activated(commit, version),))
        return self.repository.save(told, alongside=alongside).value

    def _held(
        self,
        rule: BusinessRule,
        version: int,
        *,
        origin: Origin,
        reason: str,
        claim: Claim | None,
        break_glass: bool,
    ) -> ChangeRequest | Sequence[Any]:
        assert self.approving is not None  # noqa: S101 - asked where there are rules of approval
        subject = Subject(KIND, rule.rule_key, rule.layer, rule.kind.value)
        payload = codec.dumps(Proposed(rule.rule_key, version, rule.active_version))
        active = {"before": {"activeVersion": rule.active_version}, "after": {"activeVersion": version}}
        preview = [{"ruleKey": rule.rule_key, **active}]
        return held(
            self.approving,
            KIND,
            [subject],
            payload,
            preview,
            origin=origin,
            reason=reason,
            claim=claim,
            break_glass=break_glass,
        )

    def _existing(self, tenant_id: str, rule_key: str) -> Kept[BusinessRule]:
        found = self.repository.get(tenant_id, rule_key)
        if found is None:
            raise RuleNotFound(rule_key=rule_key)
        return found

    def _version(self, tenant_id: str, rule_key: str, version: int) -> RuleVersion:
        found = self.repository.version(tenant_id, rule_key, version)
        if found is None:
            raise RuleNotFound(rule_key=f"{rule_key} v{version}")
        return found


def unproven(version: RuleVersion, proof: Proof) -> RuleUnproven:
    """Return the refusal of a version that its tests do not prove, with what each failed test expected and got."""
    failed = [
        {
            "test": one.test.name,
            "expected": [dict(each) for each in one.test.expect],
            "got": [dict(each) for each in one.outcome.results],
            "problem": "" if one.outcome.problem is None else str(one.outcome.problem),
        }
        for one in proof.failed[:SHOWN]
    ]
    return RuleUnproven(
        rule_key=version.rule_key,
        version=version.version,
        failures=len(proof.failed),
        rows=", ".join(map(str, proof.never_reached[:100])) or "-",
        failed=failed,
        never_reached=list(proof.never_reached[:100]),
    )
