"""Builds what go-lives and their checklists need, once per process."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING

from enghub.core import config, ids
from enghub.core.clock import system_clock
from enghub.core.config import CoreConfig
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.core.timers.model import DueTimer
from enghub.golive.gateways.secrets import database_secret
from enghub.golive.probes.model import Probe, Reading
from enghub.golive.readiness import dynamo
from enghub.golive.readiness.dynamo import DynamoReadiness
from enghub.golive.readiness.model import Evidence, EvidenceKind
from enghub.golive.readiness.service import GoLives
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.work.errors import WorkFailed

if TYPE_CHECKING:
    from enghub.golive import wiring
    from enghub.golive.gateways import probes
    from enghub.kit.files import bucket, uploads
    from enghub.kit.outbound import calls, stage
else:
    wiring = lazy("enghub.golive.wiring")
    probes = lazy("enghub.golive.gateways.probes")
    bucket = lazy("enghub.kit.files.bucket")
    uploads = lazy("enghub.kit.files.uploads")
    calls = lazy("enghub.kit.outbound.calls")
    stage = lazy("enghub.kit.outbound.stage")

QUEUE = "take_looks"
PREFIX = "golive/evidence"
LOCAL = "local"
NOT_UPLOADED = Text("no file was uploaded as {path}", "未上传文件 {path}")


@dataclass(frozen=True, slots=True)
class FilesConfig:
    """Where evidence files are."""

    bucket_name: str


def working_days(tenant_id: str, calendar_id: str) -> tuple[WorkingDays, date | None]:
    """Return the days that a calendar works, and the last one it has data of; Monday to Friday without a calendar.

    Raises:
        SetupNotFound
    """
    if not calendar_id:
        return WorkingDays(), None
    calendar = wiring.calendars().get(tenant_id, calendar_id).value
    return calendar.days(), calendar.covered_until(system_clock()) or date.min


@cache
def go_lives() -> GoLives:
    """Return the use cases of go-lives."""
    return GoLives(DynamoReadiness(), working_days, system_clock, _probe)


def _probe(tenant_id: str, probe: Probe) -> Reading:
    return _probes().read(tenant_id, probe)


@cache
def _probes() -> "probes.Probes":
    outbound = calls.Outbound(stage.stage_policy(plain_http=True))
    return probes.Probes(outbound, database_secret, system_clock)


def wake(due: DueTimer) -> None:
    """Ask that an item's evidence be refreshed; the timer's effect."""
    dynamo.wake(due, wiring.machine(due.tenant_id, max(due.due, system_clock())), QUEUE)


def upload(
    go_live_id: str, item_id: str, origin: Origin, *, name: str, size_bytes: int, sha256: str
) -> "tuple[str, uploads.Upload]":
    """Return the path of a new evidence file, and where to put it."""
    path = f"{go_live_id}/{item_id}/{ids.new_id(origin.at)}/{name}"
    core, bucket_name = config.load(CoreConfig), config.load(FilesConfig).bucket_name
    key = f"{PREFIX}/{origin.tenant_id}/{path}"
    at: datetime = origin.at
    signed = uploads.presigned(bucket_name, key, size_bytes=size_bytes, sha256=sha256, at=at, local=core.stage == LOCAL)
    return path, signed


def check_file(evidence: Evidence, go_live_id: str, item_id: str, tenant_id: str) -> None:
    """Refuse a file as evidence that nobody uploaded for this item.

    Raises:
        Invalid
    """
    if evidence.kind is not EvidenceKind.FILE:
        return
    files = bucket.BucketFiles(config.load(FilesConfig).bucket_name, f"{PREFIX}/{tenant_id}")
    try:
        found = files.info(evidence.value) if evidence.value.startswith(f"{go_live_id}/{item_id}/") else None
    except WorkFailed:
        found = None
    if found is None:
        raise Invalid(field="value", problem=NOT_UPLOADED.filled(path=evidence.value[:200]))
