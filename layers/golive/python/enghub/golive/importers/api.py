"""An import on the wire: an export, whose users are whom, and the report of what becomes of it (OPS-23)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Language, Text
from enghub.core.setup.api import UserId
from enghub.golive.forms import Hash
from enghub.golive.importers.formats import OnCallExport, OpsgenieExport, PagerDutyExport
from enghub.golive.importers.model import Carried, Plan
from enghub.golive.importers.service import Exports
from enghub.golive.oncall.answers import LevelResponse, PolicyStepResponse, RotationResponse, TargetResponse
from enghub.golive.oncall.model import Override, OverrideKind
from enghub.golive.policies.model import Policy

_ONE = Text("give one of pagerduty, opsgenie and grafanaOncall", "请在 pagerduty、opsgenie、grafanaOncall 中给出一个")


class ImportRequest(wire.Request):
    """What one of three systems exports; ``users`` says who theirs are here. Without ``seen`` nothing is stored."""

    pagerduty: PagerDutyExport | None = None
    opsgenie: OpsgenieExport | None = None
    grafana_oncall: OnCallExport | None = None
    users: Annotated[dict[UserId, UserId], Field(max_length=500)] = Field(default_factory=dict)
    seen: Hash | None = None
    """The hash of the dry run; with it, what it showed is stored."""

    @model_validator(mode="after")
    def _one_export(self) -> Self:
        if sum(one is not None for one in (self.pagerduty, self.opsgenie, self.grafana_oncall)) != 1:
            raise wire.Unfit(_ONE, field="pagerduty")
        return self

    def export(self) -> Exports:
        """Return the one export that is given."""
        return self.pagerduty or self.opsgenie or self.grafana_oncall or PagerDutyExport()


class ImportNoteResponse(wire.Response):
    """Something that is not carried, or not as it was."""

    place: str
    text: str


class ImportDifferenceResponse(wire.Response):
    """A time in which others are on than the source says."""

    starts_at: wire.Instant
    ends_at: wire.Instant
    source: tuple[str, ...]
    ours: tuple[str, ...]


class ImportedOverrideResponse(wire.Response):
    """An override that follows from one of the source."""

    kind: OverrideKind
    start: wire.Instant
    end: wire.Instant
    user: str | None
    by: str | None

    @classmethod
    def of(cls, one: Override) -> "ImportedOverrideResponse":
        """Return the answer for an override."""
        return cls(kind=one.kind, start=one.start, end=one.end, user=one.user or None, by=one.by or None)


class ImportedScheduleResponse(wire.Response):
    """A schedule as it will be, and the hours of the next 90 days in which others are on than the source says."""

    schedule_id: str
    name: str
    zone: str
    levels: tuple[LevelResponse, ...]
    overrides: tuple[ImportedOverrideResponse, ...]
    hours_compared: int
    hours_different: int
    differences: tuple[ImportDifferenceResponse, ...]

    @classmethod
    def of(cls, one: Carried) -> "ImportedScheduleResponse":
        """Return the answer for a schedule."""
        schedule = one.schedule
        return cls(
            schedule_id=schedule.schedule_id,
            name=schedule.name,
            zone=schedule.zone,
            levels=tuple(
                LevelResponse(rotations=tuple(map(RotationResponse.of, level.rotations))) for level in schedule.levels
            ),
            overrides=tuple(map(ImportedOverrideResponse.of, one.overrides)),
            hours_compared=one.hours,
            hours_different=one.different,
            differences=tuple(
                ImportDifferenceResponse(starts_at=part.start, ends_at=part.end, source=part.source, ours=part.ours)
                for part in one.differences
            ),
        )


class ImportedPolicyResponse(wire.Response):
    """A policy as it will be."""

    policy_id: str
    name: str
    steps: tuple[PolicyStepResponse, ...]
    repeat: int

    @classmethod
    def of(cls, one: Policy) -> "ImportedPolicyResponse":
        """Return the answer for a policy."""
        steps = tuple(
            PolicyStepResponse(
                targets=tuple(
                    TargetResponse(kind=target.kind, target_id=target.target_id, level=target.level)
                    for target in step.targets
                ),
                delay_minutes=step.delay_minutes,
            )
            for step in one.steps
        )
        return cls(policy_id=one.policy_id, name=one.name, steps=steps, repeat=one.repeat)


class ImportResponse(wire.Response):
    """The report of an import; ``unknownUsers`` have no name here yet: say it in ``users``."""

    schedules: tuple[ImportedScheduleResponse, ...]
    policies: tuple[ImportedPolicyResponse, ...]
    not_carried: tuple[ImportNoteResponse, ...]
    unknown_users: tuple[str, ...]
    hash: str
    is_stored: bool

    @classmethod
    def of(cls, found: Plan, language: Language, *, is_stored: bool) -> "ImportResponse":
        """Return the answer for a plan."""
        return cls(
            schedules=tuple(map(ImportedScheduleResponse.of, found.rotas)),
            policies=tuple(map(ImportedPolicyResponse.of, found.policies)),
            not_carried=tuple(
                ImportNoteResponse(place=one.place, text=one.text.render(language)) for one in found.notes
            ),
            unknown_users=found.unknown,
            hash=found.hash,
            is_stored=is_stored,
        )
