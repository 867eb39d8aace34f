"""Names, clocks, zones and versions in requests by which people set things up."""

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from enghub.core import wire
from enghub.core.i18n import Text

NO_ZONE = Text("write a time zone of the IANA database, as Asia/Shanghai", "请填写 IANA 时区，如 Asia/Shanghai")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise wire.Unfit(NO_ZONE)
    return text


Name = Annotated[
    str,
    wire.form(
        r"^[a-z0-9][a-z0-9_-]*$",
        Text("small letters, digits, _ and -", "仅限小写字母、数字、_ 和 -"),
        max_length=63,
    ),
]
MailAddress = Annotated[
    str,
    wire.form(
        r"^[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$",
        Text("a mail address, as ada@example.com", "邮箱地址，如 ada@example.com"),
        max_length=254,
        format="email",
    ),
]
Clock = Annotated[
    str,
    wire.form(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", Text("a time as 22:00", "时间，如 22:00"), max_length=5),
]
Zone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_zone)]
UserId = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(wire.printable)]
Version = Annotated[wire.Count, Field(ge=1)]
"""The version that the caller saw; none of something new."""
