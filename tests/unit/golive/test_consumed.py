"""What this context reads of others' events is what they publish."""

import json
from pathlib import Path

import pytest

from enghub.core.event_data import EventData
from enghub.golive import consumed

PUBLISHED = Path(__file__).parents[3] / "events" / "published"
READ = [
    one
    for one in vars(consumed).values()
    if isinstance(one, type) and issubclass(one, EventData) and not one.__subclasses__() and one is not EventData
]


@pytest.mark.parametrize("kind", READ, ids=lambda kind: kind.event_type())
def test_every_published_sample_is_read_whole(kind: type[EventData]) -> None:
    sample = json.loads((PUBLISHED / f"{kind.event_type()}.1.0.json").read_text("utf-8"))
    assert sample["source_service"] == kind.SOURCE
    found = kind.model_validate(sample["data"])
    assert found.model_fields_set == set(kind.model_fields) & set(sample["data"])
    assert found.model_fields_set >= {name for name, one in kind.model_fields.items() if one.is_required()}
