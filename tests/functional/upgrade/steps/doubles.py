"""Ports that fail where a test says so."""

from collections.abc import Sequence
from typing import Any

from enghub.core.i18n import Text
from enghub.upgrade.steps.base import StepFailed

AWAY = StepFailed(Text("The store does not answer", "存储无响应"), retryable=True)
FULL = StepFailed(Text("The store is full", "存储已满"))


class Failing:
    """A port that fails at its n-th write."""

    def __init__(self, port: Any, at: Sequence[int], failure: StepFailed) -> None:
        self._port, self._at, self._failure, self.writes = port, at, failure, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def write(self, path: str, data: Any) -> None:
        self.writes += 1
        if self.writes in self._at:
            raise self._failure
        self._port.write(path, data)
