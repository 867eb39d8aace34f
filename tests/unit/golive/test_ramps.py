"""What a look at a ramp says, and what that does to it (OPS-08; traps of the field: GF15)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from enghub.golive.probes.model import Criterion, Operator
from enghub.golive.ramps import model
from enghub.golive.ramps.model import DOCUMENT, Ramp, RampState, Step, Why, judge, looked
from enghub.golive.traffic.model import Adapter, Custom, Measured, Traffic, Watch
from enghub.kit.metrics.model import Verdict

NOW = datetime(2026, 11, 28, 7, tzinfo=UTC)
WATCH = Watch("http://p", "requests", "errors", Decimal(2))


def measured(errors: str | None, requests: str | None, **more: Any) -> Measured:
    counted = [None if one is None else Decimal(one) for one in (requests, errors)]
    return Measured(requests=counted[0], errors=counted[1], **more)


GOOD, BAD, NOTHING = measured("1", "1000"), measured("300", "1000"), measured(None, None)
BROKEN = Measured(failure="requests: HTTP 500")


@pytest.mark.parametrize(
    ("errors", "requests", "verdict"),
    [
        ("0", "0", Verdict.INCONCLUSIVE),
        ("3", "40", Verdict.INCONCLUSIVE),
        ("2", "100", Verdict.FAIL),  # 2.0 is not < 2
        ("19", "1000", Verdict.PASS),
        ("19.999", "1000", Verdict.PASS),
        (None, None, Verdict.INCONCLUSIVE),  # NaN and an empty answer are no number
        (None, "1000", Verdict.INCONCLUSIVE),  # a query with a typo finds nothing, and must not promote
        ("99", "99", Verdict.INCONCLUSIVE),
        ("100", "100", Verdict.FAIL),
    ],
)
def test_the_error_rate_is_exact_and_needs_its_traffic(
    errors: str | None, requests: str | None, verdict: Verdict
) -> None:
    assert judge(WATCH, measured(errors, requests))[0] is verdict


def test_what_cannot_be_read_is_an_error_unless_a_breach_is_known() -> None:
    custom = Custom("orders", Criterion("orders", Operator.AT_LEAST, Decimal(10)))
    watch = replace(WATCH, customs=(custom,))
    assert judge(watch, BROKEN) == (Verdict.ERROR, "requests: HTTP 500")
    verdict, said = judge(watch, replace(BROKEN, customs={"orders": Decimal(3)}))
    assert (verdict, said) == (Verdict.FAIL, "3 is not orders >= 10")


@pytest.mark.parametrize(
    ("latency", "orders", "verdict"),
    [
        ("199.9", "10", Verdict.PASS),
        ("200", "10", Verdict.FAIL),
        (None, "10", Verdict.INCONCLUSIVE),
        ("150", "9.99", Verdict.FAIL),
        ("150", None, Verdict.INCONCLUSIVE),
    ],
)
def test_latency_and_own_measures_decide_too(latency: str | None, orders: str | None, verdict: Verdict) -> None:
    custom = Custom("orders", Criterion("orders", Operator.AT_LEAST, Decimal(10)))
    watch = replace(WATCH, latency="p99", latency_limit=Decimal(200), customs=(custom,))
    values = {"latency": latency, "orders": orders}
    known = {name: None if value is None else Decimal(value) for name, value in values.items()}
    found = measured("1", "1000", latency=known["latency"], customs={"orders": known["orders"]})
    assert judge(watch, found)[0] is verdict


def a_ramp(**changed: Any) -> Ramp:
    made = Ramp(
        tenant_id="acme",
        ramp_id="r",
        name="ERP 3",
        traffic=Traffic(Adapter.WEBHOOK, url="http://w"),
        steps=DOCUMENT,
        watch=WATCH,
        old_url="http://old",
        service_id="erp",
        started_by="lena",
        started_at=NOW,
        start=0,
    )
    return replace(made, **changed)


def at(percent: int, **changed: Any) -> Ramp:
    return a_ramp(wanted=percent, actual=percent, since=NOW, good_since=NOW, **changed)


def after(ramp: Ramp, *looks: Measured, every: int = 60) -> Ramp:
    """Return the ramp after looks, one every minute; what it wants is set and read back at once."""
    now = NOW
    for found in looks:
        if ramp.state not in model.LOOKED_AT:
            break
        now += timedelta(seconds=every)
        ramp = looked(ramp, found, now)
        if ramp.is_pending:
            ramp = model.read_back(ramp, now)
    return ramp


def test_it_grows_by_the_documents_steps_after_five_five_five_and_ten_minutes() -> None:
    ramp, now, grew = model.read_back(model.begun(a_ramp(start=None), 0, NOW), NOW), NOW, [(0, 5)]
    while ramp.state is RampState.RUNNING:
        now += timedelta(seconds=20)
        ramp = looked(ramp, GOOD, now)
        if ramp.is_pending:
            grew.append((int((now - NOW).total_seconds()) // 60, ramp.wanted))
            ramp = model.read_back(ramp, now)
    assert grew == [(0, 5), (5, 20), (10, 50), (15, 100)]
    assert (now - NOW, ramp.state) == (timedelta(minutes=25), RampState.ARMED)


@pytest.mark.parametrize("unknown", [NOTHING, BROKEN])
def test_nothing_known_holds_for_ever_and_its_window_begins_anew(unknown: Measured) -> None:
    ramp = after(at(5), *[unknown] * 200)
    assert (ramp.wanted, ramp.state, ramp.why) == (5, RampState.RUNNING, Why.BLIND)
    assert after(ramp, *[GOOD] * 5).wanted == 5
    assert after(at(5), GOOD, GOOD, GOOD, unknown, GOOD, GOOD, GOOD).wanted == 5, "five minutes on end"


def test_allowed_failures_and_errors_together_hold_and_never_promote() -> None:
    ramp = at(5, watch=replace(WATCH, failures=2))
    held = after(ramp, BROKEN, BAD, BROKEN, BROKEN, BAD)
    assert (held.wanted, held.state, held.fails) == (5, RampState.RUNNING, 2)
    assert after(held, BAD).state is RampState.ROLLED_BACK


@pytest.mark.parametrize(
    ("percent", "back", "state"),
    [(5, 0, RampState.ROLLED_BACK), (20, 5, RampState.HELD), (50, 20, RampState.HELD), (100, 50, RampState.HELD)],
)
def test_a_breach_goes_back_to_the_last_good_step_and_grows_no_more(percent: int, back: int, state: RampState) -> None:
    ramp = after(at(percent), BAD)
    assert (ramp.wanted, ramp.state, ramp.passed) == (back, state, False)
    assert after(ramp, *[GOOD] * 30).wanted == back


def test_a_breach_that_goes_on_goes_back_step_by_step_but_not_for_the_old_window() -> None:
    ramp = after(at(50), BAD)
    assert after(ramp, BAD, every=20).wanted == 20, "the window still holds what it went back for"
    assert after(replace(ramp, since=NOW - timedelta(minutes=5)), BAD).wanted == 5


def test_rollback_stays_armed_after_all_traffic_is_on_the_new_version() -> None:
    armed = at(100, state=RampState.ARMED, armed_until=NOW + timedelta(minutes=60))
    assert (after(armed, BAD).wanted, after(armed, BAD).state) == (50, RampState.HELD)
    assert after(armed, *[NOTHING] * 70).state is RampState.ARMED, "silence disarms nothing"
    assert after(armed, *[GOOD] * 60).state is RampState.DONE


def test_only_what_goes_back_from_all_asks_for_the_old_versions_health() -> None:
    full = at(100, state=RampState.ARMED)
    assert model.goes_back_from_all(full, after(full, BAD))
    assert not model.goes_back_from_all(at(50), after(at(50), BAD))
    stopped = model.stopped(full, "the old version answers 503", NOW)
    assert (stopped.wanted, stopped.state, stopped.next_at) == (100, RampState.STOPPED, None)


def test_a_ramp_may_begin_in_the_middle_and_end_before_the_whole() -> None:
    ramp = model.read_back(model.begun(a_ramp(start=None, steps=(Step(20, 5),)), 5, NOW), NOW)
    assert ramp.wanted == 20
    assert after(ramp, BAD).state is RampState.ROLLED_BACK
    assert after(ramp, BAD).wanted == 5
    assert after(ramp, *[GOOD] * 5).state is RampState.DONE


def test_a_share_that_could_not_be_set_is_wanted_still() -> None:
    pending = model.begun(a_ramp(start=None), 0, NOW)
    tried = model.not_set(pending, "AccessDenied", NOW)
    assert tried.is_pending
    assert (tried.why, tried.next_at) == (Why.NOT_SET, NOW + timedelta(seconds=20))
