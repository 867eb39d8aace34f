"""What every context promises to others: a schema and a sample per event and version, read by all who subscribe."""

import json
from typing import Any

import jsonschema_rs
import pytest

from enghub.core.entrypoints import Reader
from enghub.core.event_data import EventData
from enghub.core.events import Envelope
from tools.event_schemas import FOLDER, models, schema_of, schema_path
from tools.subscriptions import consumers

MODELS = list(models())
BY_TYPE = {model.event_type(): model for model in MODELS}
SAMPLES = sorted(path for path in FOLDER.glob("*.json") if not path.name.endswith(".schema.json"))
READERS = [
    (f"{context}/{name}", reader) for context, name, consumer in consumers() for reader in consumer.readers.values()
]


def samples_of(reader: Reader) -> list[dict[str, Any]]:
    """Return the samples of all versions that a subscription brings to its reader; some types come from anybody."""
    anybody = not BY_TYPE[reader.event_type].SOURCE
    found = [json.loads(path.read_text("utf-8")) for path in SAMPLES if path.name.split(".")[0] == reader.event_type]
    return [sample for sample in found if anybody or reader.source in {"", sample["source_service"]}]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_schema_on_file_is_that_of_the_model(model: type[EventData]) -> None:
    assert schema_path(model).read_text("utf-8") == schema_of(model), "run python -m tools.event_schemas"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_fits_envelope_and_schema(path: Any) -> None:
    sample = json.loads(path.read_text("utf-8"))
    event = Envelope.from_dict(sample)
    assert f"{event.event_type}.{event.version}" == path.stem
    assert event.source_service == BY_TYPE[event.event_type].SOURCE or not BY_TYPE[event.event_type].SOURCE
    schema = json.loads((FOLDER / f"{path.stem}.schema.json").read_text("utf-8"))
    jsonschema_rs.validate(schema, sample["data"], validate_formats=True)


def test_every_version_has_schema_and_sample_and_every_model_the_newest() -> None:
    samples = {path.stem for path in SAMPLES}
    assert {path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.schema.json")} == samples
    assert {f"{model.event_type()}.{model.VERSION}" for model in MODELS} <= samples
    assert {name.split(".")[0] for name in samples} == set(BY_TYPE)


@pytest.mark.parametrize(("consumer", "reader"), READERS, ids=[f"{c}-{r.event_type}" for c, r in READERS])
def test_a_reader_reads_every_version_that_was_ever_published_and_more_fields(consumer: str, reader: Reader) -> None:
    samples = samples_of(reader)
    assert samples, f"{consumer} reads {reader.event_type} of {reader.source or 'anybody'}, which nobody publishes"
    for sample in samples:
        reader.data_type.model_validate(sample["data"])
        reader.data_type.model_validate({**sample["data"], "not_known_yet": [1]})
