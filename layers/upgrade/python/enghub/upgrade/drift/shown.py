"""What a plan shows of drift (UPG-24); apart from the acceptance, which more functions read."""

from enghub.core import wire
from enghub.core.i18n import Language
from enghub.upgrade.drift.model import Change, Difference, Drift, State


class DifferenceResponse(wire.Response):
    """One part of the database that is not as the last upgrade left it."""

    kind: str
    """`table`, `column`, `index`, `constraint`, `trigger`, `view` ..., or `row` of reference data."""
    table: str | None
    name: str | None
    """Of the part; of a row its key."""
    change: Change
    was: str | None
    now: str | None
    said: str

    @classmethod
    def of(cls, one: Difference, language: Language) -> "DifferenceResponse":
        """Return the answer for a difference."""
        return cls(
            kind=one.kind,
            table=one.table or None,
            name=one.name or None,
            change=one.change,
            was=one.was,
            now=one.now,
            said=one.label.render(language),
        )


class DriftResponse(wire.Response):
    """How a site differs from what the last upgrade here left; `different` and `unreadable` need an acceptance."""

    state: State
    version: str | None
    recorded_at: wire.Instant | None
    execution_id: str | None
    """Which upgrade recorded it."""
    digest: str | None
    """What `driftAcceptance` names; null when there is nothing to accept."""
    count: int
    differences: tuple[DifferenceResponse, ...]
    """The first hundred."""
    reason: str | None
    """Why the database cannot be read."""

    @classmethod
    def of(cls, drift: Drift, language: Language) -> "DriftResponse":
        """Return the answer for a drift."""
        return cls(
            state=drift.state,
            version=drift.version,
            recorded_at=drift.recorded_at,
            execution_id=drift.execution_id,
            digest=drift.digest if drift.needs_acceptance else None,
            count=len(drift.differences),
            differences=tuple(DifferenceResponse.of(one, language) for one in drift.shown),
            reason=None if drift.reason is None else drift.reason.render(language),
        )
