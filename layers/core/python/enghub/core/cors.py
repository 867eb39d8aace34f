"""Which pages on other origins may read an answer; the gateway answers their preflights itself (decision 0038)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core import config

EXPOSED = "ETag, Idempotency-Replayed, Retry-After"
"""What a page may read besides the body."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The stage's origins, parted by blanks: ``https://app.example.com http://localhost:*``."""

    cors_origins: str = ""


def headers(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the headers that let the asking page read the answer; none where the stage lists no pages."""
    listed = config.load(Pages).cors_origins.split()
    if not listed:
        return {}
    asked = event.get("headers") or {}
    origin = next((value for name, value in asked.items() if name.lower() == "origin"), "")
    if not any(_is(origin, one) for one in listed):
        return {"Vary": ["Origin"]}
    return {
        "Vary": ["Origin"],
        "Access-Control-Allow-Origin": [origin],
        "Access-Control-Expose-Headers": [EXPOSED],
    }


def _is(origin: str, listed: str) -> bool:
    """Tell whether ``origin`` is the listed one; ``:*`` stands for any port."""
    if listed.endswith(":*"):
        port = origin.removeprefix(listed[:-1])
        return port != origin and port.isdecimal()
    return origin == listed
