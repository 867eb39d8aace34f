"""What a client tells the hub, as soon as it can: which revision runs here, how often flags were evaluated."""

import time
from collections import Counter
from collections.abc import Sequence

from enghub_client.errors import Away, Refused
from enghub_client.hub import MOST_COUNTED, Hub

COUNTS_EVERY = 60.0
"""Seconds between two reports of evaluations."""
LIBRARY = "enghub-client/0.1.0 python"
NONE = "0.0.0.0.0"
"""The revision of nothing."""


class Reports:
    """The reports of the client ``name``."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub, self._name = hub, name
        self._receipt: dict[str, str] | None = None
        self._last: dict[str, str] | None = None
        self._counts: Counter[tuple[str, str]] = Counter()
        self._counted_at = time.monotonic()

    def evaluated(self, key: str, variant: str) -> None:
        """Count an evaluation."""
        self._counts[key, variant] += 1

    def note(self, status: str, revision: str, active: str | None, problems: Sequence[str] = ()) -> str:
        """Make the receipt of a revision; return the problem that it tells, empty where there is none."""
        said = "failed in " + "; ".join(problems) if problems else ""
        self._receipt = {
            "clientId": self._name,
            "revision": revision,
            "activeRevision": active or NONE,
            "status": "FAILED" if problems and status == "ACTIVE" else status,
            "problem": said[:1_000],
            "library": LIBRARY,
        }
        return said

    def again(self) -> None:
        """Say once more what was said last: the list of clients shows when each was seen."""
        self._receipt = self._receipt or self._last

    def send(self) -> None:
        """Send what is due.

        Raises:
            Away, Refused: it waits on.
        """
        if self._receipt is not None:
            self._hub.receipt(self._receipt)
            self._last, self._receipt = self._receipt, None
        if time.monotonic() - self._counted_at >= COUNTS_EVERY:
            self.send_counts()

    def send_counts(self) -> None:
        """Send what was counted.

        Raises:
            Away, Refused: it waits on.
        """
        self._counted_at = time.monotonic()
        waiting, self._counts = self._counts, Counter()
        grouped: dict[str, dict[str, int]] = {}
        for (key, variant), number in waiting.items():
            grouped.setdefault(key, {})[variant] = number
        names = sorted(grouped)
        for start in range(0, len(names), MOST_COUNTED):
            part = {key: grouped[key] for key in names[start : start + MOST_COUNTED]}
            try:
                self._hub.counts(part)
            except (Away, Refused):
                self._counts.update({(key, name): n for key in names[start:] for name, n in grouped[key].items()})
                raise
