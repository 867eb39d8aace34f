"""What every context promises to others: a schema per event, a sample that fits it, both up to date."""

import json

import jsonschema_rs
import pytest
from pydantic import BaseModel

from enghub.core.events import Envelope
from tools.event_schemas import FOLDER, VERSION, models, schema_of

MODELS = list(models())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_schema_on_file_is_that_of_the_model(model: type[BaseModel]) -> None:
    text = (FOLDER / f"{model.__name__}.{VERSION}.schema.json").read_text("utf-8")
    assert text == schema_of(model), "run python -m tools.event_schemas"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_sample_fits_envelope_and_schema(model: type[BaseModel]) -> None:
    sample = json.loads((FOLDER / f"{model.__name__}.{VERSION}.json").read_text("utf-8"))
    event = Envelope.from_dict(sample)
    assert (event.event_type, event.version) == (model.__name__, VERSION)
    jsonschema_rs.validate(json.loads(schema_of(model)), sample["data"], validate_formats=True)


def test_no_schema_or_sample_is_left_over() -> None:
    names = {path.name.removesuffix(".json").removesuffix(".schema") for path in FOLDER.iterdir()}
    assert names == {f"{model.__name__}.{VERSION}" for model in MODELS}
