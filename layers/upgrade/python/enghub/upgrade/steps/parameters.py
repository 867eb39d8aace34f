"""Reads step parameters with pydantic and says what is wrong by the parameter's own path."""

from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from enghub.core.i18n import Filled, Text
from enghub.upgrade.problems import Problem, read_from

NOTED = "site_specific"
PATHS = Text("must be a list of paths", "须为路径列表")
TABLES = Text("must be a list of tables", "须为表名列表")
_TWICE = Text("{name} stands twice", "{name} 重复")
_SHELL = Text(
    "shell scripts are not run: give their work to the site's own hooks, or to a step class of a plug-in",
    "不运行 shell 脚本：请改用局点自己的钩子，或插件中的步骤类",
)
_MEANT = Text(
    "the step takes no such parameter, did you mean {likely}? (a note of your own begins with x_)",
    "该步骤没有此参数，是否指 {likely}？（自用备注请以 x_ 开头）",
)
_TAKES = Text(
    "the step takes no such parameter, it takes {takes} (a note of your own begins with x_)",
    "该步骤没有此参数，可用参数为 {takes}（自用备注请以 x_ 开头）",
)
_TAKES_NONE = Text(
    "the step takes no such parameter, it takes none (a note of your own begins with x_)",
    "该步骤没有此参数，它不接受任何参数（自用备注请以 x_ 开头）",
)
M = TypeVar("M", bound=BaseModel)


def read_list(parameters: Mapping[str, Any], name: str, model: type[M]) -> tuple[M, ...]:
    """Return the models under `name`; none when it is absent.

    Raises:
        ValidationError: an element does not fit.
    """
    return _adapter(model).validate_python(parameters.get(name) or ())


def problems(parameters: Mapping[str, Any], name: str, model: type[BaseModel]) -> tuple[Problem, ...]:
    """Return what is wrong with the list under `name`."""
    return _problems(lambda: read_list(parameters, name, model), name)


def read_one(parameters: Mapping[str, Any], name: str, model: type[M]) -> M:
    """Return the model under `name`; an absent one is read as an empty object.

    Raises:
        ValidationError: it does not fit.
    """
    return model.model_validate(parameters.get(name) or {})


def problems_of_one(parameters: Mapping[str, Any], name: str, model: type[BaseModel]) -> tuple[Problem, ...]:
    """Return what is wrong with the object under `name`."""
    return _problems(lambda: read_one(parameters, name, model), name)


def _problems(reading: Callable[[], object], name: str) -> tuple[Problem, ...]:
    try:
        reading()
    except ValidationError as error:
        return read_from(error, name)
    return ()


def repeated(names: Sequence[str], what: str) -> tuple[Problem, ...]:
    """Return a problem for every name that stands twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    return tuple(Problem(what, _TWICE.filled(name=name)) for name in twice)


def unknown(parameters: Mapping[str, Any], takes: Collection[str] | None) -> tuple[Problem, ...]:
    """Return a problem for every parameter that a step does not take.

    Names that begin with `x_` are notes of the team; `site_specific` stands in the source document's own example
    (section 15.2) and says what `is_common` says.
    """
    if takes is None:
        return ()
    strange = [name for name in parameters if name not in takes and name != NOTED and not name.startswith("x_")]
    return tuple(Problem(name, _instead(name, takes)) for name in strange)


def _instead(name: str, takes: Collection[str]) -> Text | Filled:
    if "shell" in name.lower():
        return _SHELL
    if likely := get_close_matches(name, takes, 1):
        return _MEANT.filled(likely=likely[0])
    return _TAKES.filled(takes=", ".join(sorted(takes))) if takes else _TAKES_NONE


def texts(parameters: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of texts; none when absent or of another form."""
    value = parameters.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()


@cache
def _adapter(model: type[M]) -> TypeAdapter[tuple[M, ...]]:
    return TypeAdapter(tuple[model, ...])  # type: ignore[valid-type]
