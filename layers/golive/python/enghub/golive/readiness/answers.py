"""Go-lives and their checklists on the wire: what is answered."""

from decimal import Decimal

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.golive.probes.model import Criterion, Operator, Probe, ProbeKind
from enghub.golive.readiness.model import (
    Answer,
    Decision,
    Evidence,
    EvidenceKind,
    GoLive,
    GoLiveState,
    ItemState,
    Line,
    Window,
)
from enghub.golive.readiness.repository import EvidencePage, GoLivePage
from enghub.golive.readiness.summary import Gate, Summary
from enghub.kit.files.uploads import Upload


class MemberResponse(wire.Response):
    """Somebody of the team."""

    user_id: str
    name: str
    roles: tuple[str, ...]


class WindowResponse(wire.Response):
    """A stretch of the preparation."""

    window_id: str
    name: dict[str, str]
    due: wire.Day
    closed_by: str | None
    closed_at: wire.Instant | None

    @classmethod
    def of(cls, window: Window) -> "WindowResponse":
        """Return the answer for a window."""
        return cls(
            window_id=window.window_id,
            name={"en": window.en, "zh": window.zh},
            due=window.due,
            closed_by=window.closed_by or None,
            closed_at=window.closed_at,
        )


class DecisionResponse(wire.Response):
    """Who decided what; ``isValid`` while what it had seen is still so."""

    answer: Answer
    by: str
    at: wire.Instant
    seen: str
    reason: str
    is_valid: bool | None

    @classmethod
    def of(cls, made: Decision, is_valid: bool | None) -> "DecisionResponse":
        """Return the answer for a decision."""
        return cls(answer=made.answer, by=made.by, at=made.at, seen=made.seen, reason=made.reason, is_valid=is_valid)


class GoLiveResponse(wire.Response):
    """A go-live."""

    go_live_id: str
    name: str
    system: str
    live_at: wire.Instant
    zone: str
    calendar_id: str | None
    calendar_ends: wire.Day | None
    """The last day that the calendar has data of, where the go-live lies beyond it."""
    team: tuple[MemberResponse, ...]
    windows: tuple[WindowResponse, ...]
    state: GoLiveState
    decision: DecisionResponse | None
    version: int

    @classmethod
    def of(cls, kept: Kept[GoLive]) -> "GoLiveResponse":
        """Return the answer for a go-live; whether its decision still holds is said by the summary."""
        one = kept.value
        return cls(
            go_live_id=one.go_live_id,
            name=one.name,
            system=one.system,
            live_at=one.live_at,
            zone=one.zone,
            calendar_id=one.calendar_id or None,
            calendar_ends=one.calendar_ends,
            team=tuple(MemberResponse(user_id=who.user_id, name=who.name, roles=who.roles) for who in one.team),
            windows=tuple(map(WindowResponse.of, one.windows)),
            state=one.state,
            decision=None if one.decision is None else DecisionResponse.of(one.decision, None),
            version=kept.revision,
        )

    @classmethod
    def of_new(cls, go_live: GoLive) -> "GoLiveResponse":
        """Return the answer for a new one."""
        return cls.of(Kept(go_live))


class GoLivesResponse(wire.Response):
    """Part of the tenant's go-lives."""

    items: tuple[GoLiveResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: GoLivePage) -> "GoLivesResponse":
        """Return the answer for a page."""
        return cls(items=tuple(map(GoLiveResponse.of, page.items)), cursor=page.cursor)


class CriterionResponse(wire.Response):
    """What evidence has to show."""

    measure: str
    operator: Operator
    value: wire.Total
    unit: str

    @classmethod
    def of(cls, one: Criterion) -> "CriterionResponse":
        """Return the answer for a criterion."""
        return cls(measure=one.measure, operator=one.operator, value=one.value, unit=one.unit)


class ProbeResponse(wire.Response):
    """What is asked."""

    kind: ProbeKind
    url: str | None
    host: str | None
    port: int | None
    database: str | None
    query: str | None
    measure: str

    @classmethod
    def of(cls, one: Probe) -> "ProbeResponse":
        """Return the answer for a probe."""
        return cls(
            kind=one.kind,
            url=one.url or None,
            host=one.host or None,
            port=one.port or None,
            database=one.database or None,
            query=one.query or None,
            measure=one.measure,
        )


class EvidenceResponse(wire.Response):
    """What was shown; ``hash`` is what a sign-off names."""

    evidence_id: str
    kind: EvidenceKind
    by: str
    at: wire.Instant
    value: str
    measures: dict[str, wire.Total]
    sha256: str | None
    failed: bool
    hash: str

    @classmethod
    def of(cls, one: Evidence) -> "EvidenceResponse":
        """Return the answer for evidence."""
        return cls(
            evidence_id=one.evidence_id,
            kind=one.kind,
            by=one.by,
            at=one.at,
            value=one.value,
            measures={name: Decimal(value) for name, value in one.measures.items()},
            sha256=one.sha256 or None,
            failed=one.failed,
            hash=one.hash,
        )


