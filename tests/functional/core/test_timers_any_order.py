"""Whatever people, the scheduler, the queue, dying workers and the sweep do, in any order: each setting rings once."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from enghub.core.timers.model import CancelTimer, SetTimer, Wake
from tests.factories.timers import World, dying

SUBJECTS = st.sampled_from(["order/1", "order/2", "order/3"])
AWAY = st.integers(-3_600, 6 * 3_600).map(lambda seconds: timedelta(seconds=seconds))
STEPS = ["receive", "before", "after", "acknowledge", "sent", "armed"]


class AnyOrder(RuleBasedStateMachine):
    """Keeps beside the world what was wanted: per subject the time that is set, and how many settings had to ring."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.wanted: dict[str, datetime] = {}
        self.expected: dict[str, int] = {}
        self.world.handlers = {"ring": self._ring}

    def _ring(self, due: object) -> None:
        self.world.effect(due)  # type: ignore[arg-type]

    @rule(subject=SUBJECTS, away=AWAY)
    def set_or_move(self, subject: str, away: timedelta) -> None:
        self._settle(subject)
        self.wanted[subject] = self.world.now + away
        self.world.change(SetTimer(subject, "ring", self.world.now + away))

    @rule(subject=SUBJECTS)
    def cancel(self, subject: str) -> None:
        self._settle(subject)
        self.wanted.pop(subject, None)
        self.world.change(CancelTimer(subject, "ring"))

    @rule(seconds=st.integers(1, 4 * 3_600))
    def time_passes(self, seconds: int) -> None:
        self.world.run(timedelta(seconds=seconds))

    @rule(late=st.integers(0, 60))
    def scheduler_gets_late(self, late: int) -> None:
        self.world.late = lambda: timedelta(seconds=late)

    @rule(lost=st.booleans())
    def scheduler_loses_everything_or_nothing(self, lost: bool) -> None:
        self.world.forgets = lambda _: lost

    @rule(subject=SUBJECTS)
    def an_old_wake_up_comes_again(self, subject: str) -> None:
        timer = self.world.store.read(Wake("acme", subject, "ring"))
        if timer is not None:
            self.world.enqueue(timer.wake)
        self.world.enqueue(Wake("acme", subject, "ring", "of-long-ago"))

    @rule(seed=st.integers(0, 999), share=st.sampled_from([0.0, 0.3]))
    def workers_die(self, seed: int, share: float) -> None:
        self.world.deaths = dying(seed, share) if share else lambda _: False

    @rule(away=st.booleans())
    def outage(self, away: bool) -> None:
        self.world.outage = away

    @invariant()
    def nothing_rings_twice_or_unwanted(self) -> None:
        for subject in ("order/1", "order/2", "order/3"):
            most = self.expected.get(subject, 0) + (subject in self.wanted)
            assert self.world.effects(subject) <= most, subject

    def teardown(self) -> None:
        """In the end, with everything well again, every setting that was not cancelled has rung."""
        self.world.deaths, self.world.outage, self.world.forgets = lambda _: False, False, lambda _: False
        self.world.run(timedelta(hours=40))
        for subject in ("order/1", "order/2", "order/3"):
            self._settle(subject)
            assert self.world.effects(subject) == self.expected.get(subject, 0) + (subject in self.wanted), subject

    def _settle(self, subject: str) -> None:
        """Count what the present setting has had, before it is replaced: it may have rung or still be on its way."""
        if subject in self.wanted and self.world.effects(subject) > self.expected.get(subject, 0):
            assert min(self.world.fired_at[subject][-1:]) >= self.wanted.pop(subject)
            self.expected[subject] = self.world.effects(subject)


AnyOrder.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
test_any_order = AnyOrder.TestCase
