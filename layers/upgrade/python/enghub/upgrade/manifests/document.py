"""The manifest as teams write it: one JSON document per version (UPG-01, UPG-02; source document, chapter 1).

Field names are those of the document. Keys of a step that are not named here are parameters of its class.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from enghub.core.i18n import Text
from enghub.core.wire import Unfit
from enghub.kit.calendars.shifts import Hours
from enghub.upgrade.manifests.variables import Variables
from enghub.upgrade.phases import PHASES, Phase
from enghub.upgrade.versions import Version, VersionText

_CROSSED = Text(
    "min_source_version {low} is above max_source_version {high}",
    "min_source_version {low} 高于 max_source_version {high}",
)
_NO_TIME = Text("begin and end are the same", "begin 与 end 相同")
_NO_SITES = Text("a step that is not common needs site_ids", "非通用步骤须填写 site_ids")
StepId = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Path = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^(?!/)(?!.*(^|/)\.\.(/|$))[^\\\x00-\x1f]+$")]
"""A relative path with forward slashes that stays inside the bundle."""
TableName = Annotated[
    str, Field(max_length=128, pattern=r"^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$", examples=["currency"])
]
Seconds = Annotated[int, Field(ge=1, le=7 * 86_400)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Metadata(BaseModel):
    """Who made the document and when; further fields are kept as they are."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    created_by: str | None = None
    created_time: str | None = None
    last_modified: str | None = None
    checksum: str | None = None
    """As the author declared it. The engine computes its own over the whole document."""


class Dependencies(_Part):
    """What must hold before this version may run."""

    min_source_version: VersionText | None = None
    max_source_version: VersionText | None = None
    required_base_version: VersionText | None = None
    required_components: tuple[Name, ...] = ()
    required_resources: dict[str, str] = Field(default_factory=dict)
    includes: tuple[VersionText, ...] = ()
    """Versions whose changes this one carries itself: they are left out of a path that comes through here."""
    equivalent_to: tuple[VersionText, ...] = ()
    """Back-ports of this version: a site that ran one of them does not run this one again."""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        low, high = self.min_source_version, self.max_source_version
        if low and high and Version.parse(low) > Version.parse(high):
            raise Unfit(_CROSSED, low=low, high=high)
        return self


class PatchInfo(_Part):
    """What a patch fixes and how risky it is."""

    fixed_issues: tuple[str, ...] = ()
    affected_modules: tuple[str, ...] = ()
    risk_level: Literal["low", "medium", "high"] = "low"
    rollback_supported: bool = False


Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]


