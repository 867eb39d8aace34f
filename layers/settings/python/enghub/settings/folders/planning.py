"""What has to change so that flags, segments and rules are as files say (CFG-32)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from enghub.core.commits import Commit, Kept
from enghub.core.errors import EngHubError
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.kit.expressions.tables import CompiledTable, table_of
from enghub.settings.business_rules import model as rule_model
from enghub.settings.business_rules.errors import RuleTooLong
from enghub.settings.business_rules.model import MAX_DEFINITION, BusinessRule, RuleVersion, tests_of
from enghub.settings.business_rules.repository import RuleRepository
from enghub.settings.business_rules.service import unproven
from enghub.settings.flags import model as flag_model
from enghub.settings.flags.changes import Changes
from enghub.settings.flags.model import FeatureFlag, FlagSegment, FlagSet
from enghub.settings.flags.repository import FlagRepository
from enghub.settings.flags.service import new_salt
from enghub.settings.folders.errors import FolderRefused, TooManyRules
from enghub.settings.folders.kinds import Kind
from enghub.settings.folders.model import (
    FlagFile,
    Line,
    Outcome,
    RuleChange,
    RuleFile,
    SegmentFile,
    Wanted,
    Whole,
)

MAX_RULES = 15
"""Rules that one moment changes: four writes each, and what else belongs to the switch, in one transaction."""
SHOWN = 100


@dataclass(frozen=True, slots=True)
class _Run:
    """One comparison: whose, by whom, and what it finds."""

    tenant_id: str
    origin: Origin
    reason: str
    lines: list[Line] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Planning:
    """Compares files with what is stored."""

    flags: FlagRepository
    rules: RuleRepository

    def plan(self, wanted: Wanted, tenant_id: str, origin: Origin, reason: str) -> tuple[Whole, list[Line], list[Any]]:
        """Return the changes, a line for each thing, and what is refused, one by one.

        Raises:
            TooManyRules
            FlagsHeld: other flags are being changed together at this moment.
        """
        run = _Run(tenant_id, origin, reason)
        environments = dict.fromkeys(
            [one.environment for one in wanted.flags] + [one.environment for one in wanted.segments]
        )
        sets = [FlagSet(tenant_id, one) for one in environments]
        seen = self.flags.revisions(sets) if sets else {}
        for at in sets:
            self.flags.check_free(at)
        changes = Changes(tuple(self._flags(wanted.flags, run)), tuple(self._segments(wanted.segments, run)))
        rules = tuple(self._rules(wanted.rules, run))
        if len(rules) > MAX_RULES:
            raise TooManyRules(found=len(rules), most=MAX_RULES)
        return Whole((), changes, rules, seen), run.lines, run.refused

    def _flags(self, wanted: Sequence[FlagFile], run: "_Run") -> Iterator[Commit[FeatureFlag]]:
        stored: dict[tuple[FlagSet, str], Kept[FeatureFlag]] = {}
        for at in dict.fromkeys(FlagSet(run.tenant_id, one.environment) for one in wanted):
            keys = [one.flag_key for one in wanted if one.environment is at.environment]
            stored |= {(at, name): kept for name, kept in self.flags.get_many(at, keys).items()}
        for one in wanted:
            at = FlagSet(run.tenant_id, one.environment)
            with refusing(run.refused, Kind.FLAG, one.flag_key, one.environment):
                before = stored.get((at, one.flag_key))
                commit = _flag_commit(one, at, before, run.origin, run.reason)
                run.lines.append(_line(Kind.FLAG, one.flag_key, commit, before, one.environment))
                if commit is not None:
                    yield commit

    def _segments(self, wanted: Sequence[SegmentFile], run: "_Run") -> Iterator[Commit[FlagSegment]]:
        for one in wanted:
            at = FlagSet(run.tenant_id, one.environment)
            with refusing(run.refused, Kind.SEGMENT, one.segment_key, one.environment):
                flag_model.check_key(one.segment_key, "segmentKey")
                segment = flag_model.checked_segment({**one.definition, "key": one.segment_key})
                definition = flag_model.segment_definition(segment)
                after = FlagSegment(at, one.segment_key, one.description, definition)
                before = self.flags.segment(at, one.segment_key)
                is_same = before is not None and before.value == after
                commit = None if is_same else _commit(after, before, run.origin, run.reason)
                run.lines.append(_line(Kind.SEGMENT, one.segment_key, commit, before, one.environment))
                if commit is not None:
                    yield commit

    def _rules(self, wanted: Sequence[RuleFile], run: "_Run") -> Iterator[RuleChange]:
        for one in wanted:
            with refusing(run.refused, Kind.RULE, one.rule_key, ""):
                before = self.rules.get(run.tenant_id, one.rule_key)
                change = self._rule(one, run.tenant_id, before, run.origin, run.reason)
                run.lines.append(_rule_line(one, change, before))
                if change is not None:
                    yield change

    def _rule(
        self, one: RuleFile, tenant_id: str, before: Kept[BusinessRule] | None, origin: Origin, reason: str
    ) -> RuleChange | None:
        wanted = RuleVersion(tenant_id, one.rule_key, 0, one.name, one.kind, one.table, one.tests, one.description)
        active, latest = self._known(tenant_id, before)
        if one.is_active and active is not None and active.says_the_same(wanted):
            return None
        new = None
        if latest is None or not latest.says_the_same(wanted):
            version = 1 if before is None else before.value.version + 1
            new = replace(wanted, version=version, created_by=origin.user_id, created_at=origin.at, reason=reason)
        if new is None and not one.is_active and active is None:
            return None
        decides = (new or latest) if one.is_active else None
        table = _compiled(wanted)
        if decides is not None:
            proof = rule_model.proved(table, tests_of(wanted.tests))
            if not proof.is_whole:
                raise unproven(decides, proof)
        return rule_change(before, new, decides, origin, reason)

    def _known(
        self, tenant_id: str, before: Kept[BusinessRule] | None
    ) -> tuple[RuleVersion | None, RuleVersion | None]:
        if before is None:
            return None, None
        rule = before.value
        latest = self.rules.version(tenant_id, rule.rule_key, rule.version)
        if rule.active_version in {0, rule.version}:
            return latest if rule.active_version else None, latest
        return self.rules.version(tenant_id, rule.rule_key, rule.active_version), latest


def rule_change(
    before: Kept[BusinessRule] | None,
    new: RuleVersion | None,
    decides: RuleVersion | None,
    origin: Origin,
    reason: str,
    *,
    change_request: str = "",
    approved_by: tuple[str, ...] = (),
) -> RuleChange:
    """Return the change that stores a version (None: nothing new) and lets one decide (None: none)."""
    commit = None if new is None else rule_model.saved(new, before, origin)
    head = before if commit is None else Kept(commit.after)
    assert head is not None  # noqa: S101 - what is not new is stored
    number = 0 if decides is None else decides.version
    if head.value.active_version != number:
        switched = rule_model.activated(
            head, number, origin, reason, change_request=change_request, approved_by=approved_by
        )
        commit = replace(switched, before=before)
    assert commit is not None  # noqa: S101 - else nothing changes
    return RuleChange(replace(commit, reason=reason), new, decides)


def _compiled(wanted: RuleVersion) -> CompiledTable:
    for name, text in (("rows", wanted.table), ("tests", wanted.tests)):
        if len(text) > MAX_DEFINITION:
            raise RuleTooLong(field=name, length=len(text), most=MAX_DEFINITION)
    return CompiledTable.of(table_of(wanted.table, wanted.rule_key))


def _flag_commit(
    one: FlagFile, at: FlagSet, before: Kept[FeatureFlag] | None, origin: Origin, reason: str
) -> Commit[FeatureFlag] | None:
    flag_model.check_key(one.flag_key)
    known: Mapping[str, Any] = {} if before is None else before.value.document
    kept = {name: known[name] for name in ("salt", "hashVersion") if name in known}
    document = {"salt": new_salt(), **kept, **one.definition, "key": one.flag_key}
    definition = flag_model.definition_of(flag_model.checked_flag(document))
    wanted = FeatureFlag(at, one.flag_key, one.flag_name or one.flag_key, definition, one.description, one.owner_id)
    if before is not None and wanted.same_content(before.value):
        return None
    is_new = before is None or before.value.is_deleted
    after = replace(
        wanted,
        version=1 if before is None else before.revision + 1,
        created_by=origin.user_id if before is None or is_new else before.value.created_by,
        created_at=origin.at if before is None or is_new else before.value.created_at,
        updated_by=origin.user_id,
        updated_at=origin.at,
    )
    return Commit(origin, "created" if is_new else "updated", after, before, reason=reason)


def _commit(after: FlagSegment, before: Kept[FlagSegment] | None, origin: Origin, reason: str) -> Commit[FlagSegment]:
    is_new = before is None or before.value.is_deleted
    return Commit(origin, "created" if is_new else "updated", after, before, reason=reason)


def _line(kind: Kind, name: str, commit: Commit[Any] | None, before: Kept[Any] | None, environment: str) -> Line:
    if commit is None:
        return Line(kind, name, Outcome.UNCHANGED, environment, None if before is None else before.revision)
    outcome = Outcome.CREATED if commit.action == "created" or before is None else Outcome.UPDATED
    return Line(kind, name, outcome, environment, 1 if before is None else before.revision + 1)


def _rule_line(one: RuleFile, change: RuleChange | None, before: Kept[BusinessRule] | None) -> Line:
    if change is None:
        return Line(Kind.RULE, one.rule_key, Outcome.UNCHANGED, "", None if before is None else before.value.version)
    outcome = Outcome.CREATED if before is None else Outcome.UPDATED
    return Line(Kind.RULE, one.rule_key, outcome, "", change.commit.after.version)


@contextmanager
def refusing(refused: list[Any], kind: Kind, name: str, environment: str) -> Iterator[None]:
    """Collect what is wrong with one thing of several; an outage is nobody's refusal: it is raised."""
    try:
        yield
    except EngHubError as error:
        if error.status >= 500:
            raise
        refused.append(refusal(kind, name, environment, error))


def refusal(kind: Kind, name: str, environment: str, error: EngHubError) -> Mapping[str, Any]:
    """Return how an answer tells of one thing that is refused."""
    text: Text = error.text
    return {
        "kind": kind.value,
        "name": name[:300],
        "environment": str(environment),
        "place": f"{kind.value} {environment}".strip(),
        "configKey": name[:300],
        "code": error.code,
        "error": error.name,
        "message": text.filled(**error.details).render("en"),
        "messageZh": text.filled(**error.details).render("zh"),
        "field": error.details.get("field"),
    }


def check_refused(refused: Sequence[Any], total: int) -> None:
    """Raise where something is refused: then nothing is changed.

    Raises:
        FolderRefused
    """
    if refused:
        raise FolderRefused(refused=len(refused), total=total, errors=list(refused[:SHOWN]))
