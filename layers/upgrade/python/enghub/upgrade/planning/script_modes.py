"""How a plan's scripts will run, and which of their statements lock long (UPG-04). No I/O."""

from dataclasses import dataclass

from enghub.core.i18n import Filled, Text
from enghub.kit.sql.binding import arrange, fits_one_transaction
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement


@dataclass(frozen=True, slots=True)
class Lock:
    """A statement that locks long, and the way that does not."""

    script: str
    line: int
    statement: str
    instead: Text


@dataclass(frozen=True, slots=True)
class ScriptMode:
    """How a script will run: as one transaction (`script`), or part by part (`statement`)."""

    script: str
    transaction: str
    bound: tuple[tuple[int, int, Text | Filled], ...] = ()
    """First and last line of statements that run on one connection without a stop in between, and why."""
    refused: tuple[tuple[int, Text | Filled], ...] = ()
    """Line of a statement that will be refused, and why."""

    @classmethod
    def of(cls, path: str, statements: tuple[Statement, ...], dialect: Dialect, wanted: str) -> "ScriptMode":
        """Return the mode that the statements of a script need."""
        whole = wanted == "script" and dialect.rolls_back_structure and fits_one_transaction(statements, dialect)
        parts, refused = arrange(statements, dialect)
        if whole:
            return cls(path, "script")
        bound = [(one.statements[0].line, one.statements[-1].line, one.why) for one in parts if one.why is not None]
        return cls(path, "statement", tuple(bound), tuple((one.statement.line, one.reason) for one in refused))
