"""Why a database is not worked on now: come back later."""


class DatabaseBusy(Exception):
    """A statement of an earlier worker is still running in the server: come back later."""


class DatabaseUnreachable(Exception):
    """The database does not answer, or broke the connection off: come back later."""
