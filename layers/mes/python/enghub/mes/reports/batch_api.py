"""Batches of reports on the wire: each report is read by itself, so that a wrong one keeps no other back (MES-23)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError
from pydantic.alias_generators import to_camel

from enghub.core import claims, i18n, wire
from enghub.core.errors import EngHubError, Invalid
from enghub.core.events import dumps
from enghub.core.i18n import Language, Text
from enghub.core.identity import Origin
from enghub.core.problems import invalid
from enghub.mes.reports.answers import ProductionReportResponse
from enghub.mes.reports.api import ReportRequest
from enghub.mes.reports.batch import MOST, Answered, Entry
from enghub.mes.reports.service import Recorded

_NO_KEY = Text("each report of a batch has a key of its own", "批次内每条报工都需要自己的键")
_ENTRY = Field(
    json_schema_extra={
        "description": "the members of POST /api/v1/production/report, and key: what its Idempotency-Key would be"
    }
)


class BatchRequest(wire.Request):
    """Up to 200 reports, each with the ``key`` it would have as a single one; in any order, some sent before."""

    reports: Annotated[tuple[Annotated[dict[str, Any], _ENTRY], ...], Field(min_length=1, max_length=MOST)]

    def entries(self, origin: Origin) -> list[Entry]:
        """Return each report as a command, or what is wrong with it."""
        return [_entry(one, origin) for one in self.reports]


def _entry(given: Mapping[str, Any], origin: Origin) -> Entry:
    key = given.get("key")
    if not isinstance(key, str):
        return Entry("", Invalid(field="key", problem=_NO_KEY))
    try:
        claims.check_key(key)
        request = ReportRequest.model_validate({name: value for name, value in given.items() if name != "key"})
    except ValidationError as error:
        return Entry(key, invalid(error.errors()))
    except EngHubError as error:
        return Entry(key, error)
    meant = claims.fingerprint("", dumps({"request": wire.meaning(request)}))  # as Call.fingerprint of a single one
    return Entry(key, request.to_command(origin, key, meant))


class BatchItemResponse(wire.Response):
    """What became of one report: the status and code it would have been answered with as a single one.

    ``report`` is what is stored, also where it was stored before (``isReplayed``); ``error``, ``message`` and
    ``details`` say why nothing is.
    """

    key: str
    status: int
    code: str
    is_replayed: bool
    report: ProductionReportResponse | None
    error: str | None
    message: str | None
    details: dict[str, Any] | None

    @classmethod
    def of(cls, answered: Answered, language: Language) -> Self:
        """Return the answer for one report."""
        outcome = answered.outcome
        if isinstance(outcome, Recorded):
            report = ProductionReportResponse.of(outcome.report)
            return cls(
                key=answered.key,
                status=201,
                code="201",
                is_replayed=outcome.repeated,
                report=report,
                error=None,
                message=None,
                details=None,
            )
        return cls(
            key=answered.key,
            status=outcome.status,
            code=outcome.code,
            is_replayed=False,
            report=None,
            error=outcome.name,
            message=outcome.message(language),
            details={to_camel(name): i18n.rendered(one, language) for name, one in outcome.details.items()},
        )


class BatchResponse(wire.Response):
    """What became of each report, in the order sent; ``stored`` counts those that are stored now, newly or before."""

    items: tuple[BatchItemResponse, ...]
    stored: int
    refused: int

    @classmethod
    def of(cls, answered: Sequence[Answered], language: Language) -> Self:
        """Return the answer for a batch."""
        items = tuple(BatchItemResponse.of(one, language) for one in answered)
        stored = sum(item.report is not None for item in items)
        return cls(items=items, stored=stored, refused=len(items) - stored)
