"""Names in requests that several aggregates take: part numbers, connections."""

from typing import Annotated

from pydantic import AfterValidator, Field

from enghub.core import wire
from enghub.core.i18n import Text

PartNumber = Annotated[str, Field(min_length=1, max_length=50), AfterValidator(wire.printable)]
ConnectionName = Annotated[
    str,
    wire.form(
        r"^[a-z0-9][a-z0-9-]*$",
        Text(
            "begin with a small letter or digit; small letters, digits and - follow",
            "以小写字母或数字开头，其后为小写字母、数字或 -",
        ),
        max_length=40,
    ),
]
