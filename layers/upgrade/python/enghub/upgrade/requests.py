"""What the requests of several aggregates have in common."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from enghub.core import wire
from enghub.core.errors import InvalidKey
from enghub.upgrade.sites.ids import SiteId
from enghub.upgrade.versions import SHOWN, NotAVersion, Version, VersionText


class WantedUpgrade(wire.Request):
    """Which upgrade is meant: what the source document's CI/CD sends (chapter 3.4)."""

    upgrade_before_version: VersionText
    upgrade_after_version: VersionText
    site_id: SiteId
    environment: Annotated[str, Field(min_length=1, max_length=30, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")] = "test"


VersionNamed = Annotated[str, Path(json_schema_extra={**SHOWN})]
"""A version in a path; ``version_of`` reads it."""


def version_of(text: str) -> Version:
    """Return the version named in a path.

    Raises:
        InvalidKey: it is no version.
    """
    try:
        return Version.parse(text)
    except NotAVersion as error:
        raise InvalidKey(field="version", problem=error.said) from error
