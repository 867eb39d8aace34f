"""What is wrong with what teams write for an upgrade, each with the path of its field, in both languages (UPG-01)."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from enghub.core import problems
from enghub.core.i18n import Filled, Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: the field's path (`upgrade_steps.post_upgrade.0.timeout`) and why."""

    field: str
    problem: Text | Filled

    def __str__(self) -> str:
        return f"{self.field}: {self.problem.render('en')}"

    def below(self, place: str) -> "Problem":
        """Return it with the path that leads from the whole document to its field."""
        return Problem(f"{place}.{self.field}", self.problem)


def read_from(error: ValidationError, *place: str) -> tuple[Problem, ...]:
    """Return what pydantic found below a place."""
    return tuple(
        Problem(".".join([*place, *map(str, found["loc"])]) or "manifest", problems.said(found))
        for found in error.errors(include_url=False)
    )


def in_one_text(found: Iterable[Problem]) -> Text:
    """Return all in one sentence."""
    said = list(found)
    return Text(
        "; ".join(map(str, said)),
        "；".join(f"{one.field}：{one.problem.render('zh')}" for one in said),
    )
