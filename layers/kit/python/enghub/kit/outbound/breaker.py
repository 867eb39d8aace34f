"""A breaker per host: who failed several times in a row is left alone for a while. In the memory of one process."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from enghub.kit.outbound.errors import OutboundFailed


@dataclass(slots=True)
class _Host:
    failures: int = 0
    closed_until: float = 0.0


@dataclass(slots=True)
class Breaker:
    """Opens after ``failures`` in a row for ``seconds``; then one call may try."""

    failures: int = 5
    seconds: float = 30.0
    now: Callable[[], float] = time.monotonic
    most_hosts: int = 1000
    _hosts: dict[str, _Host] = field(default_factory=dict)

    @contextmanager
    def guard(self, host: str) -> Iterator[None]:
        """Let a call through, and remember how it ended. Refusals of ours say nothing about the host.

        Raises:
            OutboundFailed: the host is left alone for now; ``retry_after_seconds`` says how long.
        """
        found = self._hosts.setdefault(host, _Host())
        wait = found.closed_until - self.now()
        if wait > 0:
            raise OutboundFailed("CircuitOpen", retry_after_seconds=wait)
        if found.failures >= self.failures:
            found.closed_until = self.now() + self.seconds  # until this one call has come back, nobody else tries
        try:
            yield
        except OutboundFailed:
            found.failures += 1
            if found.failures >= self.failures:
                found.closed_until = self.now() + self.seconds
            raise
        self._hosts.pop(host, None)
        while len(self._hosts) > self.most_hosts:
            self._hosts.pop(next(iter(self._hosts)))
