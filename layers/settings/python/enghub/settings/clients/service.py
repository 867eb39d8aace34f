"""What clients that keep settings read in one go, what they say of it, which of them are behind (CFG-11, 12)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.settings.clients.errors import SnapshotTooLarge
from enghub.settings.clients.model import Activation, ClientState, Revision, Setting, setting
from enghub.settings.clients.repository import Clients
from enghub.settings.configs.model import EVERY_TENANT, Address, Layer, Owner, check_key
from enghub.settings.configs.repository import ConfigRepository
from enghub.settings.flags.model import Environment, FlagSet
from enghub.settings.flags.repository import FlagRepository
from enghub.settings.flags.snapshots import Snapshot

MOST_KEYS = 1_000
MOST_CHARACTERS = 2_000_000
EVERYTHING = "*"


class FlagsOf(Protocol):
    """What a warm function knows of flags."""

    def of(self, tenant_id: str, environment: Environment) -> Snapshot:
        """Return what a tenant gets now."""


@dataclass(frozen=True, slots=True)
class Current:
    """The revision that is current for a user, and the flags that belong to it."""

    caller: Owner
    revision: Revision
    flags: Snapshot


@dataclass(frozen=True, slots=True)
class Seen:
    """A client, and whether what it runs is behind."""

    state: ClientState
    current: Revision

    @property
    def is_behind(self) -> bool:
        """Whether it does not run all that is in force."""
        return Revision.of(self.state.active_revision).is_behind(self.current)


@dataclass(frozen=True, slots=True)
class ClientService:
    """The use cases of clients."""

    clients: Clients
    configs: ConfigRepository
    flags: FlagsOf
    flag_sets: FlagRepository

    def current(self, caller: Owner, environment: Environment) -> Current:
        """Return what is current for a user; the counts are read before what they count: nothing is ever missed."""
        counts = self.clients.counts(caller.chain)
        user, tenant, everybody = (counts[owner] for owner in caller.chain)
        flags = self.flags.of(caller.tenant_id, environment)
        return Current(caller, Revision(*flags.revisions, everybody, tenant, user), flags)

    def settings(self, caller: Owner, wanted: Sequence[str], origin: Origin) -> list[Setting]:
        """Return what a user gets, now and as planned, of the keys wanted: whole names, or beginnings with ``*``.

        A Query per layer and beginning, a BatchGetItem per 100 items.

        Raises:
            ConfigKeyMalformed: a whole name is none.
            SnapshotTooLarge: it is more than one answer holds.
        """
        addresses = self._addresses(caller, wanted)
        found = self.configs.load(sorted(addresses))
        settings = []
        for config_key in sorted({address.config_key for address in addresses}):
            chain = tuple(Address(owner, config_key) for owner in caller.chain)
            layers = [found[one].value if one in found else None for one in chain]
            told = setting(chain, layers, origin.at)
            if told is not None:
                settings.append(told)
        size = sum(one.size for one in settings)
        if size > MOST_CHARACTERS:
            raise SnapshotTooLarge(field="keys", found=size, most=MOST_CHARACTERS, what="characters")
        return settings

    def _addresses(self, caller: Owner, wanted: Sequence[str]) -> set[Address]:
        found: set[Address] = set()
        for text in wanted:
            if text.endswith(EVERYTHING):
                for owner in caller.chain:
                    names = self.configs.keys(owner, text.removesuffix(EVERYTHING), MOST_KEYS + 1)
                    found.update(Address(owner, name) for name in names)
            else:
                found.update(Address(owner, check_key(text)) for owner in caller.chain)
        count = len({address.config_key for address in found})
        if count > MOST_KEYS:
            raise SnapshotTooLarge(field="keys", found=count, most=MOST_KEYS, what="keys")
        return found

    def said(self, state: ClientState, origin: Origin) -> ClientState:
        """Keep what a client says of a revision; people are told, once, of one that could not be activated."""
        before = self.clients.said(state.tenant_id, state.user_id, state.client_id)
        if before is not None and before.same(state):
            kept = replace(state, since=before.since)
            self.clients.keep(kept)
            return kept
        self.clients.keep(state, () if state.status is Activation.ACTIVE else (_notice(state).envelope(origin),))
        return state

    def seen(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[list[Seen], str | None]:
        """Return a tenant's clients with what is current for each: a Query, and two BatchGetItem."""
        page = self.clients.page(tenant_id, limit, cursor)
        owners = {Owner(Layer.USER, tenant_id, one.user_id) for one in page.items}
        above = (Owner(Layer.TENANT, tenant_id), Owner(Layer.GLOBAL, EVERY_TENANT))
        if not owners:
            return [], page.cursor
        counts = self.clients.counts([*above, *sorted(owners)])
        names = [FlagSet(owner, kind) for kind in Environment for owner in (tenant_id, EVERY_TENANT)]
        flags = self.flag_sets.revisions(names)
        return [
            Seen(
                one,
                Revision(
                    flags[FlagSet(tenant_id, one.environment)],
                    flags[FlagSet(EVERY_TENANT, one.environment)],
                    counts[above[1]],
                    counts[above[0]],
                    counts[Owner(Layer.USER, tenant_id, one.user_id)],
                ),
            )
            for one in page.items
        ], page.cursor


def _notice(state: ClientState) -> NoticeRequested:
    taken_back = state.status is Activation.TAKEN_BACK
    return NoticeRequested(
        notice_type="settings.activation_failed",
        severity=Severity.CRITICAL if taken_back else Severity.WARNING,
        subject=state.subject[:200],
        facts={
            "title": f"{state.client_id} ({state.environment})",
            "said": {"en": "took a change back", "zh": "已撤回变更"}
            if taken_back
            else {"en": "failed at a change", "zh": "应用变更时出错"},
            "revision": state.revision,
            "problem": state.problem,
        },
        dedupe_key=f"{state.client_id}/{state.revision}/{state.status}"[:200],
    )
