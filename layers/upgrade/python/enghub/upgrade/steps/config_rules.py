"""Configuration files as manifests declare them: filling placeholders, checking the format (UPG-15)."""

import io
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.core.wire import Unfit
from enghub.kit.files.store import NOT_OURS, is_own
from enghub.kit.work.errors import WorkFailed

if TYPE_CHECKING:
    import javaproperties
    from defusedxml import ElementTree
    from ruamel import yaml
else:
    javaproperties = lazy("javaproperties")
    ElementTree = lazy("defusedxml.ElementTree")
    yaml = lazy("ruamel.yaml")

Format = Literal["properties", "xml", "json", "yaml", "text"]
FORMATS: dict[str, Format] = {
    ".properties": "properties",
    ".xml": "xml",
    ".json": "json",
    ".yml": "yaml",
    ".yaml": "yaml",
}
UNKNOWN = Text(
    "{file}: the placeholders {names} have no value. Nothing was changed",
    "{file}：占位符 {names} 没有取值，未做任何修改",
)
MALFORMED = Text(
    "{file} would not be well-formed {format}: {why}. Nothing was changed",
    "{file} 替换后不是有效的 {format}：{why}。未做任何修改",
)
_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
_MARKS = {"${": ("${", "}"), "@{": ("@{", "}"), "{{": ("{{", "}}")}


def _not_ours(path: str) -> str:
    if is_own(path):
        raise Unfit(NOT_OURS)
    return path


class ConfigFile(BaseModel):
    """A file of the site that gets new content.

    The content is a template: a script of the manifest's bundle (`template`, by default of the same path), or the
    site's present file (`in_place`). `${name}` is replaced by a value; `$${name}` stays as `${name}`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_not_ours)]
    template: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    in_place: bool = False
    format: Format | None = None
    """By default what the file's ending says; `text` is not checked."""
    values: dict[str, str | int | bool] = Field(default_factory=dict)
    secrets: dict[str, str] = Field(default_factory=dict)
    """Placeholder to key of the site's secret; the values are neither logged nor reported."""
    opening: Literal["${", "@{", "{{"] = "${"
    """What begins a placeholder: choose another for files whose own syntax uses `${`."""
    encoding: Literal["utf-8", "latin-1"] = "utf-8"

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        """`"application.properties"` is short for `{"path": "application.properties"}`."""
        return {"path": data} if isinstance(data, str) else data

    @property
    def kind(self) -> Format:
        """The format to check."""
        return self.format or FORMATS.get(PurePosixPath(self.path).suffix.lower(), "text")


def fill(file: ConfigFile, template: str, values: Mapping[str, str]) -> str:
    """Return the template with every placeholder replaced.

    Raises:
        WorkFailed: a placeholder has no value; all of them are named.
    """
    opening, closing = _MARKS[file.opening]
    pattern = re.compile(
        rf"{re.escape(opening[0])}(?P<escaped>{re.escape(opening)}{_NAME}{re.escape(closing)})"
        rf"|{re.escape(opening)}(?P<name>{_NAME}){re.escape(closing)}"
    )
    unknown: dict[str, None] = {}

    def replace(found: re.Match[str]) -> str:
        if found["escaped"] is not None:
            return found["escaped"]
        if found["name"] not in values:
            unknown[found["name"]] = None
            return ""
        return values[found["name"]]

    filled = pattern.sub(replace, template)
    if unknown:
        raise WorkFailed(UNKNOWN, file=file.path, names=", ".join(unknown))
    return filled


def check(file: ConfigFile, text: str) -> None:
    """Read the text as its format.

    Raises:
        WorkFailed: it is not well-formed, with the place; the text itself is not shown.
    """
    try:
        _CHECKS[file.kind](text)
    except ValueError as error:
        why = " ".join(str(error).split())[:300]
        raise WorkFailed(MALFORMED, file=file.path, format=file.kind, why=why) from error


def _check_properties(text: str) -> None:
    keys: set[str] = set()
    for element in javaproperties.parse(text):
        if isinstance(element, javaproperties.reading.KeyValue):
            if element.key in keys:
                message = f"key {element.key} stands twice"
                raise ValueError(message)
            keys.add(element.key)


def _check_xml(text: str) -> None:
    try:
        ElementTree.fromstring(text, forbid_dtd=False)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error


def _check_json(text: str) -> None:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in found]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            message = f"key {twice} stands twice"
            raise ValueError(message)
        return dict(found)

    json.loads(text, object_pairs_hook=pairs)


def _check_yaml(text: str) -> None:
    try:
        for _ in yaml.YAML(typ="safe", pure=True).load_all(io.StringIO(text)):
            pass
    except yaml.error.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark is not None else ""
        raise ValueError(place + str(getattr(error, "problem", error) or "not YAML")) from error


def _check_text(_: str) -> None:
    return


_CHECKS = {
    "properties": _check_properties,
    "xml": _check_xml,
    "json": _check_json,
    "yaml": _check_yaml,
    "text": _check_text,
}
