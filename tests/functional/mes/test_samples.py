"""The samples in events/mes are what the functions take: run one after the other they make a small working day."""

import json
from typing import Any

from tests.factories.handlers import sample_event
from tests.factories.http import Context
from tests.factories.mes import Floor

DAY = (
    ("create_work_order", 201),
    ("change_work_order", 200),
    ("read_work_orders", 200),
    ("report_production", 422),
    ("read_production_reports", 200),
    ("read_shift_board", 200),
)


def test_the_samples_make_a_working_day(floor: Floor) -> None:
    answers: dict[str, Any] = {}
    for function, status in DAY:
        answer = floor.handler(function)(sample_event("mes", function), Context())
        answers[function] = json.loads(answer["body"])
        assert answer["statusCode"] == status, (function, answer)
    assert answers["report_production"]["details"]["error"] == "NOT_IN_PRODUCTION"
    assert len(answers["read_work_orders"]["data"]["items"]) == 1
    batch = floor.handler("update_shift_board")(sample_event("mes", "update_shift_board"), Context())
    assert batch == {"batchItemFailures": []}
    board = floor.handler("read_shift_board")(sample_event("mes", "read_shift_board"), Context())
    (line,) = json.loads(board["body"])["data"]["lines"]
    assert (line["plan"], line["output"], line["yield"]) == (120, 100, 0.95)
    rebuilt = floor.handler("rebuild_shift_board")(sample_event("mes", "rebuild_shift_board"), Context())
    assert (rebuilt["boards"], rebuilt["reports"]) == (1, 0)
