"""Reads step parameters with pydantic and says what is wrong by the parameter's own path."""

from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

NOTED = "site_specific"
M = TypeVar("M", bound=BaseModel)


def read_list(parameters: Mapping[str, Any], name: str, model: type[M]) -> tuple[M, ...]:
    """Return the models under `name`; none when it is absent.

    Raises:
        ValidationError: an element does not fit.
    """
    return _adapter(model).validate_python(parameters.get(name) or ())


def problems(parameters: Mapping[str, Any], name: str, model: type[BaseModel]) -> tuple[str, ...]:
    """Return what is wrong with the list under `name`, each text beginning with the element's path."""
    return _problems(lambda: read_list(parameters, name, model), name)


def read_one(parameters: Mapping[str, Any], name: str, model: type[M]) -> M:
    """Return the model under `name`; an absent one is read as an empty object.

    Raises:
        ValidationError: it does not fit.
    """
    return model.model_validate(parameters.get(name) or {})


def problems_of_one(parameters: Mapping[str, Any], name: str, model: type[BaseModel]) -> tuple[str, ...]:
    """Return what is wrong with the object under `name`, each text beginning with the field's path."""
    return _problems(lambda: read_one(parameters, name, model), name)


def _problems(reading: Callable[[], object], name: str) -> tuple[str, ...]:
    try:
        reading()
    except ValidationError as error:
        return tuple(
            f"{'.'.join([name, *map(str, found['loc'])])}: {found['msg']}" for found in error.errors(include_url=False)
        )
    return ()


def repeated(names: Sequence[str], what: str) -> tuple[str, ...]:
    """Return a problem for every name that stands twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    return tuple(f"{what}: {name} stands twice" for name in twice)


def unknown(parameters: Mapping[str, Any], takes: Collection[str] | None) -> tuple[str, ...]:
    """Return a problem for every parameter that a step does not take.

    Names that begin with `x_` are notes of the team; `site_specific` stands in the source document's own example
    (section 15.2) and says what `is_common` says.
    """
    if takes is None:
        return ()
    strange = [name for name in parameters if name not in takes and name != NOTED and not name.startswith("x_")]
    return tuple(f"{name}: {_instead(name, takes)}" for name in strange)


def _instead(name: str, takes: Collection[str]) -> str:
    if "shell" in name.lower():
        return "shell scripts are not run: give their work to the site's own hooks, or to a step class of a plug-in"
    likely = get_close_matches(name, takes, 1)
    meant = f"did you mean {likely[0]}?" if likely else f"it takes {', '.join(sorted(takes)) or 'none'}"
    return f"the step takes no such parameter, {meant} (a note of your own begins with x_)"


def texts(parameters: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of texts; none when absent or of another form."""
    value = parameters.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()


@cache
def _adapter(model: type[M]) -> TypeAdapter[tuple[M, ...]]:
    return TypeAdapter(tuple[model, ...])  # type: ignore[valid-type]
