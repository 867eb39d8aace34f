"""Reads what stands in paths."""

from enghub.core.errors import InvalidKey
from enghub.upgrade.versions import NotAVersion, Version


def version_of(text: str) -> Version:
    """Return the version named in a path.

    Raises:
        InvalidKey: it is no version.
    """
    try:
        return Version.parse(text)
    except NotAVersion as error:
        raise InvalidKey(field="version", problem=str(error)) from error
