"""What others hear of a gray release: an event of every change, and a notice where people have to know."""

from collections.abc import Iterator

from enghub.core.commits import Commit
from enghub.core.events import Envelope
from enghub.core.notices import NoticeRequested, Severity
from enghub.settings.published import GrayReleaseChanged
from enghub.settings.releases.model import GrayRelease, Status, Why
from enghub_flags.reading import percent

SAID = {
    "rolled_back": ("was rolled back", "已自动回滚"),
    "paused": ("stands still", "已暂停"),
    "completed": ("is complete", "已完成"),
}


def told(commit: Commit[GrayRelease]) -> Iterator[Envelope]:
    """Yield what a commit of a release tells."""
    release = commit.after
    yield GrayReleaseChanged(
        release_id=release.release_id,
        feature_key=release.feature_key,
        environment=release.at.environment.value,
        layer=release.at.layer.value,
        action=commit.action,
        status=release.status.value,
        current_percentage=percent(release.current),
        why=release.why.value,
        version=release.version,
    ).envelope(commit.origin)
    by_itself = commit.origin.user_id == "system"
    if by_itself and commit.action in SAID:
        yield _notice(commit).envelope(commit.origin)


def _notice(commit: Commit[GrayRelease]) -> NoticeRequested:
    release = commit.after
    english, chinese = SAID[commit.action]
    harmful = release.status is Status.CANCELLED or release.why in {Why.ERROR_RATE, Why.RESPONSE_TIME}
    return NoticeRequested(
        notice_type=f"settings.release_{commit.action}",
        severity=Severity.CRITICAL if harmful else Severity.WARNING if commit.action == "paused" else Severity.INFO,
        subject=release.subject,
        facts={
            "title": f"{release.release_name} ({release.feature_key})",
            "said": {"en": english, "zh": chinese},
            "why": release.why.value,
            "percentage": percent(release.current),
        },
        users=(release.created_by,) if "/" not in release.created_by else (),
        dedupe_key=f"{release.subject}/{release.turn}",
    )