class Window(_Part):
    """The part of a day in which a step may begin: off-peak hours (source document, chapters 1.2 and 1.4)."""

    begin: Clock
    end: Clock
    """Not before `begin` means after midnight."""
    utc_offset: Annotated[str, Field(pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$", examples=["+08:00"])] = "+00:00"

    @model_validator(mode="after")
    def _is_some_time(self) -> Self:
        if self.begin == self.end:
            raise Unfit(_NO_TIME)
        return self

    def seconds_until(self, now: datetime) -> int:
        """Return the seconds until it opens, 0 while it is open."""
        hours = Hours(time.fromisoformat(self.begin), time.fromisoformat(self.end))
        opens = hours.current_or_next(now, datetime.strptime(self.utc_offset, "%z").tzinfo or UTC).start
        return max(0, math.ceil((opens - now).total_seconds()))


class Step(BaseModel):
    """One cut-point (UPG-02). Times are seconds."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    id: StepId
    name: Name
    class_name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z_][\w.$:-]*$")]
    method_name: Annotated[str, Field(max_length=100, pattern=r"^[a-z]\w*$")] | None = None
    """Which of the class's methods does the work: `execute` (also when none is named), or one that the class offers."""
    description: str = ""
    is_common: bool = True
    site_ids: tuple[Name, ...] = ()
    timeout: Seconds = 3600
    retry_count: Annotated[int, Field(ge=0, le=10)] = 0
    priority: Annotated[int, Field(ge=0, le=10_000)] = 100
    """Lower runs first."""
    dependencies: tuple[StepId, ...] = ()
    rollback_supported: bool = False
    required: bool = True
    estimated_duration: Annotated[int, Field(ge=0, le=7 * 86_400)] | None = None
    requires_confirmation: bool = False
    """The execution waits for an operator before this step."""
    window: Window | None = None
    """The step begins in these hours only; once begun it goes on."""

    @model_validator(mode="after")
    def _sites(self) -> Self:
        if not self.is_common and not self.site_ids:
            raise Unfit(_NO_SITES)
        return self

    @property
    def parameters(self) -> dict[str, Any]:
        """The keys that belong to the step's class."""
        return dict(self.model_extra or {})

    def runs_at(self, site_id: str) -> bool:
        """Tell whether the step belongs to a site's upgrade."""
        return self.is_common or site_id in self.site_ids


Steps = tuple[Step, ...]


class UpgradeSteps(_Part):
    """The steps by phase."""

    pre_business_check: Steps = ()
    pre_upgrade_process: Steps = Field(default=(), validation_alias="pre_upgrade_process")
    pre_upgrade: Steps = ()
    """Older name of `pre_upgrade_process`, in the document's chapter 2; runs as part of that phase."""
    startup_pre_process: Steps = ()
    startup_post_process: Steps = ()
    post_upgrade: Steps = ()

    def of(self, phase: Phase) -> Steps:
        """Return a phase's steps in document order."""
        steps: Steps = getattr(self, phase)
        return (*self.pre_upgrade, *steps) if phase is Phase.PRE_UPGRADE_PROCESS else steps


class RollbackSteps(_Part):
    """What undoes this version."""

    pre_rollback: Steps = ()
    post_rollback: Steps = ()


MailAddress = Annotated[str, Field(pattern=r"^[^\s@<>,;:]{1,64}@[^\s@<>,;:]{1,255}$", max_length=254)]
MailAddresses = Annotated[tuple[MailAddress, ...], Field(max_length=100)]


class Notifications(_Part):
    """Who hears of the outcome."""

    on_success: MailAddresses = ()
    on_failure: MailAddresses = ()
    webhook_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2000)] | None = None


class Manifest(_Part):
    """One version's upgrade."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, defer_build=True, json_schema_extra={"title": "EngHub upgrade manifest"}
    )

    version: VersionText
    version_type: Literal["baseline", "patch"] | None = None
    base_version: VersionText | None = None
    description: str = ""
    metadata: Metadata = Metadata()
    dependencies: Dependencies = Dependencies()
    patch_info: PatchInfo | None = None
    variables: Variables = Field(default_factory=dict)
    """What scripts and parameters may write as `${name}`, with other values per environment and site."""
    upgrade_steps: UpgradeSteps = UpgradeSteps()
    rollback_steps: RollbackSteps = RollbackSteps()
    notifications: Notifications = Notifications()
    reference_data: Annotated[tuple[TableName, ...], Field(max_length=20)] = ()
    """Tables whose rows come with the version: a row that is changed at a site by hand is told before the next plan."""

    @property
    def number(self) -> Version:
        """The version as a number."""
        return Version.parse(self.version)

    @property
    def is_patch(self) -> bool:
        """Four numbers."""
        return self.number.is_patch

    @property
    def all_steps(self) -> Iterator[tuple[str, Step]]:
        """Every step with its place in the document."""
        for phase in ("pre_business_check", "pre_upgrade", *PHASES[1:]):
            for index, step in enumerate(getattr(self.upgrade_steps, phase)):
                yield f"upgrade_steps.{phase}.{index}", step
        for part in ("pre_rollback", "post_rollback"):
            for index, step in enumerate(getattr(self.rollback_steps, part)):
                yield f"rollback_steps.{part}.{index}", step

    @property
    def script_paths(self) -> tuple[str, ...]:
        """Every script the steps name, each once, in order."""
        paths: dict[str, None] = {}
        for _, step in self.all_steps:
            paths.update(dict.fromkeys(_paths(step.parameters)))
        return tuple(paths)


_SCRIPT_KEYS = frozenset({"sql_scripts", "rollback_scripts", "config_files", "scripts"})


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _SCRIPT_KEYS and isinstance(inner, list):
                yield from (item for item in inner if isinstance(item, str))
            yield from _paths(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item)


def canonical(document: dict[str, Any]) -> str:
    """Return the one spelling of a JSON document: sorted keys, no spaces."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def checksum(document: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON, as hex."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()
