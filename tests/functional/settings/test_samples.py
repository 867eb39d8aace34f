"""Every function answers its sample event; the published event fits its schema; a read costs one call."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from enghub.core import dynamo
from enghub.core.events import Envelope
from enghub.settings.published import ConfigurationChanged
from tests.factories.handlers import ROOT, sample_event
from tests.factories.http import Context
from tests.factories.settings import SESSION_TIMEOUT, answer, handler
from tests.factories.stored import waiting

PUBLISHED = Path(ROOT / "events" / "published")


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


def test_the_samples_tell_one_story() -> None:
    answers = {
        name: handler(name)(sample_event("settings", name), Context())
        for name in ("create_config", "change_config", "read_configs", "restore_config")
    }
    assert [found["statusCode"] for found in answers.values()] == [201, 200, 200, 200]
    read = json.loads(answers["read_configs"]["body"])["data"]
    assert (read["configValue"], read["version"], read["layer"]) == ("7200", 2, "tenant")


def test_what_is_published_fits_the_schema() -> None:
    schema = json.loads((PUBLISHED / "ConfigurationChanged.1.0.schema.json").read_text("utf-8"))
    assert schema == {"$schema": schema["$schema"], **ConfigurationChanged.model_json_schema()}
    answer("POST", body=SESSION_TIMEOUT)
    answer("PATCH", "/session.timeout", {"configValue": "7200", "version": 1}, layer="tenant")
    answer("DELETE", "/session.timeout", version="2")
    sent = [json.loads(record.body) for record in waiting()]
    sample = json.loads((PUBLISHED / "ConfigurationChanged.1.0.json").read_text("utf-8"))
    assert len(sent) == 3
    for wire in (*sent, sample):
        assert Envelope.from_dict(wire).source_service == "enghub.settings"
        jsonschema_rs.validate(schema, wire["data"])


def calls_of(*args: Any, **kwargs: Any) -> Counter[str]:
    """Return the AWS calls of one request."""
    calls: Counter[str] = Counter()

    def note(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    events = dynamo.connection().client.meta.events
    events.register_first("before-call.dynamodb", note)
    answer(*args, **kwargs)
    events.unregister("before-call.dynamodb", note)
    return calls


WRITE = {"BatchGetItem": 1, "Query": 1, "TransactWriteItems": 1}
"""The item in its layers, the rules of approval, the change."""


def test_every_operation_has_its_number_of_calls() -> None:
    assert calls_of("POST", body=SESSION_TIMEOUT) == WRITE
    assert calls_of("GET", "/session.timeout") == {"BatchGetItem": 1}
    assert calls_of("GET", "/session.timeout", layer="tenant") == {"BatchGetItem": 1}
    assert calls_of("GET") == {"Query": 1}
    patch = {"configValue": "7200", "version": 1}
    assert calls_of("PATCH", "/session.timeout", patch) == WRITE
    batch = {"configs": [{"configKey": "session.timeout", "configValue": "301", "version": 2}]}
    assert calls_of("POST", "/batch", batch) == WRITE
    assert calls_of("DELETE", "/session.timeout", version="3") == WRITE
