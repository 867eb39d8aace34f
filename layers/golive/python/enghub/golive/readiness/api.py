"""Go-lives and their checklists on the wire: what is asked (OPS-01, OPS-02, OPS-03)."""

from typing import Annotated

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.core.setup.api import UserId, Version, Zone
from enghub.golive.forms import Hash, Id, Measured, Reason
from enghub.golive.probes.api import CriterionPart, MeasureName, ProbePart
from enghub.golive.probes.model import ProbeKind
from enghub.golive.readiness.model import Answer, Evidence, EvidenceKind, Item, Member
from enghub.golive.readiness.service import Wanted

NO_PROBE = Text("only a probe can be run by itself: set probe, too", "仅探测可自动执行：请同时设置 probe")


class MemberPart(wire.Request):
    """Somebody of the team."""

    user_id: UserId
    name: wire.ShortText
    roles: Annotated[tuple[wire.Code, ...], Field(max_length=10)] = ()

    def to_member(self) -> Member:
        """Return the member."""
        return Member(self.user_id, self.name, self.roles)


Team = Annotated[tuple[MemberPart, ...], Field(min_length=1, max_length=100)]


class ItemPart(wire.Request):
    """An item of the tenant's own."""

    item_id: Id
    window_id: Id
    section: Id
    en: wire.ShortText
    zh: wire.ShortText
    blocking: wire.Flag = True
    criteria: Annotated[tuple[CriterionPart, ...], Field(max_length=5)] = ()
    probe: ProbeKind | None = None

    def to_item(self) -> Item:
        """Return the item."""
        criteria = tuple(one.to_criterion() for one in self.criteria)
        names = (self.item_id, self.window_id, self.section, self.en, self.zh)
        return Item(*names, blocking=self.blocking, criteria=criteria, probe=self.probe)


class CreateGoLiveRequest(wire.Request):
    """A system that goes live, with the built-in checklist."""

    name: wire.ShortText
    system: wire.ShortText
    live_at: wire.Instant
    zone: Zone
    calendar_id: Annotated[str, Field(max_length=63)] = ""
    team: Team
    without: Annotated[tuple[Id, ...], Field(max_length=91)] = ()
    """Items of the template that do not apply."""
    items: Annotated[tuple[ItemPart, ...], Field(max_length=100)] = ()

    def to_wanted(self) -> Wanted:
        """Return what is wanted."""
        return Wanted(
            name=self.name,
            system=self.system,
            live_at=self.live_at,
            zone=self.zone,
            calendar_id=self.calendar_id,
            team=tuple(one.to_member() for one in self.team),
            without=self.without,
            items=tuple(one.to_item() for one in self.items),
        )


class ChangeGoLiveRequest(wire.Patch):
    """Another date, with which every due day moves, or another team."""

    version: Version
    live_at: wire.Instant | None = None
    team: Team | None = None


class ReasonRequest(wire.Request):
    """Why."""

    reason: Reason


class DecideRequest(wire.Request):
    """Go or no-go, on the summary that was seen."""

    answer: Answer
    seen: Hash
    reason: Reason


class AssignRequest(wire.Request):
    """Who looks after an item, until when where not by the window's day, and what its probe asks."""

    owner: UserId | None = None
    due: wire.Day | None = None
    probe: ProbePart | None = None
    refresh_minutes: Annotated[wire.Count, Field(ge=5, le=10_080)] | None = None
    """How often the probe is run by itself while the item is open; only when asked where left out."""

    @model_validator(mode="after")
    def _has_a_probe(self) -> "AssignRequest":
        if self.refresh_minutes is not None and self.probe is None:
            raise wire.Unfit(NO_PROBE, field="refreshMinutes")
        return self


class EvidenceRequest(wire.Request):
    """What shows that an item is done: a link, a note, or a file that was uploaded; with what was measured."""

    kind: Annotated[EvidenceKind, Field(description="link, note or file; probes bring their own")]
    value: Annotated[str, Field(min_length=1, max_length=2000)]
    measures: Annotated[dict[MeasureName, Measured], Field(max_length=10, default_factory=dict)]
    sha256: Hash | None = None

    def to_evidence(self, evidence_id: str, origin: Origin) -> Evidence:
        """Return the evidence."""
        who = (origin.user_id, origin.at)
        return Evidence(evidence_id, self.kind, *who, self.value, dict(self.measures), self.sha256 or "")


class UploadRequest(wire.Request):
    """A file that will be evidence."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    size_bytes: Annotated[wire.Count, Field(ge=1, le=52_428_800)]
    sha256: Hash


class SignOffRequest(wire.Request):
    """It is done, by the evidence that was seen."""

    seen: Hash


class WaiverRequest(wire.Request):
    """Let it pass although it is not done."""

    reason: Reason
    until: wire.Instant
