"""Spans of a week by the wall clock: joined, taken away, and as windows of a rotation. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from enghub.golive.importers.model import Spans
from enghub.golive.oncall.model import Window

DAY, WEEK = 1_440, 10_080
ALWAYS: Spans = ((0, WEEK),)


def weekly(spans: Iterable[tuple[int, int]]) -> Spans:
    """Return spans (start, length in minutes) of a week joined; what reaches over its end begins the next one."""
    parts: list[tuple[int, int]] = []
    for start, length in spans:
        begin, end = start % WEEK, start % WEEK + min(length, WEEK)
        parts += [(begin, min(end, WEEK)), (0, max(0, end - WEEK))]
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(part for part in parts if part[0] < part[1]):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return tuple(joined)


def without(spans: Spans, others: Spans) -> Spans:
    """Return the time of ``spans`` that is not in ``others``."""
    left = list(spans)
    for begin, end in others:
        left = [
            part
            for start, until in left
            for part in ((start, min(until, begin)), (max(start, end), until))
            if part[0] < part[1]
        ]
    return weekly((start, until - start) for start, until in left)


def windows(spans: Spans) -> tuple[Window, ...]:
    """Return spans as windows of a rotation; none for always. A window is of a day at most."""
    if spans == ALWAYS:
        return ()
    days: dict[tuple[int, int], set[int]] = defaultdict(set)
    for begin, end in spans:
        for start in range(begin, end, DAY):
            until = min(start + DAY, end)
            days[start % DAY, until % DAY].add(start // DAY)
    return tuple(Window(_clock(start), _clock(end), tuple(sorted(on))) for (start, end), on in sorted(days.items()))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
