"""APQP by rule: five phases, gates in order, signatures of others, conditions that end (PLM-13)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from enghub.kit.approvals.errors import NotAnApprover, OwnApproval, SeenAnother
from enghub.kit.approvals.model import Decider, Verdict
from enghub.plm.apqp.catalogue import NAMES, OUTPUTS, PPAP, Phase
from enghub.plm.apqp.errors import (
    ConditionWithoutEnd,
    DeliverableReasonMissing,
    DeliverableTwice,
    GateNotAsked,
    GateNotReady,
    GateOutOfOrder,
    UnknownPlmPhase,
)
from enghub.plm.apqp.model import Deliverable, DeliverableStatus, GateStatus, Project, Voice

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
QUALITY, CHIEF = Decider("quan", ("QUALITY_ENGINEER",)), Decider("chief", ("PLM_ADMIN",))


def a_project() -> Project:
    return Project("acme", "PRJ-7", "ECU-1", "Brake controller", NOW)


def done(project: Project, *phases: Phase) -> Project:
    for phase in phases:
        for one in project.of(phase):
            project = project.with_deliverable(replace(one, status=DeliverableStatus.DONE), NOW)
    return project


def signed(project: Project, phase: Phase, conditions: str = "", until: date | None = None) -> Project:
    asked = project.asked(phase, "lead", conditions, until, NOW)
    return asked.decided(phase, Voice(CHIEF, Verdict.APPROVE), NOW).decided(phase, Voice(QUALITY, Verdict.APPROVE), NOW)


@pytest.mark.parametrize(("code", "name"), [(f"PLM_PHASE_{phase.value}", NAMES[phase][1]) for phase in Phase])
def test_the_plms_codes_are_the_five_phases(code: str, name: str) -> None:
    assert NAMES[Phase.of_plm(code)][1] == name
    assert Phase.of_plm(code).plm_code == code


@pytest.mark.parametrize("code", ["PLM_PHASE_6", "plm_phase_1", "PLM_PHASE_1 ", "", "None", "1"])
def test_another_code_is_named(code: str) -> None:
    with pytest.raises(UnknownPlmPhase, match="PLM_PHASE_1 to PLM_PHASE_5"):
        Phase.of_plm(code)


def test_every_output_of_the_manual_is_there_once() -> None:
    codes = [code for outputs in OUTPUTS.values() for code in outputs]
    assert [len(OUTPUTS[phase]) for phase in Phase] == [7, 13, 11, 8, 4]
    assert len(set(codes)) == len(codes) == len(a_project().deliverables)
    with pytest.raises(DeliverableTwice):
        a_project().having([Deliverable("DFMEA", Phase.PLAN, "again")])


def test_a_gate_needs_its_deliverables_and_the_gate_before() -> None:
    project = a_project()
    with pytest.raises(GateNotReady, match="DESIGN-GOALS"):
        project.asked(Phase.PLAN, "lead", "", None, NOW)
    with pytest.raises(GateOutOfOrder, match="which is OPEN"):
        done(project, Phase.PRODUCT_DESIGN).asked(Phase.PRODUCT_DESIGN, "lead", "", None, NOW)
    with pytest.raises(GateNotAsked):
        project.decided(Phase.PLAN, Voice(CHIEF, Verdict.APPROVE), NOW)


def test_each_role_signs_once_and_never_who_asked() -> None:
    asked = done(a_project(), Phase.PLAN).asked(Phase.PLAN, "quan", "", None, NOW)
    with pytest.raises(OwnApproval):
        asked.decided(Phase.PLAN, Voice(QUALITY, Verdict.APPROVE), NOW)
    half = asked.decided(Phase.PLAN, Voice(CHIEF, Verdict.APPROVE), NOW)
    assert half.decided(Phase.PLAN, Voice(CHIEF, Verdict.APPROVE), NOW) is half
    with pytest.raises(NotAnApprover):
        half.decided(Phase.PLAN, Voice(Decider("boss", ("PLM_ADMIN",)), Verdict.APPROVE), NOW)
    assert (half.status(Phase.PLAN, NOW), half.phase) == (GateStatus.ASKED, Phase.PLAN)
    whole = half.decided(Phase.PLAN, Voice(Decider("qin", ("QUALITY_ENGINEER",)), Verdict.APPROVE), NOW)
    assert (whole.status(Phase.PLAN, NOW), whole.phase) == (GateStatus.PASSED, Phase.PRODUCT_DESIGN)
    with pytest.raises(GateNotAsked, match="PASSED"):
        whole.asked(Phase.PLAN, "lead", "", None, NOW)


def test_nobody_signs_what_changed_since_it_was_asked_for() -> None:
    asked = done(a_project(), Phase.PLAN).asked(Phase.PLAN, "lead", "", None, NOW)
    goals = replace(asked.deliverable("DESIGN-GOALS"), document="rev B")
    changed = asked.with_deliverable(goals, NOW)
    with pytest.raises(SeenAnother):
        changed.decided(Phase.PLAN, Voice(CHIEF, Verdict.APPROVE), NOW)
    again = changed.asked(Phase.PLAN, "lead", "", None, NOW)
    assert again.asked(Phase.PLAN, "lead", "", None, NOW) is again
    assert again.decided(Phase.PLAN, Voice(CHIEF, Verdict.APPROVE), NOW) is not again


def test_a_conditional_pass_ends_with_its_day_or_when_all_is_done() -> None:
    project = a_project()
    until = date(2026, 3, 31)
    for conditions, end in (("close DESIGN-GOALS", None), ("", until), ("late", date(2026, 3, 1))):
        with pytest.raises(ConditionWithoutEnd):
            project.asked(Phase.PLAN, "lead", conditions, end, NOW)
    found = signed(project, Phase.PLAN, "close all", until)
    last, over = datetime(2026, 3, 31, 23, tzinfo=UTC), datetime(2026, 4, 1, 0, tzinfo=UTC)
    assert [found.status(Phase.PLAN, at) for at in (NOW, last, over)] == [
        *(GateStatus.CONDITIONAL, GateStatus.CONDITIONAL, GateStatus.CONDITION_MISSED)
    ]
    assert done(found, Phase.PLAN).status(Phase.PLAN, over) is GateStatus.PASSED
    with pytest.raises(GateOutOfOrder, match="CONDITION_MISSED"):
        done(found, Phase.PRODUCT_DESIGN).asked(Phase.PRODUCT_DESIGN, "lead", "", None, over)


def test_a_deliverable_that_opens_again_reopens_its_gate() -> None:
    found = signed(done(a_project(), Phase.PLAN), Phase.PLAN)
    goals = replace(found.deliverable("DESIGN-GOALS"), status=DeliverableStatus.OPEN)
    assert found.with_deliverable(goals, NOW).status(Phase.PLAN, NOW) is GateStatus.REOPENED


def test_no_signature_in_time_and_a_no_are_rejections() -> None:
    asked = done(a_project(), Phase.PLAN).asked(Phase.PLAN, "lead", "", None, NOW)
    assert asked.status(Phase.PLAN, NOW + timedelta(days=14)) is GateStatus.REJECTED
    no = asked.decided(Phase.PLAN, Voice(CHIEF, Verdict.REJECT, "goals are wishes"), NOW)
    assert no.status(Phase.PLAN, NOW) is GateStatus.REJECTED
    assert no.asked(Phase.PLAN, "lead", "", None, NOW).status(Phase.PLAN, NOW) is GateStatus.ASKED


def test_the_deliverable_ppap_is_what_the_ppap_is() -> None:
    project = done(a_project(), Phase.VALIDATION)
    assert project.with_ppap(None, NOW) is project
    assert project.with_ppap(is_approved=False, at=NOW).missing(Phase.VALIDATION) == (PPAP,)
    with pytest.raises(DeliverableReasonMissing):
        project.with_deliverable(replace(project.deliverable(PPAP), status=DeliverableStatus.NOT_APPLICABLE), NOW)
