"""Scenarios and their reports on the wire (OPS-07)."""

from typing import Annotated, Literal

from pydantic import Field

from enghub.core import wire
from enghub.golive.smoke.model import MOST_STEPS, Assertion, Comparison, Extract, Report, Scenario, Step

Source = Annotated[str, Field(min_length=1, max_length=200)]
ValueName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Header = Annotated[str, Field(max_length=1000)]
OK = Assertion("status", Comparison.LESS, "400")


class AssertionPart(wire.Request):
    """What must be true of an answer."""

    source: Source
    test: Comparison
    value: Annotated[str, Field(max_length=500)] = ""


class ExtractPart(wire.Request):
    """A value that later steps name as ``{{name}}``."""

    name: ValueName
    source: Source


class StepPart(wire.Request):
    """One call."""

    name: wire.Code
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    url: Annotated[str, Field(min_length=8, max_length=2000)]
    headers: Annotated[dict[str, Header], Field(max_length=20, default_factory=dict)]
    body: Annotated[str, Field(max_length=8000)] = ""
    extracts: Annotated[tuple[ExtractPart, ...], Field(max_length=10)] = ()
    assertions: Annotated[tuple[AssertionPart, ...], Field(max_length=20)] = ()

    def to_step(self) -> Step:
        """Return the step; without assertions any answer below 400 is right."""
        asserts = tuple(Assertion(one.source, one.test, one.value) for one in self.assertions) or (OK,)
        extracts = tuple(Extract(one.name, one.source) for one in self.extracts)
        return Step(self.name, self.method, self.url, dict(self.headers), self.body, extracts, asserts)


class ScenarioPart(wire.Request):
    """Calls one after another; ``secret`` names credentials, ``repeatable`` says that a lost call may be sent again."""

    steps: Annotated[tuple[StepPart, ...], Field(min_length=1, max_length=MOST_STEPS)]
    secret: Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9_-]*$")] = ""
    repeatable: wire.Flag = False

    def to_scenario(self) -> Scenario:
        """Return the scenario."""
        return Scenario(tuple(one.to_step() for one in self.steps), self.secret, self.repeatable)


class StepResultResponse(wire.Response):
    """What became of one call."""

    name: str
    status: int
    milliseconds: int
    problem: str | None


class ReportResponse(wire.Response):
    """What became of a scenario."""

    passed: bool
    said: str
    steps: tuple[StepResultResponse, ...]

    @classmethod
    def of(cls, report: Report) -> "ReportResponse":
        """Return the answer for a report."""
        steps = tuple(
            StepResultResponse(
                name=one.name, status=one.status, milliseconds=one.milliseconds, problem=one.problem or None
            )
            for one in report.results
        )
        return cls(passed=report.passed, said=report.said, steps=steps)
