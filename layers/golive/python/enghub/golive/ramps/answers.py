"""Ramps on the wire: what is answered (OPS-08)."""

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.golive.ramps.model import Ramp, RampState, Why
from enghub.golive.ramps.repository import Line, LinePage, RampPage
from enghub.golive.traffic.model import Adapter
from enghub.kit.metrics.model import Verdict


class RampStepResponse(wire.Response):
    """A share and its minutes."""

    percent: int
    minutes: int


class RampResponse(wire.Response):
    """A ramp: ``wantedPercent`` is decided, ``actualPercent`` was read back; ``said`` is why it is where it is."""

    ramp_id: str
    name: str
    service_id: str
    adapter: Adapter
    steps: tuple[RampStepResponse, ...]
    state: RampState
    start_percent: int | None
    wanted_percent: int
    actual_percent: int | None
    good_since: wire.Instant | None
    verdict: Verdict | None
    why: Why
    said: str | None
    next_at: wire.Instant | None
    armed_until: wire.Instant | None
    started_by: str
    started_at: wire.Instant
    ended_at: wire.Instant | None
    version: int

    @classmethod
    def of(cls, kept: Kept[Ramp]) -> "RampResponse":
        """Return the answer for a ramp."""
        one = kept.value
        return cls(
            ramp_id=one.ramp_id,
            name=one.name,
            service_id=one.service_id,
            adapter=one.traffic.adapter,
            steps=tuple(RampStepResponse(percent=step.percent, minutes=step.minutes) for step in one.steps),
            state=one.state,
            start_percent=one.start,
            wanted_percent=one.wanted,
            actual_percent=one.actual,
            good_since=one.good_since,
            verdict=one.verdict,
            why=one.why,
            said=one.said or None,
            next_at=one.next_at,
            armed_until=one.armed_until,
            started_by=one.started_by,
            started_at=one.started_at,
            ended_at=one.ended_at,
            version=kept.revision,
        )

    @classmethod
    def of_new(cls, ramp: Ramp) -> "RampResponse":
        """Return the answer for a new ramp."""
        return cls.of(Kept(ramp))


class RampsResponse(wire.Response):
    """Part of the ramps, the latest first."""

    items: tuple[RampResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: RampPage) -> "RampsResponse":
        """Return the answer for a page."""
        return cls(items=tuple(map(RampResponse.of, page.items)), cursor=page.cursor)


class RampLineResponse(wire.Response):
    """One line of a journal."""

    at: wire.Instant
    what: str
    state: str
    percent: int
    verdict: str | None
    why: str
    said: str | None
    by: str
    measured: dict[str, wire.Ratio]

    @classmethod
    def of(cls, line: Line) -> "RampLineResponse":
        """Return the answer for a line."""
        return cls(
            at=line.at,
            what=line.what,
            state=line.state,
            percent=line.percent,
            verdict=line.verdict or None,
            why=line.why,
            said=line.said or None,
            by=line.by,
            measured=dict(line.measured),
        )


class RampJournalResponse(wire.Response):
    """Part of a journal, the latest line first."""

    items: tuple[RampLineResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: LinePage) -> "RampJournalResponse":
        """Return the answer for a page."""
        return cls(items=tuple(map(RampLineResponse.of, page.items)), cursor=page.cursor)
