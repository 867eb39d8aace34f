"""A space as files: planned, made so at one moment, taken out again (CFG-32)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from enghub.core.identity import Origin
from enghub.settings.approvals.gate import ChangeGate
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.business_rules.repository import RuleRepository
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.model import Config, Owner
from enghub.settings.configs.service import Edited
from enghub.settings.evaluations.service import Evaluations, Impact
from enghub.settings.flags.changes import checked
from enghub.settings.flags.errors import FlagInUse, FlagUnfit
from enghub.settings.flags.model import Environment, FlagSet
from enghub.settings.flags.repository import FlagRepository
from enghub.settings.folders.kinds import Kind
from enghub.settings.folders.model import (
    Content,
    Folder,
    Line,
    Outcome,
    RuleFile,
    Wanted,
    Whole,
    rule_file,
)
from enghub.settings.folders.planning import Planning, check_refused, refusal
from enghub.settings.folders.repository import Storing
from enghub.settings.transfers import service as transfers
from enghub.settings.transfers.service import Import, Transfers

_PAGE = 100
IMPACTS = 50
"""Flags of a plan whose impact is worked out."""


@dataclass(frozen=True, slots=True)
class Made:
    """What became, or would become, of each thing; whether people have to agree; whom changed flags would hit."""

    lines: tuple[Line, ...]
    needs_approval: bool = False
    hits: tuple[tuple[Line, Impact], ...] = ()


@dataclass(frozen=True, slots=True)
class Folders:
    """Makes a space as files say, and says it as files."""

    transfers: Transfers
    planning: Planning
    gate: ChangeGate[Whole]
    storing: Storing
    flags: FlagRepository
    rules: RuleRepository
    evaluations: Evaluations

    def apply(self, folder: Folder, origin: Origin, reason: str, *, break_glass: bool = False) -> Made | ChangeRequest:
        """Make the space so, all at one moment; what only the space has stays. Sent again it changes nothing.

        Raises:
            FolderRefused: what cannot be made so, one by one.
            TooManyRules
        """
        whole, lines = self._planned(folder, origin, reason)
        return self.make(whole, lines, origin, reason, break_glass=break_glass)

    def make(
        self, whole: Whole, lines: Sequence[Line], origin: Origin, reason: str, *, break_glass: bool = False
    ) -> Made | ChangeRequest:
        """Make changes that were planned, as far as rules of approval let it."""
        if not whole.is_nothing:
            passed = self.gate.passes(whole, origin, reason, break_glass=break_glass)
            if isinstance(passed, ChangeRequest):
                return passed
            self.storing.make(whole, passed)
        return Made(tuple(lines))

    def plan(self, folder: Folder, origin: Origin, reason: str, tenant_id: str) -> Made:
        """Say what ``apply`` would do; nothing is stored.

        Raises:
            FolderRefused, TooManyRules
        """
        whole, lines = self._planned(folder, origin, reason)
        needs = not whole.is_nothing and self.gate.asks(whole, origin.tenant_id)
        return Made(tuple(replace(one, version=None) for one in lines), needs, tuple(self._hits(whole, tenant_id)))

    def content(self, owner: Owner, origin: Origin) -> Content:
        """Return everything of the space as it stands; the audit keeps who took it."""
        configs = self.transfers.export(owner, None, origin, {"format": "folder"})
        return replace(self.things(origin), configs=tuple(configs))

    def things(self, origin: Origin) -> Content:
        """Return flags, segments and rules of the space as they stand."""
        sets = [self.flags.load(FlagSet(origin.tenant_id, one)) for one in Environment]
        flags = tuple(flag for one in sets for flag in one.flags)
        segments = tuple(segment for one in sets for segment in one.segments)
        return Content(origin.at, (), flags, segments, tuple(self._rule_files(origin.tenant_id)))

    def planned_with(
        self, edits: Sequence[Edited], wanted: Wanted, origin: Origin, reason: str
    ) -> tuple[Whole, list[Line], list[Any]]:
        """Return what makes edits of configuration and things so, checked together, and what is refused."""
        whole, lines, refused = self.planning.plan(wanted, origin.tenant_id, origin, reason)
        if edits:
            prepared, wrong = self.transfers.configs.prepared_all(edits, origin, reason)
            refused += [{**one, "kind": Kind.CONFIG.value, "name": one["configKey"]} for one in wrong]
            changes = tuple(one for one in prepared if isinstance(one, ConfigCommit))
            whole = replace(whole, configs=changes)
            lines = [*(_config_line(one) for one in prepared), *lines]
        if not refused:
            try:
                checked(self.flags, whole.flags)
            except (FlagUnfit, FlagInUse) as error:
                refused.append(refusal(Kind.FLAG, str(error.details.get("key", "")), "", error))
        return whole, lines, refused

    def _planned(self, folder: Folder, origin: Origin, reason: str) -> tuple[Whole, list[Line]]:
        said = self.transfers.edits(Import(folder.owner, folder.rows, overwrite=True, reason=reason), origin)
        whole, lines, refused = self.planned_with(said.changes, folder.wanted, origin, reason)
        of_rows = [one for one in refused if "index" in one]
        others = [one for one in refused if "index" not in one]
        wrong = [{**one, "kind": Kind.CONFIG.value, "name": one["configKey"]} for one in said.refused]
        total = len(folder.rows) + _size(folder.wanted)
        check_refused([*wrong, *said.placed(of_rows), *others], total)
        return whole, [*map(_still, said.still), *lines]

    def _hits(self, whole: Whole, tenant_id: str) -> Iterator[tuple[Line, Impact]]:
        for one in whole.flags.flags[:IMPACTS]:
            flag = one.after
            line = Line(
                Kind.FLAG, flag.flag_key, outcome=_OUTCOMES[one.before is None], environment=flag.at.environment
            )
            yield line, self.evaluations.impact(tenant_id, flag.at.environment, flag, ())

    def _rule_files(self, tenant_id: str) -> Iterator[RuleFile]:
        cursor: str | None = None
        while True:
            page = self.rules.page(tenant_id, _PAGE, cursor)
            for rule in page.items:
                version = self.rules.version(tenant_id, rule.rule_key, rule.active_version or rule.version)
                if version is not None:
                    yield rule_file(rule, version)
            cursor = page.cursor
            if cursor is None:
                return


_UNCHANGED = Outcome.UNCHANGED
_OUTCOMES = {True: Outcome.CREATED, False: Outcome.UPDATED}


def _still(line: transfers.Line) -> Line:
    return Line(Kind.CONFIG, line.config_key, _UNCHANGED, "", line.version, line.place)


def _config_line(one: ConfigCommit | Config) -> Line:
    if isinstance(one, Config):
        return Line(Kind.CONFIG, one.address.config_key, _UNCHANGED, "", one.version)
    return Line(Kind.CONFIG, one.after.address.config_key, _OUTCOMES[one.is_new], "", one.after.version)


def _size(wanted: Wanted) -> int:
    return len(wanted.flags) + len(wanted.segments) + len(wanted.rules)
