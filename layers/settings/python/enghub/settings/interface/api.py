"""Requests and answers of /api/v1/settings/interface (CFG-16)."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer

from enghub.core import i18n, wire
from enghub.core.events import dumps
from enghub.settings.interface import css
from enghub.settings.interface.model import DEFAULT, LANGUAGES, Interface, items

BASE = "/api/v1/settings/interface"
AnyJson = Annotated[Any, PlainSerializer(lambda value: json.loads(dumps(value)))]


class PreviewRequest(wire.Request):
    """Values that are thought of, by key, in the tenant's layer or the caller's own."""

    values: Annotated[dict[str, Any], Field(max_length=50)]
    layer: Literal["tenant", "user"] = "tenant"


class InterfaceItem(wire.Response):
    """One value that counts."""

    config_key: str
    value: AnyJson
    layer: str
    """Whose it is: ``user``, ``tenant``, ``global``, or ``platform`` where nobody has set it."""
    css_property: str | None
    is_overridable: bool
    """Whether the user may have an own value (``PUT /api/v1/system-config/{configKey}?layer=user``)."""


class ProblemShown(wire.Response):
    """A value that cannot be used; the platform's counts instead."""

    config_key: str
    problem: str


class InterfaceResponse(wire.Response):
    """Theme, layout, menus and languages of the caller."""

    items: list[InterfaceItem]
    menu: AnyJson
    """The entries that are not hidden, in order."""
    languages: list[str]
    language: str
    problems: list[ProblemShown]

    @classmethod
    def of(cls, found: Interface, language: i18n.Language) -> "InterfaceResponse":
        """Return the answer for an interface."""
        return cls(**_facts(found, language))


class PreviewResponse(InterfaceResponse):
    """What it would look like; nothing is stored."""

    css: str

    @classmethod
    def of(cls, found: Interface, language: i18n.Language) -> "PreviewResponse":
        """Return the answer for an interface that is thought of."""
        return cls(**_facts(found, language), css=found.sheet)


def _facts(found: Interface, language: i18n.Language) -> dict[str, Any]:
    return {
        "items": [
            InterfaceItem(
                config_key=key,
                value=found.value(key),
                layer=found.sources[key],
                css_property=css.property_of(key) if key in css.PROPERTIES else None,
                is_overridable=found.overridable[key],
            )
            for key in items()
        ],
        "menu": [one for one in found.value("menu.items") if not one.get("hidden")],
        "languages": found.value(LANGUAGES),
        "language": found.texts[DEFAULT],
        "problems": [
            ProblemShown(config_key=one.config_key, problem=one.said.render(language)) for one in found.problems
        ],
    }
