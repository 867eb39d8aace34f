"""A folder of settings: configuration, flags, segments and rules at one moment; many flags by a stage."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, Wake
from enghub.settings import approval_wiring
from enghub.settings.flags import staging
from tests.factories import rules
from tests.factories.folders import ADMIN, a_flag_file
from tests.factories.settings import sent_to
from tests.factories.stored import items
from tests.faults.harness import Flow, register

FOLDER = "/api/v1/settings/folder"


def a_folder(*, is_enabled: bool = True) -> dict[str, Any]:
    named = [
        {"environment": "PROD", "flagKey": key, **a_flag_file(key, isEnabled=is_enabled)} for key in ("a", "b", "c")
    ]
    segment = {"environment": "PROD", "segmentKey": "pilots", "definition": {"included": ["u-1"]}}
    return {
        "configs": [{"configKey": "host", "configValue": "new" if is_enabled else "old"}],
        "flags": named,
        "segments": [segment],
        "rules": [{"ruleKey": "dispatch.night", **rules.a_rule(name="on" if is_enabled else "off")}],
        "changeReason": "release 4",
    }


def applied(_: Any, *, is_enabled: bool = True) -> tuple[int, str]:
    found = sent_to("keep_folders", "POST", FOLDER, a_folder(is_enabled=is_enabled), caller=ADMIN)
    return found["statusCode"], found["body"]


def there() -> None:
    assert applied(None, is_enabled=False)[0] == 200


@contextmanager
def staged() -> Iterator[None]:
    """Let two flags be many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "ONE_BY_ONE", 1)
        yield


def settle(_: Any) -> None:
    """Let the timers of stages come, where they are needed."""
    for stage_id in sorted({one["pk"].rpartition("#")[2] for one in items("STAGED_FLAG")}):
        found = timers.read(Wake("acme", f"flag_stage/{stage_id}", staging.DUE))
        if found is not None:
            due = DueTimer(found.tenant_id, found.subject, found.purpose, found.due, found.version, found.payload)
            approval_wiring.timer_handlers()[staging.DUE](due)


register(Flow("apply a folder", "settings", there, applied))
register(
    Flow(
        "apply a folder of many flags",
        "settings",
        there,
        applied,
        settle=settle,
        around=staged,
        volatile=(r"\b[0-9A-Z]{26}\b", r"\b[0-9a-f]{32}\b", r"WAITING#\d"),
        known=r"STAGED_|TIMER |OUTBOX .*arm_timers",
    )
)
