"""Version numbers: 2.16.5 is a baseline, 2.16.5.1 a patch on it (UPG-03). Compared as numbers, never as text."""

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Annotated

from pydantic import AfterValidator, Field

from enghub.core.i18n import Text
from enghub.core.wire import Unfit

_FORM = re.compile(r"(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){2,3}")
SHOWN = {"pattern": f"^{_FORM.pattern}$"}
"""For the published document."""
_NO_VERSION = Text(
    "{written} is no version: use three numbers (2.16.5) or four for a patch (2.16.5.1)",
    "{written} 不是版本号：请使用三段数字（2.16.5），补丁使用四段（2.16.5.1）",
)


class NotAVersion(Unfit):
    """The text is neither three nor four numbers."""

    def __init__(self, text: str) -> None:
        super().__init__(_NO_VERSION, written=repr(text))


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """Three numbers, or four for a patch; a patch comes right after its base and before the next baseline."""

    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read a version.

        Raises:
            NotAVersion: anything but three or four numbers without leading zeros.
        """
        if not _FORM.fullmatch(text):
            raise NotAVersion(text)
        return cls(tuple(int(part) for part in text.split(".")))

    @property
    def is_patch(self) -> bool:
        """Four numbers."""
        return len(self.numbers) == 4

    @property
    def base(self) -> "Version":
        """The baseline a patch belongs to; a baseline is its own base."""
        return Version(self.numbers[:3])

    def within(self, low: "Version | None", high: "Version | None") -> bool:
        """Tell whether this lies between the bounds, both included; a baseline as upper bound includes its patches."""
        if low is not None and self < low:
            return False
        return high is None or self.numbers[: len(high.numbers)] <= high.numbers

    def __lt__(self, other: "Version") -> bool:
        return self.numbers < other.numbers

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers))


def _version(text: str) -> str:
    return str(Version.parse(text))


VersionText = Annotated[
    str, AfterValidator(_version), Field(examples=["2.16.5", "2.16.5.1"], json_schema_extra={**SHOWN})
]
"""A version in a document or a request."""