class EvidencePageResponse(wire.Response):
    """Part of what was shown for an item, the newest first."""

    items: tuple[EvidenceResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: EvidencePage) -> "EvidencePageResponse":
        """Return the answer for a page."""
        return cls(items=tuple(map(EvidenceResponse.of, page.items)), cursor=page.cursor)


class SignOffResponse(wire.Response):
    """Who says that it is done."""

    by: str
    at: wire.Instant
    seen: str


class WaiverResponse(wire.Response):
    """Who lets it pass, why, until when."""

    by: str
    at: wire.Instant
    reason: str
    until: wire.Instant


class ItemResponse(wire.Response):
    """An item of the checklist with what became of it."""

    item_id: str
    window_id: str
    section: str
    text: dict[str, str]
    line: int | None
    """Of source document 003."""
    blocking: bool
    criteria: tuple[CriterionResponse, ...]
    suggested_probe: ProbeKind | None
    owner: str | None
    due: wire.Day
    state: ItemState
    overdue: bool
    probe: ProbeResponse | None
    refresh_minutes: int | None
    latest: EvidenceResponse | None
    evidence_count: int
    lacking: tuple[str, ...]
    """The criteria that the latest evidence does not show."""
    sign_off: SignOffResponse | None
    waiver: WaiverResponse | None

    @classmethod
    def of(cls, line: Line) -> "ItemResponse":
        """Return the answer for a line."""
        item, now = line.item, line.progress
        sign_off, waiver = now.sign_off, now.waiver
        return cls(
            item_id=item.item_id,
            window_id=item.window_id,
            section=item.section,
            text={"en": item.en, "zh": item.zh},
            line=item.line or None,
            blocking=item.blocking,
            criteria=tuple(map(CriterionResponse.of, item.criteria)),
            suggested_probe=item.probe,
            owner=now.owner or None,
            due=line.due,
            state=line.state,
            overdue=line.overdue,
            probe=None if now.probe is None else ProbeResponse.of(now.probe),
            refresh_minutes=now.every or None,
            latest=None if now.latest is None else EvidenceResponse.of(now.latest),
            evidence_count=now.evidence_count,
            lacking=tuple(map(str, now.lacking(item))),
            sign_off=None if sign_off is None else SignOffResponse(by=sign_off.by, at=sign_off.at, seen=sign_off.seen),
            waiver=None
            if waiver is None
            else WaiverResponse(by=waiver.by, at=waiver.at, reason=waiver.reason, until=waiver.until),
        )


class ItemsResponse(wire.Response):
    """The checklist; at most 191 items, so it comes whole."""

    items: tuple[ItemResponse, ...]


class GateResponse(wire.Response):
    """One window: how many items stand where, what blocks."""

    window: WindowResponse
    is_open: bool
    counts: dict[str, int]
    overdue: int
    blocking: tuple[str, ...]

    @classmethod
    def of(cls, gate: Gate) -> "GateResponse":
        """Return the answer for a gate."""
        return cls(
            window=WindowResponse.of(gate.window),
            is_open=gate.is_open,
            counts={state.value: gate.counts[state] for state in ItemState},
            overdue=gate.overdue,
            blocking=tuple(line.item.item_id for line in gate.blocking),
        )


class SummaryResponse(wire.Response):
    """Go or no-go on one page; ``hash`` is what a decision names."""

    go_live: GoLiveResponse
    is_ready: bool
    may_go: bool
    gates: tuple[GateResponse, ...]
    waived: tuple[ItemResponse, ...]
    decision: DecisionResponse | None
    hash: str

    @classmethod
    def of(cls, found: Summary, version: int) -> "SummaryResponse":
        """Return the answer for a summary."""
        made = found.go_live.decision
        return cls(
            go_live=GoLiveResponse.of(Kept(found.go_live, version)),
            is_ready=found.is_ready,
            may_go=found.may_go,
            gates=tuple(map(GateResponse.of, found.gates)),
            waived=tuple(map(ItemResponse.of, found.waived)),
            decision=None if made is None else DecisionResponse.of(made, found.decision is not None),
            hash=found.hash,
        )


class UploadResponse(wire.Response):
    """Where to put a file, with which headers, until when; ``path`` is the evidence's value then."""

    path: str
    url: str
    headers: dict[str, str]
    expires_at: wire.Instant

    @classmethod
    def of(cls, path: str, upload: Upload) -> "UploadResponse":
        """Return the answer for an upload."""
        return cls(path=path, url=upload.url, headers=dict(upload.headers), expires_at=upload.expires_at)
