"""EventBridge Scheduler: looks twice a second instead of every ten, and names the group when it asks for permission."""

import json
from typing import Any

from ministack.core import iam_actions
from ministack.services import scheduler

SECONDS_BETWEEN_LOOKS = 0.5


def patch() -> None:
    """Make both changes."""
    scheduler._SCHEDULE_TICK_INTERVAL = SECONDS_BETWEEN_LOOKS
    name_the_group()


def name_the_group() -> None:
    """Check permissions against ``schedule/<group>/<name>``; the emulator says ``default`` whatever the group."""
    extract = iam_actions.extract_resource_arn

    def extracted(service: str, *request: Any) -> str:
        arn: str = extract(service, *request)
        _method, _path, _headers, body, query, *_place = request
        return arn.replace(":schedule/default/", f":schedule/{_group(body, query)}/") if service == "scheduler" else arn

    iam_actions.extract_resource_arn = extracted


def _group(body: bytes, query: dict[str, Any]) -> str:
    """Return the group that a request names: in its body, or in its query where it has none."""
    named = query.get("groupName")
    if named:
        return str(named[0] if isinstance(named, list) else named)
    try:
        return str(json.loads(body or b"{}").get("GroupName", "default"))
    except ValueError:
        return "default"
