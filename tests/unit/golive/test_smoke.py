"""HTTP scenarios: extraction, assertions, the first problem ends it (OPS-07)."""

import pytest

from enghub.golive.smoke.model import Assertion, Comparison, Extract, Missing, Said, Scenario, Step, fill, holds, run

BODY = '{"data": {"id": 7, "amount": 12.50, "items": [{"state": "READY"}, {"state": null}], "ok": true}}'
SAID = Said(201, {"etag": "abc"}, BODY, 15)


@pytest.mark.parametrize(
    ("text", "is_true"),
    [
        ("status == 201", True),
        ("status < 400", True),
        ("status >= 202", False),
        ("header:ETag == abc", True),
        ("header:missing exists", False),
        ("data.id == 7", True),
        ("data.id == 7.0", True),
        ("data.amount == 12.5", True),
        ("data.items.0.state == READY", True),
        ("data.items.0.state contains EAD", True),
        ("data.items.1.state exists", False),
        ("data.items.9.state == READY", False),
        ("data.items.9.state != READY", True),
        ("data.ok == true", True),
        ("data.ok > 0", False),
        ("milliseconds <= 15", True),
    ],
)
def test_assertions_say_what_is_true_of_an_answer(text: str, is_true: bool) -> None:
    source, test, *value = text.split(" ")
    assert holds(Assertion(source, Comparison(test), "".join(value)), SAID, {}) is is_true


def test_a_body_that_is_no_json_has_nothing_in_it() -> None:
    assert holds(Assertion("data.id", Comparison.EXISTS), Said(200, {}, "<html>", 1), {}) is False


def test_values_are_taken_for_later_calls_and_a_missing_one_is_named() -> None:
    sent: list[Step] = []

    def send(step: Step) -> Said:
        sent.append(step)
        return SAID

    steps = (
        Step("make", "POST", "https://e/{{run}}", body='{"by": "{{ run }}"}', extracts=(Extract("id", "data.id"),)),
        Step("read", "GET", "https://e/{{id}}", {"If-Match": "{{id}}"}),
    )
    report = run(Scenario(steps), send, {"run": "R1"})
    assert report.passed
    assert [(one.url, one.body, dict(one.headers)) for one in sent] == [
        ("https://e/R1", '{"by": "R1"}', {}),
        ("https://e/7", "", {"If-Match": "7"}),
    ]
    with pytest.raises(Missing, match="known as other"):
        fill("{{other}}", {})


def test_the_first_problem_ends_a_scenario_and_is_told() -> None:
    def send(step: Step) -> Said:
        if step.name == "two":
            message = "ConnectTimeout"
            raise ValueError(message)
        return SAID

    report = run(Scenario(tuple(Step(name, "GET", "https://e/") for name in ("one", "two", "three"))), send)
    assert (report.passed, report.said, len(report.results)) == (False, "two: ConnectTimeout", 2)
    gone = run(Scenario((Step("one", "GET", "https://e/", extracts=(Extract("x", "data.nothing"),)),)), send)
    assert (gone.passed, gone.said) == (False, "one: the answer has no data.nothing")
