"""Requests and answers of /api/v1/settings/folder (CFG-32)."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.wire import Unfit
from enghub.kit.sheets.model import Cell, Row
from enghub.settings.approvals.api import Comment
from enghub.settings.business_rules.requests import AnyJson
from enghub.settings.folders.documents import (
    FlagFileRequest,
    RuleFileRequest,
    SegmentFileRequest,
    flag_document,
    rule_document,
    segment_document,
)
from enghub.settings.folders.kinds import Kind
from enghub.settings.folders.model import (
    Content,
    Line,
    Outcome,
    Wanted,
    flag_file,
    segment_file,
)
from enghub.settings.transfers.columns import COLUMNS, row_of

if TYPE_CHECKING:
    from enghub.settings.evaluations.service import Impact
    from enghub.settings.folders.service import Made

FOLDER = "/api/v1/settings/folder"
MAX_BODY_BYTES = 5 * 1024 * 1024
MOST = 1_500
_TWICE = Text("it is there twice", "重复出现")
CellText = Annotated[str, Field(max_length=40_000)] | None


class FolderRequest(wire.Request):
    """Everything that shall be so; what it does not name stays."""

    configs: Annotated[list[dict[str, CellText]], Field(max_length=2_000)] = Field(default=[])
    """Rows as a file of configuration has them: column to text."""
    places: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=2_000)] = Field(default=[])
    """Where each row stands, for refusals."""
    flags: Annotated[list[FlagFileRequest], Field(max_length=MOST)] = Field(default=[])
    segments: Annotated[list[SegmentFileRequest], Field(max_length=MOST)] = Field(default=[])
    rules: Annotated[list[RuleFileRequest], Field(max_length=200)] = Field(default=[])
    dry_run: wire.Flag = False
    change_reason: Comment = ""
    break_glass: wire.Flag = False

    @model_validator(mode="after")
    def _once(self) -> "FolderRequest":
        _check_once("flags", (f"{one.environment}/{one.flag_key}" for one in self.flags))
        _check_once("segments", (f"{one.environment}/{one.segment_key}" for one in self.segments))
        _check_once("rules", (one.rule_key for one in self.rules))
        return self

    def rows(self) -> list[Row]:
        """Return the rows of configuration."""
        places = [*self.places, *(f"/configs/{n}" for n in range(len(self.places), len(self.configs)))]
        return [
            Row(place, {name: Cell(text, place) for name, text in row.items()})
            for place, row in zip(places, self.configs, strict=False)
        ]

    def wanted(self) -> Wanted:
        """Return flags, segments and rules."""
        return Wanted(
            tuple(one.file() for one in self.flags),
            tuple(one.file() for one in self.segments),
            tuple(one.file() for one in self.rules),
        )


def _check_once(field: str, names: Iterable[str]) -> None:
    for name, number in Counter(names).items():
        if number > 1:
            raise Unfit(_TWICE, field=f"{field}.{name}")


class LineShown(wire.Response):
    """What became, or would become, of one thing."""

    kind: Kind
    name: str
    environment: str
    outcome: Outcome
    version: int | None
    place: str


class HitShown(wire.Response):
    """Whom a changed flag would hit, of those seen in the last seven days."""

    name: str
    environment: str
    subjects: int
    changed_subjects: int
    tenants: int
    changed_tenants: int
    dependants: list[str]

    @classmethod
    def of(cls, pair: "tuple[Line, Impact]") -> "HitShown":
        """Return the answer for a flag."""
        line, impact = pair
        return cls(
            name=line.name,
            environment=line.environment,
            subjects=impact.looked_at,
            changed_subjects=impact.changed,
            tenants=impact.tenants,
            changed_tenants=impact.changed_tenants,
            dependants=list(impact.dependants),
        )


class FolderResponse(wire.Response):
    """What a folder did, or would do, thing by thing."""

    layer: str
    dry_run: bool
    needs_approval: bool
    created: int
    updated: int
    unchanged: int
    items: list[LineShown]
    hits: list[HitShown]

    @classmethod
    def of(cls, layer: str, made: "Made", *, dry_run: bool) -> "FolderResponse":
        """Return the answer."""
        counts = Counter(one.outcome for one in made.lines)
        return cls(
            layer=layer,
            dry_run=dry_run,
            needs_approval=made.needs_approval,
            created=counts[Outcome.CREATED],
            updated=counts[Outcome.UPDATED],
            unchanged=counts[Outcome.UNCHANGED],
            items=[
                LineShown(
                    kind=one.kind,
                    name=one.name,
                    environment=one.environment,
                    outcome=one.outcome,
                    version=one.version,
                    place=one.place,
                )
                for one in made.lines
            ],
            hits=list(map(HitShown.of, made.hits)),
        )


class FolderContentResponse(wire.Response):
    """Everything of a space, in the form that a folder's request takes; secrets as masks, versions left out."""

    layer: str
    configs: list[dict[str, str | None]]
    flags: AnyJson
    segments: AnyJson
    rules: AnyJson

    @classmethod
    def of(cls, layer: str, content: Content) -> "FolderContentResponse":
        """Return the answer."""
        rows = [dict(zip(COLUMNS, row_of(one), strict=True)) for one in content.configs]
        return cls(
            layer=layer,
            configs=[{name: text for name, text in row.items() if name != "version"} for row in rows],
            flags=[flag_document(flag_file(one)) for one in content.flags],
            segments=[segment_document(segment_file(one)) for one in content.segments],
            rules=[rule_document(one) for one in content.rules],
        )
