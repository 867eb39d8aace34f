"""Runs, batches and how they are cut (PLM-03, PLM-04)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.plm.syncs.errors import SyncBatchNotFailed, SyncStillRunning
from enghub.plm.syncs.model import (
    BATCHES_PER_LISTING,
    Batch,
    BatchStatus,
    BatchType,
    Counts,
    Listing,
    Mode,
    Range,
    RunStatus,
    SyncRun,
    Trigger,
    cut,
)
from enghub.plm.syncs.service import from_wire, to_wire
from tests.factories.http import NOW

MINUTES = timedelta(minutes=10)


def a_run(mode: Mode = Mode.INCREMENTAL) -> SyncRun:
    return SyncRun("acme", "sh-01", "run", "default", mode, BatchType.LIGHT, Trigger.MANUAL, "emp", NOW)


def ids(numbers: Any) -> list[str]:
    return [f"{number:07d}" for number in sorted(numbers)]


def covers(found: Range, identifier: str) -> bool:
    return (found.after is None or identifier > found.after) and (found.up_to is None or identifier <= found.up_to)


@given(st.sets(st.integers(0, 3000), max_size=400), st.integers(1, 7))
def test_every_object_is_in_exactly_one_batch_of_at_most_the_size(numbers: set[int], size: int) -> None:
    every = ids(numbers)
    ranges: list[Range] = []
    after, more = None, True
    while more:
        listing = cut((one for one in every if after is None or one > after), after, len(ranges) + 1, size)
        assert len(listing.ranges) <= BATCHES_PER_LISTING
        ranges += listing.ranges
        after, more = listing.after, listing.after is not None
    assert [found.number for found in ranges] == list(range(1, len(ranges) + 1))
    for identifier in every:
        assert sum(covers(found, identifier) for found in ranges) == 1
    for found in ranges:
        assert 1 <= sum(covers(found, identifier) for identifier in every) <= size
    if ranges:
        assert (ranges[0].after, ranges[-1].up_to) == (None, None)


@given(st.sets(st.integers(0, 500), min_size=1), st.sets(st.integers(0, 600)), st.integers(1, 9))
def test_objects_made_after_the_listing_fall_into_one_batch_too(old: set[int], new: set[int], size: int) -> None:
    listing = cut(ids(old), None, 1, size)
    if listing.after is None:
        for identifier in ids(old | new):
            assert sum(covers(found, identifier) for found in listing.ranges) == 1


def test_cutting_reads_no_more_ids_than_it_needs() -> None:
    taken: list[int] = []

    def endless() -> Any:
        number = 0
        while True:
            taken.append(number)
            yield f"{number:07d}"
            number += 1

    assert cut(endless(), None, 1, 10).after == f"{BATCHES_PER_LISTING * 10 - 1:07d}"
    assert len(taken) == BATCHES_PER_LISTING * 10 + 1


@given(st.integers(1, 10**6), st.none() | st.text(max_size=30), st.none() | st.text(max_size=30))
def test_a_range_survives_the_way_through_the_state_machine(number: int, after: str | None, up_to: str | None) -> None:
    assert from_wire(to_wire(Range(number, after, up_to))) == Range(number, after, up_to)


def test_an_incremental_run_begins_a_little_before_the_watermark_and_a_full_one_at_the_beginning() -> None:
    assert a_run().begin(NOW, MINUTES, NOW).since == NOW - timedelta(minutes=10)
    assert a_run().begin(None, MINUTES, NOW).since is None
    assert a_run(Mode.FULL).begin(NOW, MINUTES, NOW).since is None


def test_a_run_begins_once() -> None:
    begun = a_run().begin(NOW, MINUTES, NOW)
    assert begun.begin(None, MINUTES, NOW + timedelta(hours=1)) is begun


def a_listed(batches: int) -> SyncRun:
    ranges = tuple(Range(number, None, None) for number in range(1, batches + 1))
    return a_run().begin(None, MINUTES, NOW).knowing(Listing(ranges, None))


statuses = st.lists(st.sampled_from(list(BatchStatus)), max_size=20)


@given(statuses, st.none() | st.just("broke off"), st.booleans())
def test_a_run_succeeds_only_if_all_was_listed_and_every_batch_is_done(
    found: list[BatchStatus], fault: str | None, listed: bool
) -> None:
    run = a_listed(len(found)) if listed else a_run().begin(None, MINUTES, NOW)
    batches = [Batch(Range(n, None, None), status, Counts(created=1)) for n, status in enumerate(found, 1)]
    ended = run.finish(iter(batches), fault, NOW)
    everything = listed and fault is None and all(status is BatchStatus.DONE for status in found)
    assert ended.status is (RunStatus.SUCCEEDED if everything else RunStatus.FAILED)
    assert (ended.failure is None) is everything
    assert ended.counts.created == len(found)


def test_a_batch_is_run_again_only_after_the_end_and_only_if_it_is_not_done() -> None:
    failed = Batch(Range(1, None, None), BatchStatus.FAILED)
    done = Batch(Range(2, None, None), BatchStatus.DONE)
    with pytest.raises(SyncStillRunning):
        a_listed(2).run_again(failed)
    ended = a_listed(2).finish([failed, done], None, NOW)
    with pytest.raises(SyncBatchNotFailed):
        ended.run_again(done)
    assert ended.run_again(failed).pass_number == 2


def test_a_batch_that_is_done_cannot_fail_any_more() -> None:
    done = Batch(Range(1, None, None)).done(Counts(created=3), NOW)
    assert done.failed("the answer was lost", NOW) is done
