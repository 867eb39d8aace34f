"""Changes of several kinds at once that people have to agree to: one request, one approval (CFG-08, CFG-32)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from enghub.core import codec
from enghub.core.commits import Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.settings.approvals.gate import ChangeGate
from enghub.settings.approvals.model import ChangeRequest, Subject
from enghub.settings.approvals.service import Approving
from enghub.settings.business_rules.model import BusinessRule, RuleVersion
from enghub.settings.business_rules.repository import RuleRepository
from enghub.settings.business_rules.service import KIND as RULE
from enghub.settings.configs import approving as configs
from enghub.settings.flags import approving as flags
from enghub.settings.folders.model import RuleChange, Whole
from enghub.settings.folders.planning import rule_change
from enghub.settings.folders.repository import Storing

KIND = "folder"
"""As ``approval_wiring`` names its executor."""


@dataclass(frozen=True, slots=True)
class ProposedRule:
    """One rule: the version stored with the change, which decides before and after it."""

    rule_key: str
    latest: int
    decided: int
    decides: int
    new: RuleVersion | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The payload of a request."""

    configs: configs.Proposal
    flags: flags.Proposal
    rules: tuple[ProposedRule, ...]


@dataclass(frozen=True, slots=True)
class FolderExecutor:
    """Makes what was approved, and takes back what was made before its approval; see ``Executor``."""

    configs: configs.ConfigExecutor
    flags: flags.FlagExecutor
    rules: RuleRepository
    storing: Storing

    def apply(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Make all of it at one moment, on the versions it was checked on, in the name of who asked.

        Raises:
            ConfigVersionConflict, VersionConflict: something of it changed meanwhile.
        """
        said = codec.loads(Proposal, request.payload)
        whole = Whole(
            tuple(self.configs.made(said.configs, request, origin)) if said.configs.changes else (),
            self.flags.made(said.flags, request, origin),
            tuple(self._made(one, request, origin) for one in said.rules),
        )
        self.storing.make(whole, alongside)

    def revert(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Bring back what stood before, where all of it is still as the change made it.

        Raises:
            ConfigVersionConflict, VersionConflict: something of it changed since.
        """
        said = codec.loads(Proposal, request.payload)
        backs = [self._back(one, request, origin) for one in said.rules if one.decided != one.decides]
        whole = Whole(
            tuple(self.configs.unmade(said.configs, request, origin)) if said.configs.changes else (),
            self.flags.unmade(said.flags, request, origin),
            tuple(backs),
        )
        self.storing.make(whole, alongside)

    def _made(self, one: ProposedRule, request: ChangeRequest, origin: Origin) -> RuleChange:
        before = self.rules.get(request.tenant_id, one.rule_key)
        _check(before, one.latest, one.decided)
        decides = self._decides(request.tenant_id, one)
        approval = request.approval
        return rule_change(
            before,
            one.new,
            decides,
            origin,
            approval.reason,
            change_request=request.request_id,
            approved_by=approval.approvers,
        )

    def _decides(self, tenant_id: str, one: ProposedRule) -> RuleVersion | None:
        if one.new is not None and one.new.version == one.decides:
            return one.new
        return self.rules.version(tenant_id, one.rule_key, one.decides) if one.decides else None

    def _back(self, one: ProposedRule, request: ChangeRequest, origin: Origin) -> RuleChange:
        before = self.rules.get(request.tenant_id, one.rule_key)
        _check(before, one.latest if one.new is None else one.new.version, one.decides)
        earlier = self.rules.version(request.tenant_id, one.rule_key, one.decided) if one.decided else None
        reason = f"change request {request.request_id} was not approved"
        return rule_change(before, None, earlier, origin, reason)


def gate(approving: Approving) -> ChangeGate[Whole]:
    """Return what holds such changes where rules of approval speak of them."""
    return ChangeGate(approving, KIND, subjects, proposal, preview)


def proposal(whole: Whole) -> Proposal:
    """Return what a request keeps of changes."""
    rules = tuple(map(_proposed, whole.rules))
    return Proposal(configs.proposal(whole.configs), flags.proposal(whole.flags), rules)


def preview(whole: Whole) -> list[dict[str, Any]]:
    """Return what people see of changes: before and after."""
    return configs.preview(whole.configs) + flags.preview(whole.flags) + list(map(_seen, whole.rules))


def subjects(whole: Whole) -> list[Subject]:
    """Return what changes are about, as rules of approval see it; a version that decides nothing needs nobody."""
    rules = [
        Subject(RULE, one.commit.after.rule_key, one.commit.after.layer, one.commit.after.kind.value)
        for one in whole.rules
        if one.switches
    ]
    return configs.subjects(whole.configs) + flags.subjects(whole.flags) + rules


def _proposed(one: RuleChange) -> ProposedRule:
    latest = 0 if one.commit.before is None else one.commit.before.value.version
    after = one.commit.after
    return ProposedRule(after.rule_key, latest, one.decided, after.active_version, one.new)


def _seen(one: RuleChange) -> dict[str, Any]:
    after = one.commit.after
    found: dict[str, Any] = {"activeVersion": after.active_version}
    if one.new is not None:
        found |= {"name": one.new.name, "table": one.new.table}
    return {"ruleKey": after.rule_key, "before": {"activeVersion": one.decided}, "after": found}


def _check(found: Kept[BusinessRule] | None, latest: int, decided: int) -> None:
    now = (0, 0) if found is None else (found.value.version, found.value.active_version)
    if now != (latest, decided):
        raise VersionConflict(expected=latest, actual=now[0])
