"""What becomes of a database's error: a failure of the step that says why, or waiting for a database that is away."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import exc

from enghub.core.i18n import Text
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.work.errors import WorkFailed

_TRANSIENT_MYSQL = {1205, 1213, 1040, 1053, 2006, 2013}
_TRANSIENT_STATES = ("40", "53", "57P", "08", "55P03")


@contextmanager
def refused_as(text: Text, *, retryable: bool = False, **values: Any) -> Iterator[None]:
    """Turn the errors of what is inside into `failure_of` them; `retryable` ones whatever they are.

    Raises:
        WorkFailed: with `text`, in which `error` is the database's reason.
        DatabaseUnreachable: the connection is gone.
    """
    try:
        yield
    except exc.DBAPIError as error:
        raise failure_of(text, error, retryable=retryable, **values) from error


def failure_of(
    text: Text, error: exc.DBAPIError, *, retryable: bool = False, **values: Any
) -> WorkFailed | DatabaseUnreachable:
    """Return what a step raises: its failure, retryable when the database may accept it in a moment."""
    if error.connection_invalidated or _is_lost(error):
        return DatabaseUnreachable(reason(error))
    return WorkFailed(text, retryable=retryable or _is_transient(error), **{"error": reason(error), **values})


def reason(error: exc.DBAPIError) -> str:
    """Return the database's own words, on one line."""
    return " ".join(str(error.orig).split())[:500]


def _is_transient(error: exc.DBAPIError) -> bool:
    """Tell whether the same statement may succeed in a moment: deadlock, lock wait, restart, too many connections."""
    original: Any = error.orig
    if isinstance(getattr(original, "sqlstate", None), str):
        return str(original.sqlstate).startswith(_TRANSIENT_STATES)
    code = original.args[0] if original is not None and original.args else None
    return code in _TRANSIENT_MYSQL or "database is locked" in str(original)


def _is_lost(error: exc.DBAPIError) -> bool:
    """Tell whether the connection is gone."""
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return code in (2006, 2013)
