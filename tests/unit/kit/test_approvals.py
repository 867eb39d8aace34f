"""Approvals: who may, how many, never the requester, in time, to exactly what was seen."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core import codec
from enghub.kit.approvals.errors import (
    ApprovalClosed,
    DecidedAlready,
    NotAnApprover,
    OwnApproval,
    ReasonRequired,
    SeenAnother,
)
from enghub.kit.approvals.model import (
    Approval,
    Decider,
    Policy,
    Stage,
    Status,
    Verdict,
    ask,
    decide,
    fingerprint,
    withdraw,
)
from tests.factories.http import NOW

HOUR = timedelta(hours=1)
SEEN = fingerprint({"configValue": "7200"})
ONE = Policy((Stage("owner", roles=("CONFIG_ADMIN",)),), within=24 * HOUR)
TWO = Policy((Stage("owner", roles=("A",)), Stage("security", 2, roles=("B",), users=("chief",))), 24 * HOUR)


def asked(policy: Policy = ONE, **more: object) -> Approval:
    return ask(policy, requester="ann", at=NOW, seen=SEEN, **more)  # type: ignore[arg-type]


def voice(
    approval: Approval,
    user_id: str,
    *roles: str,
    verdict: Verdict = Verdict.APPROVE,
    seen: str = SEEN,
    hours: int = 1,
    comment: str = "no",
) -> Approval:
    return decide(approval, Decider(user_id, roles), verdict, seen=seen, at=NOW + hours * HOUR, comment=comment)


def test_one_of_the_right_role_is_enough() -> None:
    approval = voice(asked(), "bob", "CONFIG_ADMIN")
    assert approval.status(NOW + HOUR) is Status.APPROVED
    assert approval.status(NOW + 100 * HOUR) is Status.APPROVED
    assert approval.approvers == ("bob",)
    assert approval.decided_at == NOW + HOUR


def test_nobody_approves_their_own_whatever_their_roles() -> None:
    with pytest.raises(OwnApproval):
        voice(asked(), "ann", "CONFIG_ADMIN", "SYSTEM_ADMIN")
    with pytest.raises(OwnApproval):
        voice(asked(authors=("eve", "ann")), "eve", "CONFIG_ADMIN")


def test_another_role_has_no_voice_and_is_told_whose_it_is() -> None:
    with pytest.raises(NotAnApprover) as refused:
        voice(asked(), "bob", "CONFIG_VIEWER")
    assert refused.value.details == {"stage": "owner", "permission": "CONFIG_ADMIN"}


def test_a_deadline_that_passes_means_rejected_and_no_late_voice_counts() -> None:
    approval = asked()
    assert approval.status(NOW + 24 * HOUR - timedelta(microseconds=1)) is Status.PENDING
    assert approval.status(NOW + 24 * HOUR) is Status.REJECTED
    assert approval.timed_out(NOW + 24 * HOUR)
    with pytest.raises(ApprovalClosed):
        voice(approval, "bob", "CONFIG_ADMIN", hours=24)


def test_what_changed_since_it_was_seen_is_not_approved() -> None:
    with pytest.raises(SeenAnother) as refused:
        voice(asked(), "bob", "CONFIG_ADMIN", seen=fingerprint({"configValue": "7201"}))
    assert refused.value.details["seen"] == SEEN


def test_a_rejection_ends_it_and_says_why() -> None:
    with pytest.raises(ReasonRequired):
        voice(asked(), "bob", "CONFIG_ADMIN", verdict=Verdict.REJECT, comment=" ")
    rejected = voice(asked(), "bob", "CONFIG_ADMIN", verdict=Verdict.REJECT)
    assert rejected.status(NOW + HOUR) is Status.REJECTED
    assert not rejected.timed_out(NOW + 100 * HOUR)
    with pytest.raises(ApprovalClosed):
        voice(rejected, "cid", "CONFIG_ADMIN")


def test_a_repeated_voice_changes_nothing_another_one_is_refused() -> None:
    once = voice(asked(TWO), "bob", "A")
    assert voice(once, "bob", "A", hours=5) is once
    with pytest.raises(DecidedAlready):
        voice(once, "bob", "A", verdict=Verdict.REJECT)


def test_stages_in_order_open_one_after_the_other() -> None:
    approval = asked(TWO)
    with pytest.raises(NotAnApprover):
        voice(approval, "cid", "B")
    approval = voice(approval, "bob", "A", "B")
    assert [stage.name for stage in approval.open_stages] == ["security"]
    approval = voice(approval, "cid", "B")
    assert approval.missing == ((TWO.stages[1], 1),)
    with pytest.raises(DecidedAlready):
        voice(approval, "cid", "B", verdict=Verdict.REJECT)
    assert voice(approval, "chief").status(NOW) is Status.APPROVED


def test_a_person_of_two_roles_does_not_block_the_other_one_in_any_order() -> None:
    policy = Policy((Stage("a", roles=("A",)), Stage("b", roles=("B",))), HOUR * 24, in_order=False)
    people = {"both": ("A", "B"), "only": ("A",)}
    for order in permutations(people):
        approval = asked(policy)
        for user_id in order:
            approval = voice(approval, user_id, *people[user_id])
        assert approval.status(NOW) is Status.APPROVED
    with pytest.raises(NotAnApprover):  # a second A helps nobody
        voice(voice(asked(policy), "only", "A"), "other", "A")


def test_break_glass_needs_a_reason_and_then_follows_the_same_rules() -> None:
    with pytest.raises(ReasonRequired):
        asked(afterwards=True)
    approval = asked(afterwards=True, reason="the line stands still")
    assert approval.afterwards
    assert approval.status(NOW + 24 * HOUR) is Status.REJECTED
    with pytest.raises(OwnApproval):
        voice(approval, "ann", "CONFIG_ADMIN")


def test_who_asked_may_take_it_back_and_nobody_else() -> None:
    with pytest.raises(NotAnApprover):
        withdraw(asked(), "bob", NOW)
    gone = withdraw(asked(), "ann", NOW)
    assert gone.status(NOW + 48 * HOUR) is Status.WITHDRAWN
    assert withdraw(gone, "ann", NOW + HOUR) is gone
    with pytest.raises(ApprovalClosed):
        voice(gone, "bob", "CONFIG_ADMIN")
    with pytest.raises(ApprovalClosed):
        withdraw(voice(asked(), "bob", "CONFIG_ADMIN"), "ann", NOW + 2 * HOUR)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Stage("a", 0, roles=("A",)),
        lambda: Stage("a"),
        lambda: Stage("a", 2, users=("x", "x")),
        lambda: Policy((), HOUR),
        lambda: Policy(ONE.stages, timedelta()),
    ],
)
def test_a_policy_that_nobody_can_satisfy_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"stage|voice"):
        wrong()  # type: ignore[operator]


def test_a_fingerprint_does_not_depend_on_order_but_on_every_value() -> None:
    assert fingerprint({"a": 1, "b": [1, {"c": NOW}]}) == fingerprint({"b": [1, {"c": NOW}], "a": 1})
    assert len({fingerprint(value) for value in ({"a": 1}, {"a": "1"}, {"a": None}, {}, {"a": [1]}, {"a": ""})}) == 6


@given(
    st.lists(st.tuples(st.sampled_from("abcdefg"), st.sets(st.sampled_from("AB"))), max_size=7),
    st.booleans(),
)
def test_approved_means_enough_different_people_of_each_stage(
    voices: list[tuple[str, set[str]]], in_order: bool
) -> None:
    policy = Policy((Stage("a", 2, roles=("A",)), Stage("b", 1, roles=("B",))), 24 * HOUR, in_order)
    approval = asked(policy)
    for user_id, roles in voices:
        try:
            approval = voice(approval, user_id, *sorted(roles))
        except (NotAnApprover, ApprovalClosed, DecidedAlready):
            continue
    approved = approval.status(NOW) is Status.APPROVED
    held = {one.user_id: one.roles for one in approval.decisions}
    assert len(held) == len(approval.decisions) <= 3
    assert approved is (len(held) == 3)
    assert sum("A" in roles for roles in held.values()) >= 2 or not approved
    assert sum("B" in roles for roles in held.values()) >= 1 or not approved
    assert codec.loads(Approval, codec.dumps(approval)) == approval
