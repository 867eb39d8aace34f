"""Stores changes of configuration, flags and rules at one moment, however many they are (CFG-32, decision 0177)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from enghub.core.transactions import transact
from enghub.settings.business_rules.dynamo import rule_writes
from enghub.settings.business_rules.events import rule_activated
from enghub.settings.configs.service import ConfigService
from enghub.settings.flags import staging
from enghub.settings.flags.changes import Changes, checked
from enghub.settings.flags.dynamo import change_writes
from enghub.settings.flags.model import FlagSet
from enghub.settings.flags.repository import FlagRepository
from enghub.settings.folders.model import RuleChange, Whole


@dataclass(frozen=True, slots=True)
class DynamoStoring:
    """See ``Storing``: one transaction; where configuration does not fit, the switch of its change set; where flags are
    many, a stage that this transaction lets be in force."""

    configs: ConfigService
    flags: FlagRepository

    def make(self, whole: Whole, alongside: Sequence[Any] = ()) -> None:
        """One transaction; before it, where they do not fit, what is held and staged, and after it what is settled."""
        seen = {**(whole.seen or {}), **checked(self.flags, whole.flags)}
        writes, stage = self._flag_writes(whole.flags, seen)
        more = [*writes, *(write for one in whole.rules for write in _rule_writes(one)), *alongside]
        if whole.configs:
            self.configs.save(whole.configs, more)
        else:
            transact(*more)
        if stage is not None:
            stage.settle()

    def _flag_writes(self, changes: Changes, seen: Mapping[FlagSet, int]) -> tuple[Sequence[Any], staging.Stage | None]:
        if len(changes.flags) + len(changes.segments) <= staging.ONE_BY_ONE:
            return change_writes(changes, seen), None
        missing = [at for at in changes.sets if at not in seen]
        stage = staging.stage(changes, {**seen, **(self.flags.revisions(missing) if missing else {})})
        return stage.writes, stage


def _rule_writes(change: RuleChange) -> list[Any]:
    commit = change.commit
    if change.switches:
        commit = replace(commit, events=(rule_activated(commit, change.decides),))
    return list(rule_writes(commit, change.new))
