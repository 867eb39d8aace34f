"""Ports that fail where a test says so."""

from collections.abc import Sequence
from typing import Any

from enghub.core.i18n import Text
from enghub.kit.work.errors import WorkFailed

AWAY = WorkFailed(Text("The store does not answer", "存储无响应"), retryable=True)
FULL = WorkFailed(Text("The store is full", "存储已满"))


class Failing:
    """A port that fails at the n-th call of one of its methods."""

    def __init__(self, port: Any, at: Sequence[int], failure: WorkFailed, method: str = "write") -> None:
        self._port, self._at, self._failure, self._method, self.calls = port, at, failure, method, 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name != self._method:
            return found

        def call(*arguments: Any) -> Any:
            self.calls += 1
            if self.calls in self._at:
                raise self._failure
            return found(*arguments)

        return call
