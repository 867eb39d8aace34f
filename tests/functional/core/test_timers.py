"""Timers: set, moved and cancelled with a change, woken at their time, once, whatever dies, comes late or is lost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from enghub.core.aggregates import Aggregate
from enghub.core.commits import Commit
from enghub.core.marks import AlreadyHandled
from enghub.core.timers import dynamo
from enghub.core.timers.model import EARLY, CancelTimer, DueTimer, SetTimer, TimerState, Wake, shard_of
from enghub.core.timers.waking import Swept, arm, sweep
from enghub.core.transactions import Put, PutItem, absent, transact
from enghub.kit.calendars import zones
from enghub.kit.calendars.rules import RecurringRule
from tests.factories.http import NOW, an_origin
from tests.factories.timers import EffectRecord, StoredTimers, World, dying

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(params=["memory", "DynamoDB"])
def world(request: pytest.FixtureRequest) -> World:
    """A world that keeps its timers in memory, and one that keeps them in DynamoDB: both have to keep the promises."""
    if request.param == "memory":
        return World()
    request.getfixturevalue("account")("mes")
    return World(StoredTimers(), sweep_every=30 * MINUTE)


@pytest.fixture
def fast() -> World:
    """A world in memory alone, for what takes many steps."""
    return World()


@pytest.fixture
def stored(account: Callable[..., str]) -> World:
    """A world in DynamoDB alone, for what is said about its writes."""
    account("mes")
    return World(StoredTimers(), sweep_every=30 * MINUTE)


def at(due: datetime, subject: str = "order/1") -> SetTimer:
    return SetTimer(subject, "ring", due, {"why": "test"})


def test_a_timer_rings_at_its_time_and_once(world: World) -> None:
    world.change(at(NOW + 3 * HOUR))
    world.run(3 * HOUR - SECOND)
    assert world.effects() == 0
    world.run(HOUR)
    assert (world.effects(), world.fired_at["order/1"]) == (1, [NOW + 3 * HOUR])


def test_the_code_that_is_woken_gets_what_was_set(world: World) -> None:
    seen: list[DueTimer] = []
    world.handlers = {"ring": seen.append}
    world.change(at(NOW + MINUTE))
    world.run(MINUTE)
    assert (seen[0].tenant_id, seen[0].subject, seen[0].due) == ("acme", "order/1", NOW + MINUTE)
    assert seen[0].payload == {"why": "test"}


@pytest.mark.parametrize("due", [NOW, NOW - HOUR, NOW - timedelta(days=400)])
def test_a_time_that_has_passed_means_now(world: World, due: datetime) -> None:
    world.change(at(due))
    world.run(SECOND)
    assert world.fired_at["order/1"] == [NOW]


def test_what_a_queue_can_wait_needs_no_schedule(world: World) -> None:
    world.change(at(NOW + 15 * MINUTE))
    assert world.schedules == {}
    world.change(at(NOW + 15 * MINUTE + SECOND, "order/2"))
    ((asked, _),) = world.schedules.values()
    assert asked == NOW + 15 * MINUTE + SECOND - EARLY


@pytest.mark.parametrize("late", [0, 1, 30, 59, 60])
def test_a_scheduler_that_comes_a_minute_late_keeps_a_promise_of_five_seconds(world: World, late: int) -> None:
    world.late = lambda: timedelta(seconds=late)
    world.change(at(NOW + 5 * HOUR))
    world.run(6 * HOUR)
    (rang,) = world.fired_at["order/1"]
    assert timedelta() <= rang - (NOW + 5 * HOUR) <= 5 * SECOND


def test_a_moved_timer_rings_at_its_new_time_alone(world: World) -> None:
    world.change(at(NOW + 2 * HOUR))
    world.change(at(NOW + 4 * HOUR))
    world.run(5 * HOUR)
    assert world.fired_at["order/1"] == [NOW + 4 * HOUR]


def test_a_timer_moved_while_its_wake_up_waits_in_the_queue_ignores_it(world: World) -> None:
    world.change(at(NOW + 10 * MINUTE))
    world.run(5 * MINUTE)
    world.change(at(NOW + 20 * MINUTE))
    world.run(HOUR)
    assert world.fired_at["order/1"] == [NOW + 20 * MINUTE]


def test_a_wake_up_of_an_earlier_setting_is_dropped_not_carried_along(fast: World) -> None:
    fast.change(at(NOW + 10 * MINUTE))
    fast.change(at(NOW + 5 * HOUR))
    assert fast.messages == 1
    fast.run(11 * MINUTE)
    assert fast.messages == 0


def test_a_timer_moved_to_sooner_rings_sooner(world: World) -> None:
    world.change(at(NOW + 5 * HOUR))
    world.change(at(NOW + MINUTE))
    world.run(6 * HOUR)
    assert world.fired_at["order/1"] == [NOW + MINUTE]


@pytest.mark.parametrize("after", [timedelta(), 5 * MINUTE, 2 * HOUR - SECOND])
def test_a_cancelled_timer_never_rings(world: World, after: timedelta) -> None:
    world.change(at(NOW + 2 * HOUR))
    world.run(after)
    world.change(CancelTimer("order/1", "ring"))
    world.run(5 * HOUR)
    assert (world.effects(), world.schedules) == (0, {})


def test_a_change_that_is_refused_sets_no_timer(stored: World) -> None:
    class Refused(Exception):
        pass

    taken = Put(EffectRecord("taken", "EFFECT", times=1), absent(), lambda _: Refused())
    stored.change(CancelTimer("order/9", "ring"), taken)
    with pytest.raises(Refused):
        stored.change(at(NOW + MINUTE), taken)
    stored.run(HOUR)
    assert stored.effects() == 0


def test_purposes_subjects_and_tenants_do_not_meet(stored: World) -> None:
    stored.handlers = {"ring": stored.effect, "remind": lambda due: transact(dynamo.fired(due, stored.now))}
    stored.change(at(NOW + MINUTE))
    stored.change(SetTimer("order/1", "remind", NOW + MINUTE))
    transact(*dynamo.writes(CancelTimer("order/1", "ring"), an_origin("other")))
    transact(*dynamo.writes(at(NOW + MINUTE, "order/1#ring"), an_origin(at=NOW)))
    stored.run(2 * MINUTE)
    assert (stored.effects(), stored.effects("order/1#ring")) == (1, 1)
    remind = dynamo.read(Wake("acme", "order/1", "remind"))
    assert remind is not None
    assert remind.state is TimerState.FIRED


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        SetTimer("order/1", "ring", datetime(2026, 3, 2, 8, 0))  # noqa: DTZ001 - the point


def test_a_fired_timer_can_be_set_again(world: World) -> None:
    world.change(at(NOW + MINUTE))
    world.run(2 * MINUTE)
    world.change(at(NOW + 10 * MINUTE))
    world.run(HOUR)
    assert world.effects() == 2


def test_a_recurring_timer_marks_its_effect_and_sets_its_next_time_in_one_write(stored: World) -> None:
    def daily(due: DueTimer) -> None:
        again = SetTimer(due.subject, due.purpose, due.due + timedelta(days=1))
        transact(*dynamo.fired_and_set(due, again, an_origin(at=stored.now)))
        stored.fired_at.setdefault(due.subject, []).append(stored.now)

    stored.handlers = {"ring": daily}
    stored.change(at(NOW + HOUR))
    stored.run(timedelta(days=3, hours=2))
    assert stored.fired_at["order/1"] == [NOW + HOUR + timedelta(days=day) for day in range(4)]


def test_a_recurring_timer_may_not_become_another() -> None:
    due = DueTimer("acme", "order/1", "ring", NOW, "v", {})
    with pytest.raises(ValueError, match="order/2"):
        dynamo.fired_and_set(due, at(NOW, "order/2"), an_origin())


def test_a_second_effect_of_the_same_wake_up_is_refused(stored: World) -> None:
    stored.change(at(NOW))
    timer = dynamo.read(Wake("acme", "order/1", "ring"))
    assert timer is not None
    due = DueTimer("acme", "order/1", "ring", timer.due, timer.version, {})
    transact(dynamo.fired(due, NOW))
    with pytest.raises(AlreadyHandled):
        transact(dynamo.fired(due, NOW))


def test_an_effect_that_a_move_overtook_is_refused(world: World) -> None:
    def moved_meanwhile(due: DueTimer) -> None:
        world.change(at(NOW + HOUR))
        world.effect(due)

    world.handlers = {"ring": moved_meanwhile}
    world.change(at(NOW))
    world.run(MINUTE)
    assert world.effects() == 0
    world.handlers = {"ring": world.effect}
    world.run(2 * HOUR)
    assert world.fired_at["order/1"] == [NOW + HOUR]


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_a_thousand_due_in_one_minute_ring_once_each_while_workers_die(fast: World) -> None:
    due = NOW + 2 * HOUR
    for number in range(1000):
        fast.change(at(due + number * timedelta(milliseconds=60), f"order/{number}"))
    fast.deaths = dying(seed=7, share=0.1)
    fast.late = lambda: timedelta(seconds=20)
    fast.run(2 * HOUR + 15 * MINUTE)
    fast.deaths = lambda _: False
    fast.run(6 * HOUR)
    counted = [fast.effects(f"order/{number}") for number in range(1000)]
    assert (min(counted), max(counted)) == (1, 1)
    times = sorted(max(found) for found in fast.fired_at.values())
    assert times[0] >= due
    assert times[900] <= due + 3 * MINUTE


@pytest.mark.parametrize("step", ["receive", "before", "after", "acknowledge", "sent", "armed"])
def test_a_worker_that_dies_at_a_step_once_changes_nothing(fast: World, step: str) -> None:
    left = [1]

    def once(name: str) -> bool:
        left[0] -= name == step
        return name == step and left[0] >= 0

    fast.deaths = once
    fast.change(at(NOW + HOUR))
    fast.run(HOUR + 10 * MINUTE)
    assert left[0] < 1
    assert fast.effects() == 1


def test_a_schedule_that_is_lost_is_found_overdue(fast: World) -> None:
    fast.forgets = lambda _: True
    fast.change(at(NOW + HOUR))
    fast.run(HOUR + 4 * MINUTE)
    (rang,) = fast.fired_at["order/1"]
    assert NOW + HOUR < rang <= NOW + HOUR + 3 * MINUTE


def test_timers_that_cannot_be_read_hide_none_behind_them(stored: World) -> None:
    change = at(NOW)
    good = dynamo.writes(change, an_origin())[0]
    assert isinstance(good, Put)
    for number in range(3):
        torn = {**good.record.serialize(), "sk": {"S": f"torn-{number}"}, "gsi2sk": {"S": f"0{number}"}}
        torn["state"] = {"S": "TORN"}
        transact(PutItem(torn))
    transact(good)
    shard = shard_of(Wake("acme", change.subject, change.purpose))
    assert [timer.subject for timer in dynamo.overdue(shard, NOW + HOUR, 2)] == [change.subject]


def test_after_an_outage_everything_overdue_rings_once(fast: World) -> None:
    for number in range(30):
        fast.change(at(NOW + 20 * MINUTE + number * SECOND, f"order/{number}"))
    fast.run(10 * MINUTE)
    fast.outage = True
    fast.change(at(NOW + 30 * MINUTE, "order/30"))  # its command to the scheduler stays in the outbox
    fast.run(8 * HOUR)
    fast.outage = False
    fast.run(5 * MINUTE)
    assert [fast.effects(f"order/{number}") for number in range(31)] == [1] * 31


def test_poison_holds_up_nobody_and_is_left_to_people_in_the_end(fast: World) -> None:
    fast.handlers = {"ring": fast.effect, "poison": fast.fail}
    for number in range(20):
        fast.change(SetTimer(f"order/{number}", "poison", NOW + 20 * MINUTE))
        fast.change(at(NOW + 20 * MINUTE, f"order/{number}"))
    fast.run(20 * MINUTE)
    assert [fast.effects(f"order/{number}") for number in range(20)] == [1] * 20
    assert len(fast.dead) == 0
    fast.run(timedelta(days=2))
    poison = fast.store.read(Wake("acme", "order/1", "poison"))
    assert poison is not None
    assert poison.state is TimerState.PARKED
    assert sum(wake.subject == "order/1" for wake in fast.dead) == 6
    assert sweep(fast.store, fast, fast.clock) == Swept()


def test_a_parked_timer_rings_when_its_wake_up_is_sent_again(fast: World) -> None:
    fast.handlers = {"ring": fast.fail}
    fast.change(at(NOW))
    fast.run(timedelta(days=2))
    fast.handlers = {"ring": fast.effect}
    fast.send(fast.dead[-1], 0)
    fast.run(SECOND)
    assert fast.effects() == 1


def test_a_purpose_that_no_code_knows_is_not_lost(fast: World) -> None:
    fast.handlers = {"other": fast.effect}
    fast.change(at(NOW))
    fast.run(HOUR)
    assert {wake.subject for wake in fast.dead} == {"order/1"}


@pytest.mark.parametrize("count", [3, 130, 900])
def test_the_sweep_deals_with_pages_and_tells_the_oldest(fast: World, count: int) -> None:
    fast.outage = True
    for number in range(count):
        fast.change(at(NOW, f"order/{number}"))
    fast.now = NOW + 10 * MINUTE
    found = sweep(fast.store, fast, fast.clock)
    assert (found.woken, found.parked, found.failed, found.oldest_seconds) == (count, 0, 0, 600.0)
    assert sweep(fast.store, fast, fast.clock) == Swept()


def test_the_sweep_goes_on_after_one_that_cannot_be_woken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.outage = True
    for number in range(5):
        world.change(at(NOW, f"order/{number}"))
    world.now = NOW + 10 * MINUTE
    send = world.send

    def one_fails(wake: Wake, delay: int) -> None:
        if wake.subject == "order/3":
            message = "throttled"
            raise RuntimeError(message)
        send(wake, delay)

    monkeypatch.setattr(world, "send", one_fails)
    found = sweep(world.store, world, world.clock)
    assert (found.woken, found.failed) == (4, 1)


def test_an_item_that_cannot_be_read_hides_no_other_timer(stored: World) -> None:
    stored.outage = True
    for number in range(8):
        stored.change(at(NOW, f"order/{number}"))
    record = dynamo.TimerRecord.read("T#acme#TIMER#order/3", "ring")
    assert record is not None
    dynamo.TimerRecord(record.pk, record.sk).update([dynamo.TimerRecord.state.set("BROKEN")])
    stored.now = NOW + 10 * MINUTE
    assert sweep(stored.store, stored, stored.clock).woken == 7


def test_of_two_that_arm_at_once_the_later_setting_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.outage = True
    world.change(at(NOW + 2 * HOUR))
    put, wake = world.put, Wake("acme", "order/1", "ring")

    def overtaken(wake: Wake, when: datetime) -> None:
        monkeypatch.setattr(world, "put", put)
        world.change(at(NOW + 4 * HOUR))
        arm(wake, world.store, world, world, world.clock)
        put(wake, when)

    monkeypatch.setattr(world, "put", overtaken)
    arm(wake, world.store, world, world, world.clock)
    ((asked, _),) = world.schedules.values()
    assert asked == NOW + 4 * HOUR - EARLY


# --- set by the wall clock -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall", "rings"),
    [
        ("2026-03-29T02:30", "2026-03-29T01:00"),  # missing: the first instant after the gap
        ("2026-03-30T09:00", "2026-03-30T07:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # twice: its first occurrence
        ("2026-10-26T09:00", "2026-10-26T08:00"),
    ],
)
def test_a_timer_set_by_the_wall_clock_rings_by_it_over_both_changes(fast: World, wall: str, rings: str) -> None:
    due = zones.instant(datetime.fromisoformat(wall), zones.zone("Europe/Berlin"))
    fast.now = due - timedelta(days=2)
    fast.late = lambda: timedelta(seconds=59)
    fast.change(at(due))
    fast.run(timedelta(days=3))
    (rang,) = fast.fired_at["order/1"]
    assert timedelta() <= rang - datetime.fromisoformat(f"{rings}+00:00") <= 5 * SECOND


def test_a_daily_timer_rings_at_seven_by_the_wall_clock_all_through_a_change(fast: World) -> None:
    berlin = zones.zone("Europe/Berlin")
    rule = RecurringRule("FREQ=DAILY", datetime(2026, 3, 27, 7), berlin)  # noqa: DTZ001 - what clocks show

    def daily(due: DueTimer) -> None:
        fast.effect(due)
        following = rule.after(due.due)
        assert following is not None
        fast.change(at(following))

    fast.now = datetime(2026, 3, 27, 5, tzinfo=UTC)
    first = rule.after(fast.now)
    assert first is not None
    fast.handlers = {"ring": daily}
    fast.change(at(first))
    fast.run(timedelta(days=3, hours=12))
    assert [f"{zones.local(found, berlin):%d %H:%M}" for found in fast.fired_at["order/1"]] == [
        *("27 07:00", "28 07:00", "29 07:00", "30 07:00"),
    ]


def test_a_commit_of_an_aggregate_carries_its_timers(stored: World) -> None:
    @dataclass(frozen=True)
    class Order:
        number: str
        revision: int = 1

    orders = Aggregate(Order, "ORDER", key=lambda order: (f"ORDER#{order.number}", "ORDER"))
    orders.save(Commit(an_origin(at=NOW), "", Order("1"), timers=(at(NOW + MINUTE), CancelTimer("order/2", "ring"))))
    stored.run(MINUTE)
    assert stored.effects() == 1
