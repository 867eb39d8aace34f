"""Changes of configuration items: each on the version that was read, several together or none (CFG-03 to CFG-06)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from enghub.core.claims import Claim
from enghub.core.errors import EngHubError, Unavailable
from enghub.core.identity import Origin
from enghub.core.timers.model import DueTimer
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.configs import commits, listing, model, texts
from enghub.settings.configs.checking import Found, Together, checked
from enghub.settings.configs.commits import ConfigCommit, settled
from enghub.settings.configs.conflicts import conflict, refusal
from enghub.settings.configs.errors import (
    BatchRefused,
    ConfigFieldRefused,
    ConfigHeld,
    ConfigReferenced,
    ConfigVersionConflict,
    LayerFull,
    ReferenceRefused,
)
from enghub.settings.configs.events import configuration_changed, configuration_in_force
from enghub.settings.configs.model import Address, Config, Content
from enghub.settings.configs.repeats import created_already, existing, guesses, is_repeat, is_same
from enghub.settings.configs.repository import (
    ConfigRepository,
    Held,
    LayerIsFull,
    Outdated,
    Referenced,
    TargetGone,
)
from enghub.settings.configs.secrets import Seals, sealed

TRIES = 5
"""Of a change that names no version, while others change the item."""
Edit = Callable[[Content], Content]
Answered = Callable[[Mapping[Address, Config]], Any]
"""Makes what is answered of the items as they were stored."""


@dataclass(frozen=True, slots=True)
class Edited:
    """One wanted change: the item, the version that was read (None: whichever), and what becomes of its content."""

    address: Address
    version: int | None
    edit: Edit
    action: str = "updated"
    creates: Content | None = None
    """What to create where there is no such item."""

    @property
    def revives(self) -> bool:
        """Whether a deleted item may be changed: rolling back takes a deletion back too."""
        return self.action == "rolled_back"


class Gate(Protocol):
    """What stands before every change: rules of approval."""

    def asks(self, changes: Sequence[ConfigCommit], tenant_id: str) -> bool:
        """Tell whether people have to agree to changes."""

    def passes(
        self, changes: Sequence[ConfigCommit], origin: Origin, reason: str, claim: Claim | None, *, break_glass: bool
    ) -> ChangeRequest | Sequence[Any]:
        """Return the request that the changes now wait in, or the writes that belong to their transaction."""


@dataclass(frozen=True, slots=True)
class ConfigService:
    """Changes configuration items; what people have to agree to is answered as a ``ChangeRequest`` instead."""

    repository: ConfigRepository
    seals: Seals
    gate: Gate | None = None
    forced: bool = False
    """Whether authors may lock themselves out."""

    def create(
        self,
        address: Address,
        content: Content,
        origin: Origin,
        reason: str,
        claim: Claim | None,
        *,
        break_glass: bool = False,
    ) -> Config | ChangeRequest:
        """Create an item; where a deleted one of that key lies, its versions go on.

        A repeat by the same user, as long as nothing else changed the item, gets it: its first answer may be lost.

        Raises:
            ConfigKeyMalformed, ConfigValueMalformed, ConfigRuleUnsatisfied, ...: see ``errors``.
            ConfigExists: the layer has the key already.
            LayerFull: the layer is full.
        """
        model.check_key(address.config_key)
        found = self.around(address)
        before = found.get(address)
        origin = commits.recorded(address.owner, origin)
        content = sealed(self.seals, address, content, None)
        if before is not None and not before.value.is_deleted:
            return created_already(before.value, content, origin)
        change = self._checked(commits.created(address, content, before, origin, reason), found)
        passed = self._passes([change], origin, reason, claim, break_glass=break_glass)
        if isinstance(passed, ChangeRequest):
            return passed
        try:
            self._save([change], claim, _one(change), passed)
        except Outdated:
            return created_already(existing(self.repository.load([address]), address).value, content, origin)
        return change.after

    def change(
        self, wanted: Edited, origin: Origin, reason: str, claim: Claim | None, *, break_glass: bool = False
    ) -> Config | ChangeRequest:
        """Make the next version of an item.

        A repeat of a change that was made already, by the same user, gets the item as it then was: its first answer
        may have been lost. A change that names no version is made on whichever is there, and audited as such.

        Raises:
            ConfigNotFound: the layer has no such item.
            ConfigVersionConflict: 40902, with base, yours, theirs and a merge proposal.
        """
        model.check_key(wanted.address.config_key)
        origin = commits.recorded(wanted.address.owner, origin)
        for _ in range(TRIES):
            try:
                change = self._prepared(wanted, self.around(wanted.address), origin, reason)
                if isinstance(change, Config):
                    return change
                passed = self._passes([change], origin, reason, claim, break_glass=break_glass)
                if isinstance(passed, ChangeRequest):
                    return passed
                self._save([change], claim, _one(change), passed)
            except Outdated:
                if wanted.version is None:
                    continue
                current = existing(self.repository.load([wanted.address]), wanted.address, revives=wanted.revives)
                return self._made_already(wanted, current.value, origin)
            return change.after
        raise Unavailable(reason="too many writers on the same item")

    def delete(
        self,
        address: Address,
        version: int | None,
        origin: Origin,
        reason: str,
        claim: Claim | None,
        *,
        break_glass: bool = False,
    ) -> Config | ChangeRequest:
        """Delete an item softly.

        Raises:
            ConfigNotFound, ConfigVersionConflict: see ``change``.
            ConfigReferenced: other items refer to it.
        """
        model.check_key(address.config_key)
        origin = commits.recorded(address.owner, origin)
        found = self.repository.load([address])
        gone = found[address].value if address in found else None
        if gone is not None and gone.is_deleted and is_repeat(gone, version, origin):
            return gone
        current = existing(found, address)
        if version is not None and current.revision != version:
            base = self.repository.version(address, version)
            raise conflict(version, base, current.value, base.content if base else None, origin.user_id)
        change = commits.deleted(current, origin, reason, unconditional=version is None)
        passed = self._passes([change], origin, reason, claim, break_glass=break_glass)
        if isinstance(passed, ChangeRequest):
            return passed
        try:
            self._save([change], claim, _one(change), passed)
        except Outdated:
            return self.delete(address, version, origin, reason, claim, break_glass=break_glass)
        return change.after

    def change_all(
        self, wanted: Sequence[Edited], origin: Origin, reason: str, claim: Claim | None, *, break_glass: bool = False
    ) -> tuple[Config, ...] | ChangeRequest:
        """Make all changes or none, at one moment; a repeat of a whole batch gets the items as it made them.

        Raises:
            ConfigHeld: an item belongs to other changes that are being saved together.
            BatchRefused: 42201, with the place, key, code and reason of every change that is refused.
        """
        prepared, refused = self.prepared_all(wanted, origin, reason)
        if refused:
            if made := self._made_all(wanted, origin):
                return made
            raise BatchRefused(refused=len(refused), total=len(wanted), errors=refused)
        changes = [change for change in prepared if isinstance(change, ConfigCommit)]
        own = commits.recorded(wanted[0].address.owner, origin)
        passed = self._passes(changes, own, reason, claim, break_glass=break_glass)
        if isinstance(passed, ChangeRequest):
            return passed

        def after(stored: Mapping[Address, Config]) -> tuple[Config, ...]:
            return tuple(stored[one.after.address] if isinstance(one, ConfigCommit) else one for one in prepared)

        try:
            return after(self._save(changes, claim, after, passed))
        except Outdated as error:
            if made := self._made_all(wanted, origin):
                return made
            place = next(i for i, each in enumerate(wanted) if each.address == error.address)
            late = ConfigVersionConflict(expected=wanted[place].version or "latest", actual="newer")
            told = [refusal(place, wanted[place].address, late)]
            raise BatchRefused(refused=1, total=len(wanted), errors=told) from error

    def refusals(self, wanted: Sequence[Edited], origin: Origin, reason: str) -> tuple[list[Any], bool]:
        """Return what would be refused of changes that are thought of, and whether people have to agree to them."""
        prepared, refused = self.prepared_all(wanted, origin, reason)
        changes = [change for change in prepared if isinstance(change, ConfigCommit)]
        return refused, bool(changes) and self.gate is not None and self.gate.asks(changes, changes[0].origin.tenant_id)

    def tell(self, due: DueTimer, address: Address, origin: Origin) -> None:
        """Tell that a scheduled version answers now, or that one expired: once per timer.

        Raises:
            AlreadyHandled: it was told, or the schedule was moved.
        """
        found = self.repository.load([address])
        if address in found:
            config = found[address].value
            self.repository.tell(config, due, configuration_in_force(config, origin.at, origin), origin)

    # --- inside ---

    def prepared_all(
        self, wanted: Sequence[Edited], origin: Origin, reason: str
    ) -> tuple[list[ConfigCommit | Config], list[Any]]:
        """Return changes as they were checked together (an item where nothing changes), and what is refused."""
        together = self.together([each.address for each in wanted])
        found = dict(together.known)
        changes: dict[int, ConfigCommit | Config] = {}
        refused: dict[int, Any] = {}
        seen: set[Address] = set()
        for place, each in enumerate(wanted):
            with _refusing(refused, place, each.address):
                model.check_key(each.address.config_key)
                if each.address in seen:
                    raise ConfigFieldRefused(field="configKey", problem=texts.TWICE)
                seen.add(each.address)
                own = commits.recorded(each.address.owner, origin)
                changes[place] = self._made(each, found, own, reason, strict=True)
        unchecked = {place: made for place, made in changes.items() if isinstance(made, ConfigCommit)}
        together.add(*unchecked.values())
        for place, made in unchecked.items():
            with _refusing(refused, place, made.after.address):
                changes[place] = checked(together, made, found, self.seals, forced=self.forced)
        return list(changes.values()), [refused[place] for place in sorted(refused)]

    def save(self, changes: Sequence[ConfigCommit], alongside: Sequence[Any]) -> None:
        """Store changes that were approved, in one transaction with ``alongside``.

        Raises:
            ConfigVersionConflict: an item changed meanwhile.
            LayerFull, ReferenceRefused, ConfigReferenced: as for any change.
        """
        try:
            self._save(changes, None, _nobody, alongside)
        except Outdated as error:
            raise ConfigVersionConflict(expected="approved", actual="newer") from error

    def _passes(
        self, changes: Sequence[ConfigCommit], origin: Origin, reason: str, claim: Claim | None, *, break_glass: bool
    ) -> ChangeRequest | Sequence[Any]:
        if self.gate is None or not changes:
            return ()
        return self.gate.passes(changes, origin, reason, claim, break_glass=break_glass)

    def around(self, address: Address) -> Found:
        """Return the item of every layer that its owner sees."""
        return self.repository.load([Address(owner, address.config_key) for owner in address.owner.chain])

    def together(self, addresses: Sequence[Address]) -> Together:
        """Return the items of every layer that the items' owners see, for changes that are made together."""
        asked = list(dict.fromkeys(Address(o, each.config_key) for each in addresses for o in each.owner.chain))
        return Together.of(self.repository, self.repository.load(asked), asked)

    def _prepared(
        self, wanted: Edited, found: Found, origin: Origin, reason: str, *, strict: bool = False
    ) -> ConfigCommit | Config:
        """Return the checked change, or the item when the same change was made before (never when ``strict``)."""
        made = self._made(wanted, found, origin, reason, strict=strict)
        return made if isinstance(made, Config) else self._checked(made, found)

    def _checked(self, change: ConfigCommit, found: Found) -> ConfigCommit:
        return checked(self.repository, change, found, self.seals, forced=self.forced)

    def edited(self, wanted: Edited, content: Content) -> Content:
        """Return what a change makes of a content, as it is stored: a secret is sealed.

        Raises:
            ConfigFieldRefused: it says nothing of a secret that it would have to say.
        """
        return sealed(self.seals, wanted.address, wanted.edit(content), content)

    def _made(
        self, wanted: Edited, found: Found, origin: Origin, reason: str, *, strict: bool = False
    ) -> ConfigCommit | Config:
        unconditional = wanted.version is None
        before = found.get(wanted.address)
        if wanted.creates is not None and (before is None or before.value.is_deleted):
            new = sealed(self.seals, wanted.address, wanted.creates, None)
            return commits.created(wanted.address, new, before, origin, reason, unconditional=unconditional)
        current = existing(found, wanted.address, revives=wanted.revives)
        content = settled(self.edited(wanted, current.value.content), current.value.content, origin.at)
        is_guess = guesses(wanted.edit(current.value.content), current.value, origin.user_id)
        if unconditional and not is_guess and is_same(current.value, content, wanted.action):
            return current.value
        if not unconditional and current.revision != wanted.version:
            if strict:
                raise ConfigVersionConflict(expected=wanted.version, actual=current.revision)
            return self._made_already(wanted, current.value, origin)
        if wanted.action == "confirmed" and current.value.starts_at is not None:
            raise ConfigFieldRefused(field="version", problem=texts.NOT_STAGED.filled(version=current.revision))
        return commits.changed(current, content, origin, reason, action=wanted.action, unconditional=unconditional)

    def _made_already(self, wanted: Edited, current: Config, origin: Origin) -> Config:
        if self._is_made(wanted, current, origin):
            return current
        assert wanted.version is not None  # noqa: S101 - without one nothing conflicts
        base = self.repository.version(wanted.address, wanted.version)
        yours = None if base is None else self.edited(wanted, base.content)
        raise conflict(wanted.version, base, current, yours, origin.user_id)

    def _is_made(self, wanted: Edited, current: Config, origin: Origin) -> bool:
        if wanted.version is None:
            same = is_same(current, self.edited(wanted, current.content), "updated")
            return current.updated_by == origin.user_id and same
        if not is_repeat(current, wanted.version, origin):
            return False
        base = self.repository.version(wanted.address, wanted.version)
        if base is None:
            return False
        return settled(self.edited(wanted, base.content), base.content, current.updated_at) == current.content

    def _made_all(self, wanted: Sequence[Edited], origin: Origin) -> tuple[Config, ...]:
        """Return the items when this user made every one of the changes already; none otherwise."""
        found = self.repository.load([each.address for each in wanted])
        current = [found[each.address].value for each in wanted if each.address in found]
        pairs = zip(wanted, current, strict=False)
        if len(current) == len(wanted) and all(
            self._is_made(each, config, commits.recorded(each.address.owner, origin)) for each, config in pairs
        ):
            return tuple(current)
        return ()

    def _save(
        self, changes: Sequence[ConfigCommit], claim: Claim | None, answered: Answered, alongside: Sequence[Any] = ()
    ) -> Mapping[Address, Config]:
        try:
            return self.repository.save(_announced(changes), claim, answered, alongside)
        except LayerIsFull as error:
            raise LayerFull(limit=listing.MAX_ITEMS_PER_LAYER) from error
        except TargetGone as error:
            raise ReferenceRefused(target=error.address.config_key, problem=texts.NO_SUCH) from error
        except Held as error:
            raise ConfigHeld(config_key=error.address.config_key) from error
        except Referenced as error:
            dependants = [address.facts() for address in self.repository.dependants(error.address)]
            raise ConfigReferenced(config_key=error.address.config_key, dependants=dependants) from error


@contextmanager
def _refusing(refused: dict[int, Any], place: int, address: Address) -> Iterator[None]:
    """Collect what is wrong with one change of several; an outage is nobody's refusal: it is raised."""
    try:
        yield
    except EngHubError as error:
        if error.status >= 500:
            raise
        refused[place] = refusal(place, address, error)


def _one(change: ConfigCommit) -> Answered:
    return lambda stored: stored[change.after.address]


def _nobody(_: Mapping[Address, Config]) -> None:
    """Answer nothing: nobody waits."""


def _announced(changes: Sequence[ConfigCommit]) -> list[ConfigCommit]:
    return [replace(change, events=(configuration_changed(change),)) for change in changes]
