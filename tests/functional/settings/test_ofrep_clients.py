"""OpenFeature's published OFREP provider, unmodified, evaluates flags of every type over HTTP (CFG-09)."""

from collections.abc import Iterator
from typing import Any

import pytest
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from enghub.settings.evaluations import wiring
from tests.factories import flags
from tests.factories.served import served

TOKEN = {"Authorization": "Bearer token"}


@pytest.fixture
def address(account: Any) -> Iterator[str]:
    """The API of settings on a port of its own."""
    account("settings")
    for made in (wiring.snapshots, wiring.usage, wiring.evaluations):
        made.cache_clear()
    with served("settings", flags.MANAGER) as found:
        yield found


def test_the_published_python_provider_evaluates_every_type(address: str) -> None:
    values: dict[str, list[Any]] = {
        "STRING": ["a", "b"],
        "INTEGER": [7, 8],
        "FLOAT": [1.0, 0.5],
        "OBJECT": [{"rows": 3}, {}],
    }
    for kind, (one, other) in values.items():
        variants = [{"name": "one", "value": one}, {"name": "other", "value": other}]
        body = {"flagKey": kind.lower(), "isEnabled": True, "valueType": kind, "variants": variants}
        flags.data("POST", body={**body, "defaultValue": "other", "targetRules": {"variant": "one"}})
    flags.data("POST", body={"flagKey": "switch", "isEnabled": True, "targetRules": {"users": ["u-1"]}})
    flags.data("POST", body={"flagKey": "off"})
    provider = OFREPProvider(address, headers_factory=lambda: TOKEN)
    context = EvaluationContext("u-1", {"plan": "pro"})
    assert provider.resolve_string_details("string", "z", context).value == "a"
    assert provider.resolve_integer_details("integer", 0, context).value == 7
    assert provider.resolve_float_details("float", 0.0, context).value == 1.0
    assert provider.resolve_object_details("object", {}, context).value == {"rows": 3}
    found = provider.resolve_boolean_details("switch", False, context)
    assert (found.value, found.variant, found.reason) == (True, "on", Reason.TARGETING_MATCH)
    off = provider.resolve_boolean_details("off", True, context)
    assert (off.value, off.reason) == (False, Reason.DISABLED)


def test_an_unknown_flag_is_the_codes_default(address: str) -> None:
    provider = OFREPProvider(address, headers_factory=lambda: TOKEN)
    with pytest.raises(Exception, match="nope") as refused:
        provider.resolve_boolean_details("nope", True, EvaluationContext("u-1"))
    assert refused.value.error_code is ErrorCode.FLAG_NOT_FOUND  # type: ignore[attr-defined]
