"""Items of configuration as rows of texts, and back: what is written reads as the same content (CFG-14). Pure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from enghub.core import problems
from enghub.core.clock import to_text
from enghub.core.errors import EngHubError
from enghub.core.i18n import Filled, Text
from enghub.core.lazy import lazy
from enghub.core.strictjson import parse_json, write_json
from enghub.kit.sheets.model import Cell, Row
from enghub.settings.configs.errors import ConfigFieldRefused
from enghub.settings.configs.model import Config
from enghub.settings.transfers import texts

if TYPE_CHECKING:
    from enghub.settings.configs import requests
else:
    requests = lazy("enghub.settings.configs.requests")

KEY, VALUE = "configKey", "configValue"
COLUMNS = (
    *(KEY, VALUE, "configType", "scope", "category", "tags", "description", "validationRule"),
    *("effectiveMode", "effectiveTime", "expireTime", "timeZone", "isActive", "version", "isEncrypted"),
    *("templateId", "templateVersion", "isOverridable"),
)
"""What a file holds of each item; ``tags`` and ``validationRule`` as JSON, ``version`` the one that was exported."""
_TEXTS = frozenset({KEY, VALUE, "category", "description", "timeZone", "templateId", "templateVersion"})
"""Columns in which an empty cell is an empty text; in the others it says nothing."""
_NULLABLE = frozenset({"effectiveTime", "expireTime", "validationRule"})
_BOOLEANS: Mapping[str, bool] = {"true": True, "false": False}


def row_of(config: Config, *, sealed: bool = False) -> list[str | None]:
    """Return one item as the texts of its row; a secret is its mask, which an import takes for "as it is", or with
    ``sealed`` its sealed form."""
    content = config.content
    value = content.value if sealed else content.shown
    return [
        *(config.address.config_key, value, content.type, content.scope, content.category),
        write_json(list(content.tags)),
        content.description,
        None if content.rule is None else write_json(content.rule),
        content.mode,
        None if content.effective_at is None else to_text(content.effective_at),
        None if content.expire_at is None else to_text(content.expire_at),
        content.zone,
        "true" if content.is_active else "false",
        str(config.version),
        "true" if content.is_encrypted else "false",
        *(content.template_id, content.template_version),
        "true" if content.is_overridable else "false",
    ]


class CellRefused(Exception):
    """A cell does not say what its column is for; ``problem`` tells why, ``place`` where."""

    def __init__(self, field: str, place: str, problem: Text | Filled, suggestion: Any = None) -> None:
        super().__init__(field)
        self.field, self.place, self.problem, self.suggestion = field, place, problem, suggestion

    def error(self) -> EngHubError:
        """Return it as an error of the API."""
        return ConfigFieldRefused(field=self.field, problem=self.problem, suggestion=self.suggestion)


def read_row(row: Row) -> "requests.ImportedRow":
    """Return what a row says; columns that it does not have say nothing.

    Raises:
        CellRefused: a column is unknown, or a cell cannot be read.
    """
    said: dict[str, Any] = {}
    for name, cell in row.cells.items():
        _check(name, cell)
        if cell.text or name in _TEXTS:
            said[name] = _read(name, cell)
        elif cell.text is None and name in _NULLABLE:
            said[name] = None
    for name in (KEY, VALUE):
        if name not in said:
            raise CellRefused(name, row.place, texts.EMPTY)
    try:
        return requests.ImportedRow.model_validate(said)
    except ValidationError as error:
        raise _refused(error.errors(), row) from error


def _check(name: str, cell: Cell) -> None:
    if name not in COLUMNS:
        raise CellRefused(name, cell.place, texts.UNKNOWN_COLUMN.filled(columns=", ".join(COLUMNS)))
    if cell.problem is not None:
        raise CellRefused(name, cell.place, cell.problem)
    if cell.text is None and name in {KEY, VALUE}:
        raise CellRefused(name, cell.place, texts.EMPTY)


def _read(name: str, cell: Cell) -> Any:
    text = cell.text or ""
    try:
        match name:
            case "tags":
                return _tags(text)
            case "validationRule":
                return parse_json(text)
            case "isActive" | "isEncrypted" | "isOverridable":
                return _BOOLEANS.get(text.lower(), text)
            case "version":
                return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
            case "configType" | "scope" | "effectiveMode":
                return text.strip().upper()
    except (ValueError, ArithmeticError) as error:
        raise CellRefused(name, cell.place, texts.NO_JSON) from error
    return text


def _tags(text: str) -> Any:
    """Return a list of JSON, or what stands between commas."""
    if text.lstrip().startswith("["):
        return parse_json(text)
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def _refused(found: Sequence[Any], row: Row) -> CellRefused:
    first = found[0]
    name = str(first["loc"][0]) if first["loc"] else KEY
    cell = row.cells.get(name)
    return CellRefused(name, cell.place if cell else row.place, problems.said(first))
