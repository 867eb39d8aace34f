"""A log line is what Powertools' own formatter writes, whatever is told."""

import json
import logging
import sys
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.lines import LineFormatter

OPTIONS: dict[str, Any] = {"utc": True, "use_rfc3339": True}
VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.dates() | st.lists(st.text(), max_size=2)
FACTS = st.dictionaries(st.sampled_from(["status", "method", "route", "error", "tenant_id", "kind"]), VALUES)


def a_record(message: Any, facts: dict[str, Any], *args: Any, failed: Any = None) -> logging.LogRecord:
    record = logging.LogRecord("enghub", logging.INFO, __file__, 12, message, args, failed, "told")
    record.__dict__.update(facts)
    return record


def both(record: logging.LogRecord, keys: dict[str, Any]) -> tuple[str, str]:
    written = []
    for kind in (LineFormatter, LambdaPowertoolsFormatter):
        formatter = kind(**OPTIONS)
        formatter.append_keys(service="mes", **keys)
        written.append(formatter.format(record))
    return written[0], written[1]


@given(st.text() | st.sampled_from(["true", " null ", "NaN", "request answered", '{"a": 1}', "12"]), FACTS, FACTS)
def test_a_line_is_written_as_powertools_writes_it(message: str, facts: dict[str, Any], keys: dict[str, Any]) -> None:
    ours, theirs = both(a_record(message, facts), keys)
    assert ours == theirs


def test_a_message_with_arguments_is_filled() -> None:
    ours, theirs = both(a_record("told %s times", {}, 3), {})
    assert ours == theirs
    assert json.loads(ours)["message"] == "told 3 times"


def test_a_failure_keeps_its_traceback() -> None:
    try:
        int("boom")
    except ValueError:
        ours, theirs = both(a_record("request failed", {}, failed=sys.exc_info()), {})
    assert ours == theirs
    assert "boom" in json.loads(ours)["exception"]


def test_the_trace_of_the_invocation_is_in_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-abc;Sampled=1")
    ours, theirs = both(a_record("request answered", {}), {})
    assert ours == theirs
    assert json.loads(ours)["xray_trace_id"] == "1-abc"


def test_a_usual_line_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(LambdaPowertoolsFormatter, "format")
    line = json.loads(LineFormatter(**OPTIONS).format(a_record("request answered", {"status": 200})))
    assert (line["message"], line["status"], line["location"]) == ("request answered", 200, "told:12")
