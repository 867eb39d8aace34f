"""Alarms of the floor reach the people that they name, in their language, without anybody's rule (MES-19)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from enghub.core.notices import NoticeRequested
from enghub.mes.boards.model import BoardKey, StationLoad
from enghub.mes.erp.model import Health, Service
from enghub.mes.erp.service import told
from enghub.mes.plant.model import ReportingRules
from enghub.mes.watch import model
from enghub.mes.watch.model import Tally
from enghub.mes.work_orders.model import Status
from tests.conftest import REGION
from tests.factories.http import NOW
from tests.factories.mes import FACTORY, an_order_in
from tests.functional.notices.conftest import Notices

RULES = ReportingRules()
PEOPLE = {"planner": "PLANNER", "lead": "SHIFT_LEAD", "admin": "SYSTEM_ADMIN", "operator": "OPERATOR"}


def stuck() -> NoticeRequested:
    order = an_order_in(Status.IN_PROGRESS, started_at=NOW - timedelta(hours=25))
    return model.stuck([order], NOW, RULES)[0].notice


def over_capacity() -> NoticeRequested:
    load = StationLoad("ST-1", "SMT-1", Decimal(44_000))
    found = model.over_capacity(load, BoardKey(FACTORY, NOW.date(), "day"), Decimal(39_600), NOW, RULES)
    assert found is not None
    return found.notice


def throughput() -> NoticeRequested:
    now = Tally(FACTORY, 101, NOW + timedelta(minutes=1))
    found = model.throughput(Tally(FACTORY, 0, NOW), now, RULES)
    assert found is not None
    return found


def erp_lags() -> NoticeRequested:
    before = Health(FACTORY, Service.BOM).answered(NOW, 10, NOW)
    found = told(before, before.answered(NOW - timedelta(minutes=5, seconds=1), 10, NOW))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("asked", "severity", "who", "says"),
    [
        (stuck, "CRITICAL", {"planner", "lead"}, "WO-1"),
        (over_capacity, "WARNING", {"planner", "lead"}, "ST-1"),
        (throughput, "WARNING", {"admin"}, "101"),
        (erp_lags, "WARNING", {"admin"}, "BOM"),
    ],
)
def test_an_alarm_reaches_whom_it_names(notices: Notices, asked: Any, severity: str, who: set[str], says: str) -> None:
    for name, role in PEOPLE.items():
        contact = {"name": name, "email": f"{name}@example.com", "roles": [role], "language": "en", "zone": "UTC"}
        notices.data("PUT", f"/contacts/{name}", contact)
    notice = asked()
    for _ in range(2):
        assert notices.ask(notice, factory=FACTORY.factory_id, source_service="enghub.mes") == []
        assert notices.deliver() == []
    sent = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert {one.destinations["ToAddresses"][0].partition("@")[0] for one in sent} == who
    assert (len(sent), notice.severity.value) == (len(who), severity)
    assert all(says in one.body for one in sent)
