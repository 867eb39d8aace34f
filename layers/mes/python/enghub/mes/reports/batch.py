"""Reports that a terminal kept while it had no network (MES-23): many at once, each answered by itself.

They are stored in the order in which they were made, so that an operation's pieces are there before the next one uses
them, whatever the order in which they came. One that fails keeps no other back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from enghub.core.errors import EngHubError, Failed
from enghub.mes.reports.errors import KeyTwiceInBatch
from enghub.mes.reports.service import Recorded, Reporting, ReportProduction

MOST = 200
"""Reports of one batch."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One report of a batch: its key, and the report, or what is wrong with it."""

    key: str
    report: ReportProduction | EngHubError


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one report of a batch."""

    key: str
    outcome: Recorded | EngHubError


def report_all(
    entries: Sequence[Entry],
    reporting: Reporting,
    admit: Callable[[], None],
    failed: Callable[[Exception], None],
) -> list[Answered]:
    """Store a batch and return what became of each report, in the order given.

    ``admit`` counts a report for the limit of calls, and raises once it is used up; ``failed`` hears of faults of ours.
    """
    outcomes: dict[int, Recorded | EngHubError] = {}
    first: dict[str, int] = {}
    for number, entry in enumerate(entries):
        if first.setdefault(entry.key, number) != number:
            outcomes[number] = KeyTwiceInBatch(field="key", key=entry.key)
        elif isinstance(entry.report, EngHubError):
            outcomes[number] = entry.report
    open_ = [(entry.report, number) for number, entry in enumerate(entries) if number not in outcomes]
    reports = [(report, number) for report, number in open_ if not isinstance(report, EngHubError)]
    for report, number in sorted(reports, key=lambda pair: (pair[0].reported_at, pair[1])):
        outcomes[number] = _outcome(report, reporting, admit, failed)
    return [Answered(entry.key, outcomes[number]) for number, entry in enumerate(entries)]


def _outcome(
    report: ReportProduction,
    reporting: Reporting,
    admit: Callable[[], None],
    failed: Callable[[Exception], None],
) -> Recorded | EngHubError:
    try:
        admit()
        return reporting.report(report)
    except EngHubError as error:
        return error
    except Exception as error:
        failed(error)
        return Failed()
