"""Burn rates fire and stay quiet as the published table says (OPS-18); golive-field GF16."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from enghub.golive.slo.errors import NeverFires
from enghub.golive.slo.model import RATES, Answer, Counts, judge
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request

HOUR = RATES[0]


def verdict(short: tuple[int, int], long: tuple[int, int], objective: str = "99.9", least: int = 100) -> Any:
    return judge(Decimal(objective), HOUR, (Counts(*short), Counts(*long)), least, None)


@pytest.mark.parametrize(
    ("short", "long", "answer"),
    [
        ((5, 300), (52, 3600), Answer.PAGE),
        ((5, 300), (51, 3600), Answer.QUIET),
        ((144, 10_000), (144, 10_000), Answer.QUIET),
        ((145, 10_000), (145, 10_000), Answer.PAGE),
        ((0, 300), (60, 3600), Answer.QUIET),
        ((1, 3), (52, 3600), Answer.TOO_FEW),
        ((0, 0), (0, 0), Answer.NO_DATA),
    ],
)
def test_both_windows_exceed_the_factor_exactly(short: tuple[int, int], long: tuple[int, int], answer: Answer) -> None:
    assert verdict(short, long).answer is answer


def test_each_rate_fires_just_above_its_factor() -> None:
    for rate in RATES:
        at_factor = int(rate.factor * 100)
        quiet, loud = (
            judge(Decimal("99.9"), rate, (Counts(bad, 100_000),) * 2, 100, None) for bad in (at_factor, at_factor + 1)
        )
        assert (quiet.answer, loud.answer) == (Answer.QUIET, rate.answer)


def test_an_objective_that_can_never_fire_is_refused() -> None:
    """14.4 times half of all is more than all: 50 % cannot be watched so."""
    with pytest.raises(NeverFires):
        verdict((300, 300), (3600, 3600), "50")


def test_a_service_younger_than_the_window_says_so() -> None:
    found = judge(Decimal("99.9"), HOUR, (Counts(5, 300), Counts(52, 3600)), 100, timedelta(minutes=30))
    assert (found.answer, found.is_partial) == (Answer.PAGE, True)


def test_the_page_says_how_long_a_full_budget_lasts(account: Any) -> None:
    account("golive")
    window = {"longMinutes": 60, "short": {"bad": 5, "total": 300}, "long": {"bad": 52, "total": 3600}}
    handler = load_handler("golive", "judge_slo")

    def asked(**changed: Any) -> tuple[int, Any]:
        body = {"objective": 99.9, "windows": [{**window, **changed}]}
        event = a_request("POST", "/api/v1/golive/slo/burn-rates", body, caller=a_principal("golive:read"))
        answer = handler(event, Context())
        return answer["statusCode"], json.loads(answer["body"])

    status, answer = asked()
    (one,) = answer["data"]["items"]
    assert (status, one["answer"], one["longBurn"], one["budgetLastsHours"]) == (200, "PAGE", 14.44, 49.8)
    assert asked(longMinutes=61)[1]["details"]["field"].endswith("longMinutes")
    assert asked(long={"bad": 2, "total": 1})[0] == 400
