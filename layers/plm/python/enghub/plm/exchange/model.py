"""A file dropped into the exchange bucket: whose it is, in what format, which run takes it (PLM-21).

``plm/exchange/<tenant>/<connection>/<name>.csv`` (``.json``, ``.xml``, ``.xlsx``); lines of BOMs below ``boms/`` there.
Its report lies beside it, under its name with ``.errors.csv`` behind; what is read of it waits under
``plm/exchange-work/<tenant>/<run>/`` until the run has taken it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from enghub.core.i18n import Filled, Text

FOLDER = "plm/exchange/"
WORK = "plm/exchange-work/"
REPORT = ".errors.csv"
MOST_BYTES = 100_000_000
_KEY = re.compile(
    r"plm/exchange/(?P<tenant>[A-Za-z0-9][\w.-]{0,63})/(?P<connection>[a-z0-9][a-z0-9-]{0,39})/"
    r"(?P<boms>boms/)?(?P<name>[^/\x00-\x1f]{1,200}\.(?P<kind>csv|json|xml|xlsx))",
    re.ASCII | re.IGNORECASE,
)


class FileKind(StrEnum):
    """How a file is written."""

    CSV = "csv"
    JSON = "json"
    XML = "xml"
    EXCEL = "xlsx"


class FileRefused(Exception):
    """A file that cannot be taken at all; ``said`` tells why in two languages, ``place`` where."""

    def __init__(self, said: Text | Filled, place: str = "") -> None:
        super().__init__(said.render("en"))
        self.said, self.place = said, place


@dataclass(frozen=True, slots=True)
class Dropped:
    """One version of a file in the bucket."""

    key: str
    version: str
    """As a versioned bucket names it, empty in another."""
    content: str
    """What tells it from the file dropped before under this name: its version, or its checksum."""
    size: int
    tenant_id: str
    connection: str
    kind: FileKind
    is_of_boms: bool = False
    """Whether it is a part list, below ``boms/``: its rows are lines of BOMs."""
    told_at: datetime | None = None
    """When it was told of, the same however often it is told."""

    @classmethod
    def of(cls, told: Mapping[str, Any], told_at: datetime | None = None) -> "Dropped | None":
        """Read what S3 tells of an object; None of one that is no file for us: a report, or beside our folders."""
        key = str(told["key"])
        found = _KEY.fullmatch(key)
        if found is None or key.endswith(REPORT):
            return None
        version, etag = (str(told.get(name) or "") for name in ("version-id", "etag"))
        kind, size = FileKind(found["kind"].lower()), int(told.get("size") or 0)
        return cls(
            key,
            version,
            version or etag,
            size,
            found["tenant"],
            found["connection"],
            kind,
            bool(found["boms"]),
            told_at,
        )

    @property
    def run_id(self) -> str:
        """The run that takes it: the same however often its event comes."""
        return "file-" + hashlib.sha256(f"{self.key}\n{self.content}".encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is read of one record: its members, or what is wrong with it; ``place`` is where it stands."""

    place: str
    record: Mapping[str, Any]
    problem: tuple[str, str, str] | None = None
    """Reason, field, value."""


def work_key(tenant_id: str, run_id: str, name: str) -> str:
    """Return where a part of what was read of a file waits."""
    return f"{WORK}{tenant_id}/{run_id}/{name}"
