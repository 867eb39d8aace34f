"""Who wants to know of changes: checks before a revision comes into force, callbacks after; one that raises is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from enghub_client.snapshot import Change

OnChange = Callable[[Sequence[Change]], Any]
OnFlags = Callable[[frozenset[str]], Any]


@dataclass(frozen=True, slots=True)
class _Watcher:
    call: OnChange
    keys: tuple[str, ...]

    def wanted(self, changes: Sequence[Change]) -> list[Change]:
        return [one for one in changes if any(fnmatchcase(one.key, pattern) for pattern in self.keys)]


@dataclass
class Watchers:
    """Everybody who wants to know, in the order in which they said so."""

    _checks: list[_Watcher] = field(default_factory=list)
    _callbacks: list[_Watcher] = field(default_factory=list)
    _flags: list[OnFlags] = field(default_factory=list)

    def check(self, call: OnChange, keys: Sequence[str]) -> None:
        """Let ``call`` refuse changes of keys, by raising."""
        self._checks.append(_Watcher(call, tuple(keys) or ("*",)))

    def change(self, call: OnChange, keys: Sequence[str]) -> None:
        """Tell ``call`` of changes of keys."""
        self._callbacks.append(_Watcher(call, tuple(keys) or ("*",)))

    def flags(self, call: OnFlags) -> None:
        """Tell ``call`` of flags that may answer otherwise."""
        self._flags.append(call)

    def refusal(self, changes: Sequence[Change]) -> str:
        """Return why the first check refuses changes, empty where all agree."""
        for one in self._checks:
            wanted = one.wanted(changes)
            problem = _called(one.call, wanted) if wanted else ""
            if problem:
                return problem
        return ""

    def told(self, changes: Sequence[Change], flags: frozenset[str] = frozenset()) -> list[str]:
        """Tell everybody once, whoever raises; return what was raised, with who did."""
        problems = []
        for one in self._callbacks:
            wanted = one.wanted(changes)
            problems += [_called(one.call, wanted)] if wanted else []
        problems += [_called(call, flags) for call in self._flags] if flags else []
        return [problem for problem in problems if problem]


def _called(call: Callable[[Any], Any], said: Any) -> str:
    try:
        call(said)
    except Exception as error:
        name = getattr(call, "__qualname__", type(call).__name__)
        return f"{name}: {type(error).__name__} {error}".rstrip()
    return ""
