"""A factory's link to its ERP, and how each service of the ERP is (MES-16). Pure.

A service that failed three times in a row (at once, after 2 s, after 4 s) is DOWN: nobody calls it until its next
probe, and the degraded rules hold. One call may probe. It is UP again with its first readable answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.core.i18n import Text
from enghub.mes.factories import Factory

WAITS = (0.0, 2.0, 4.0)
"""Seconds before each of the tries (source document 6.3)."""
PROBES = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300))
"""Until the next probe, by how many failed since the service went down; the last again and again."""
SLOW = 3000
"""Milliseconds; a longer answer is a warning (source document 8.2)."""
LAG = timedelta(minutes=5)
"""Data older than this when they were answered lag behind (MES-19)."""
NOTED_EVERY = timedelta(minutes=1)
"""How often a good answer is written down while nothing changes."""


class Service(StrEnum):
    """What of an ERP a factory may use."""

    BOM = "BOM"
    PPAP = "PPAP"
    PERMISSIONS = "PERMISSIONS"
    COMPLETIONS = "COMPLETIONS"
    STOCK_MOVEMENTS = "STOCK_MOVEMENTS"
    ORDERS = "ORDERS"
    """Production orders come from the ERP."""
    RECONCILIATION = "RECONCILIATION"
    """The ERP says what it received."""


OUTGOING = (Service.COMPLETIONS, Service.STOCK_MOVEMENTS)

RULES: Mapping[Service, Text] = {
    Service.BOM: Text(
        "the kept BOMs serve orders that exist; new orders are refused", "使用缓存的 BOM 支持已有工单，禁止创建新工单"
    ),
    Service.PPAP: Text(
        "material without a known approval counts as unapproved: it is neither bought nor are orders with it released",
        "无有效认证记录的物料视为未通过认证：不得采购，也不得下达包含该物料的工单",
    ),
    Service.PERMISSIONS: Text(
        "the last known rights hold for 5 minutes, then people have to sign in again",
        "沿用最近一次的权限 5 分钟，之后需要重新登录",
    ),
    Service.COMPLETIONS: Text(
        "completions wait in order here and are sent when it answers again", "完工通知在此排队，恢复后自动补发"
    ),
    Service.STOCK_MOVEMENTS: Text(
        "stock movements wait here and are sent when it answers again", "库存移动在此排队，恢复后自动补发"
    ),
    Service.ORDERS: Text("no orders come in; what is planned here goes on", "不再接收 ERP 订单，已有工单照常执行"),
    Service.RECONCILIATION: Text(
        "reports show the hub's figures alone and say so", "对账报告仅显示本系统数据并予以标明"
    ),
}
"""What holds while a service is down."""


class State(StrEnum):
    """How a service is, for people."""

    UNKNOWN = "UNKNOWN"
    UP = "UP"
    SLOW = "SLOW"
    LAGGING = "LAGGING"
    DOWN = "DOWN"


@dataclass(frozen=True, slots=True)
class Link:
    """Which ERP a factory has, and what it uses of it; BOM and PPAP come from there alone, never merged."""

    factory: Factory
    connection: str
    recipient_id: str
    """Whom in the ERP the notices of completion are for."""
    uses: tuple[Service, ...]
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """How one service of one factory's ERP is."""

    factory: Factory
    service: Service
    is_down: bool = False
    since: datetime | None = None
    """When it went down, or came back."""
    problem: Text | None = None
    failures: int = 0
    probe_at: datetime | None = None
    answered_at: datetime | None = None
    as_of: datetime | None = None
    """As of when its last answer was."""
    milliseconds: int = 0
    probe_path: str = ""
    """What was asked for when it failed: a read that may be asked again."""
    revision: int = 0

    def may_be_called(self, now: datetime) -> bool:
        """Tell whether a call may go out: always while it is up, else once a probe is due."""
        return not self.is_down or self.probe_at is None or self.probe_at <= now

    def retry_after(self, now: datetime) -> int:
        """Return the seconds until the next probe, at least one."""
        return max(1, int(((self.probe_at or now) - now).total_seconds()))

    def probing(self, now: datetime) -> "Health":
        """Return it with the next probe put off: whoever stores this makes the one call."""
        return replace(self, probe_at=now + _pause(self.failures), revision=self.revision + 1)

    def due_now(self, now: datetime) -> "Health":
        """Return it with its probe due."""
        return replace(self, probe_at=now, revision=self.revision + 1)

    def failed(self, problem: Text, now: datetime, path: str = "") -> "Health":
        """Return it down, since the first of the failures."""
        failures = self.failures + 1
        return replace(
            self,
            is_down=True,
            since=self.since if self.is_down else now,
            problem=problem,
            failures=failures,
            probe_at=now + _pause(failures - 1),
            probe_path=path or self.probe_path,
            revision=self.revision + 1,
        )

    def answered(self, as_of: datetime, milliseconds: int, now: datetime) -> "Health":
        """Return it up."""
        return replace(
            self,
            is_down=False,
            since=now if self.is_down or self.since is None else self.since,
            problem=None,
            failures=0,
            probe_at=None,
            probe_path="",
            answered_at=now,
            as_of=as_of,
            milliseconds=milliseconds,
            revision=self.revision + 1,
        )

    @property
    def state(self) -> State:
        """How it is, for people."""
        if self.is_down:
            return State.DOWN
        if self.answered_at is None or self.as_of is None:
            return State.UNKNOWN
        if self.answered_at - self.as_of > LAG:
            return State.LAGGING
        return State.SLOW if self.milliseconds > SLOW else State.UP

    def is_worth_storing(self, after: "Health") -> bool:
        """Tell whether what ``after`` says has to be written down: another state, or a minute is over."""
        if after.state is not self.state or self.answered_at is None or after.answered_at is None:
            return True
        return after.answered_at - self.answered_at >= NOTED_EVERY


def _pause(failures: int) -> timedelta:
    return PROBES[min(failures, len(PROBES) - 1)]
