"""Go or no-go on one page: what each gate says, what blocks, what was waived, and the hash that a decision binds to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from enghub.core.claims import fingerprint
from enghub.core.clock import to_text
from enghub.core.i18n import Text
from enghub.golive.readiness.errors import EarlierWindowOpen, EvidenceChanged, NotReady, WindowBlocked, WindowNotFound
from enghub.golive.readiness.model import Answer, Decision, GoLive, ItemState, Line, Window

WINDOW_OPEN = Text("the window {window_id} is not closed", "时间窗 {window_id} 尚未关闭")
BLOCKED = Text("{item_id} is neither signed off nor waived", "{item_id} 未签核也未豁免")


@dataclass(frozen=True, slots=True)
class Gate:
    """One window: how many items stand where, and which of them block."""

    window: Window
    counts: Counter[ItemState]
    blocking: tuple[Line, ...]
    overdue: int

    @property
    def is_open(self) -> bool:
        """Nobody has closed it, or something in it came open again."""
        return self.window.closed_at is None or bool(self.blocking)


@dataclass(frozen=True, slots=True)
class Summary:
    """All gates of a go-live at one instant."""

    go_live: GoLive
    gates: tuple[Gate, ...]
    waived: tuple[Line, ...]
    hash: str

    @property
    def is_ready(self) -> bool:
        """Every gate is passed."""
        return not any(gate.is_open for gate in self.gates)

    @property
    def decision(self) -> Decision | None:
        """The decision, while what it had seen is still so; None where evidence changed since, or nobody decided."""
        made = self.go_live.decision
        return made if made is not None and made.seen == self.hash else None

    @property
    def may_go(self) -> bool:
        """The answer is go, and it holds."""
        return self.is_ready and self.decision is not None and self.decision.answer is Answer.GO


def summary(go_live: GoLive, found: Iterable[Line]) -> Summary:
    """Return the summary of a go-live."""
    every = tuple(found)
    gates = tuple(
        _gate(window, [line for line in every if line.item.window_id == window.window_id]) for window in go_live.windows
    )
    waived = tuple(line for line in every if line.state is ItemState.WAIVED)
    return Summary(go_live, gates, waived, _hash(go_live, every))


def _gate(window: Window, found: list[Line]) -> Gate:
    blocking = tuple(line for line in found if line.blocks)
    return Gate(window, Counter(line.state for line in found), blocking, sum(line.overdue for line in found))


def _hash(go_live: GoLive, found: tuple[Line, ...]) -> str:
    """Return what changes with any evidence, sign-off, waiver, gate or date; not with an owner's name."""
    parts = [to_text(go_live.live_at), *(f"{one.window_id}:{one.closed_at}" for one in go_live.windows)]
    for line in found:
        seen, waiver = line.progress.sign_off, line.progress.waiver
        shown = line.progress.latest.hash if line.progress.latest else ""
        until = to_text(waiver.until) if waiver else ""
        parts.append(f"{line.item.item_id}|{line.state}|{seen.seen if seen else ''}|{shown}|{until}")
    return fingerprint(*parts)


def check_close(found: Summary, window_id: str) -> None:
    """Check that a window may close.

    Raises:
        WindowNotFound, EarlierWindowOpen, WindowBlocked
    """
    for gate in found.gates:
        if gate.window.window_id == window_id:
            if gate.blocking:
                first = ", ".join(line.item.item_id for line in gate.blocking[:5])
                raise WindowBlocked(window_id=window_id, count=len(gate.blocking), items=first)
            return
        if gate.is_open:
            raise EarlierWindowOpen(window_id=gate.window.window_id)
    raise WindowNotFound(window_id=window_id)


def decided(found: Summary, made: Decision) -> Decision:
    """Return a decision that may be made on what was seen.

    Raises:
        EvidenceChanged: the summary is another now.
        NotReady: go, although a gate blocks.
    """
    if made.seen != found.hash:
        raise EvidenceChanged
    if made.answer is Answer.GO:
        for gate in found.gates:
            if gate.blocking:
                raise NotReady(problem=BLOCKED.filled(item_id=gate.blocking[0].item.item_id))
            if gate.is_open:
                raise NotReady(problem=WINDOW_OPEN.filled(window_id=gate.window.window_id))
    return made
