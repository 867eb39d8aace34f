"""What people do with ramps, and how one goes on by itself (OPS-08)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.golive.ramps import model, telling
from enghub.golive.ramps.errors import RampNotFound, WrongRampState
from enghub.golive.ramps.model import LOOKED_AT, Ramp, RampState, Why
from enghub.golive.ramps.repository import Control, Line, Meter, Ramps
from enghub.golive.traffic.errors import TrafficFailed
from enghub.golive.traffic.model import Measured

SYSTEM = "system:ramp"
TRIES = 4
NOTHING = Measured()


@dataclass(frozen=True, slots=True)
class RampService:
    """The use cases of ramps."""

    store: Ramps
    control: Control
    meter: Meter
    page: Callable[[Ramp], None]
    """Pages whoever is on call for the ramp's service; again for the same ramp: nobody twice."""
    clock: Clock

    def get(self, tenant_id: str, ramp_id: str) -> Kept[Ramp]:
        """Return a ramp.

        Raises:
            RampNotFound
        """
        found = self.store.get(tenant_id, ramp_id)
        if found is None:
            raise RampNotFound(ramp_id=ramp_id)
        return found

    def start(self, wanted: Ramp, origin: Origin, claim: Claim | None = None) -> Kept[Ramp]:
        """Begin a ramp; one of this id that was begun before goes on."""
        known = self.store.get(wanted.tenant_id, wanted.ramp_id)
        if known is not None:
            return known
        ramp = replace(wanted, next_at=origin.at)
        return self._saved(Commit(origin, "started", ramp, claim=claim))

    def pause(self, ramp_id: str, origin: Origin) -> Kept[Ramp]:
        """Let it grow no more; it is watched and still goes back.

        Raises:
            RampNotFound, WrongRampState, VersionConflict
        """
        before = self._in(ramp_id, origin, {RampState.RUNNING, RampState.HELD})
        if before.value.state is RampState.HELD:
            return before
        after = model.moved(before.value, origin.at, state=RampState.HELD, why=Why.BY_HAND, said="")
        return self._saved(Commit(origin, "paused", after, before))

    def resume(self, ramp_id: str, origin: Origin) -> Kept[Ramp]:
        """Go on; a share that somebody else set is taken for the ramp's own, its window begins now.

        Raises:
            RampNotFound, WrongRampState, VersionConflict
        """
        before = self._in(ramp_id, origin, {RampState.RUNNING, RampState.HELD, RampState.STOPPED})
        ramp = before.value
        if ramp.state is RampState.RUNNING:
            return before
        known = {"state": RampState.RUNNING, "why": Why.NONE, "said": "", "fails": 0, "good_since": origin.at}
        after = model.moved(ramp, origin.at, **known, adopts=ramp.why is Why.WEIGHTS_CHANGED)
        after = replace(after, next_at=origin.at)
        return self._saved(Commit(origin, "resumed", after, before))

    def roll_back(self, ramp_id: str, reason: str, origin: Origin) -> Kept[Ramp]:
        """Go back to the share that it began with, also after it is done; people decide that, healthy or not.

        Raises:
            RampNotFound, VersionConflict
        """
        before = self.get(origin.tenant_id, ramp_id)
        ramp = before.value
        if ramp.state in {RampState.RETURNING, RampState.ROLLED_BACK}:
            return before
        share = ramp.start if ramp.start is not None else 0
        known = {"state": RampState.RETURNING, "wanted": share, "why": Why.BY_HAND, "said": reason[:500]}
        if ramp.start is None:  # it never set anything
            known |= {"state": RampState.ROLLED_BACK, "ended_at": origin.at}
        after = model.moved(ramp, origin.at, **known, actual=None, armed_until=None)
        after = replace(after, next_at=origin.at if after.state is RampState.RETURNING else None)
        return self._saved(Commit(origin, "roll_back_decided", after, before, reason=reason))

    def complete(self, ramp_id: str, origin: Origin) -> Kept[Ramp]:
        """End it where it stands; nothing is watched any more.

        Raises:
            RampNotFound, WrongRampState, VersionConflict
        """
        before = self._in(ramp_id, origin, {*LOOKED_AT, RampState.STOPPED, RampState.DONE})
        if before.value.state is RampState.DONE:
            return before
        after = model.moved(before.value, origin.at, state=RampState.DONE, why=Why.BY_HAND, ended_at=origin.at)
        return self._saved(Commit(origin, "completed", after, before))

    # --- by itself -------------------------------------------------------------------------------------------------

    def advance(self, tenant_id: str, ramp_id: str, turn: int) -> None:
        """Take a turn: look, decide, store what is wanted, set it, read it back; one that is over changes nothing."""
        before = self.store.get(tenant_id, ramp_id)
        if before is None or before.value.turn != turn or before.value.state not in LOOKED_AT:
            return
        if before.value.is_pending:
            self._set(before)
            return
        kept = self._looked(before)
        if kept is not None and kept.value.is_pending:
            self._set(kept)

    def _looked(self, before: Kept[Ramp]) -> Kept[Ramp] | None:
        ramp, now, found = before.value, self.clock(), NOTHING
        try:
            share = self.control.read(ramp.tenant_id, ramp.traffic)
        except TrafficFailed as error:
            return self._turned(before, model.not_set(ramp, str(error), now), NOTHING)
        if ramp.start is None:
            after = model.begun(ramp, share, now)
        elif ramp.adopts:
            after = model.adopted(ramp, share, now)
        elif share != ramp.wanted:
            if ramp.why is Why.WEIGHTS_CHANGED:
                after = model.moved(ramp, now)
            else:
                after = model.changed_by_others(ramp, share, now)
        else:
            found = self.meter.measure(ramp.watch)
            after = model.looked(ramp, found, self.clock())
            if model.goes_back_from_all(ramp, after) and (problem := self.meter.health(ramp.old_url)):
                after = model.stopped(replace(ramp, verdict=after.verdict, said=after.said), problem, self.clock())
                self.page(after)
        return self._turned(before, after, found)

    def _set(self, kept: Kept[Ramp]) -> None:
        """Set what is wanted and read it back; who decided otherwise meanwhile is followed at once."""
        for _ in range(TRIES):
            ramp = kept.value
            try:
                self.control.set(ramp.tenant_id, ramp.traffic, ramp.wanted)
                share = self.control.read(ramp.tenant_id, ramp.traffic)
            except TrafficFailed as error:
                self._turned(kept, model.not_set(ramp, str(error), self.clock()), NOTHING)
                return
            if share == ramp.wanted:
                after = model.read_back(ramp, self.clock())
            else:
                after = model.not_set(ramp, f"{share} % read back, {ramp.wanted} % set", self.clock())
            if self._turned(kept, after, NOTHING) is not None:
                return
            latest = self.store.get(ramp.tenant_id, ramp.ramp_id)
            if latest is None or latest.value.wanted == ramp.wanted:
                return
            kept = latest

    def _turned(self, before: Kept[Ramp], after: Ramp, found: Measured) -> Kept[Ramp] | None:
        """Store a turn; None where somebody was faster."""
        now = self.clock()
        origin = Origin(after.tenant_id, "", SYSTEM, now, f"{after.ramp_id}/{after.turn}")
        try:
            return self._saved(Commit(origin, telling.verb(before.value, after), after, before), found)
        except VersionConflict:
            return None

    def _saved(self, commit: Commit[Ramp], found: Measured = NOTHING) -> Kept[Ramp]:
        ramp = commit.after
        values = {"requests": found.requests, "errors": found.errors, "latency": found.latency, **found.customs}
        line = Line(
            at=commit.origin.at,
            turn=ramp.turn,
            what=commit.action or "looked",
            state=ramp.state.value,
            percent=ramp.wanted,
            verdict=ramp.verdict.value if ramp.verdict else "",
            why=ramp.why.value,
            said=ramp.said,
            by=commit.origin.user_id,
            measured={name: value for name, value in values.items() if isinstance(value, Decimal)},
        )
        events = tuple(telling.told(commit))
        return self.store.save(replace(commit, events=events), line)

    def _in(self, ramp_id: str, origin: Origin, states: set[RampState]) -> Kept[Ramp]:
        found = self.get(origin.tenant_id, ramp_id)
        if found.value.state not in states:
            raise WrongRampState(state=found.value.state.value)
        return found
