"""What a user's interface looks like: theme, layout, menus, languages, each from the nearest layer (CFG-16). Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core.errors import EngHubError
from enghub.core.events import dumps
from enghub.core.i18n import Filled, Text
from enghub.core.strictjson import parse_json
from enghub.settings.configs import rules, values
from enghub.settings.configs.model import ConfigType, Effective
from enghub.settings.interface import css
from enghub.settings.templates import builtin
from enghub.settings.templates.blueprints import Blueprint

PLATFORM = "platform"
"""The layer of what nobody has set: the built-in template's default."""
LANGUAGES, DEFAULT = "languages.available", "languages.default"
NOT_OFFERED = Text("the language is none of languages.available", "该语言不在 languages.available 中")


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that cannot be used; the platform's counts instead."""

    config_key: str
    said: Text | Filled


@dataclass(frozen=True, slots=True)
class Interface:
    """The values that count, by key, and whose they are."""

    texts: Mapping[str, str]
    sources: Mapping[str, str]
    overridable: Mapping[str, bool]
    """Whether the user may have an own value."""
    problems: tuple[Problem, ...] = ()

    def value(self, config_key: str) -> Any:
        """Return a value as JSON has it."""
        one = items()[config_key]
        text = self.texts[config_key]
        return text if one.type is ConfigType.STRING else parse_json(text)

    @property
    def sheet(self) -> str:
        """The style sheet."""
        return css.sheet(self.texts)

    @property
    def etag(self) -> str:
        """The entity tag of all that it says."""
        said = [dict(self.texts), dict(self.sources), dict(self.overridable), [one.config_key for one in self.problems]]
        return f'"{hashlib.sha256(dumps(said).encode()).hexdigest()[:32]}"'


def items() -> Mapping[str, Blueprint]:
    """Return what an interface consists of: the items of the built-in template's latest version."""
    return builtin.versions()["ui"][-1].items


def of(found: Mapping[str, Effective], tried: Mapping[str, str], layer: str) -> Interface:
    """Return the interface of what is in force, with values that are ``tried`` in a layer.

    A value that cannot be used, whoever set it, gives way to the platform's and is named.
    """
    texts, sources, overridable = {}, {}, {}
    problems = []
    for key, one in items().items():
        assert one.default is not None  # noqa: S101 - the built-in template has a default for everything
        near = found.get(key)
        text, source = (one.default, PLATFORM) if near is None else (near.value, near.config.address.owner.layer.value)
        overridable[key] = one.is_overridable if near is None else may_override(near)
        if key in tried:
            text, source = tried[key], layer
        wrong = problem_of(one, text)
        if wrong is not None:
            problems.append(Problem(key, wrong))
            text, source = one.default, PLATFORM
        texts[key], sources[key] = text, source
    offered = parse_json(texts[LANGUAGES])
    if texts[DEFAULT] not in offered:
        problems.append(Problem(DEFAULT, NOT_OFFERED))
        texts[DEFAULT], sources[DEFAULT] = offered[0], sources[LANGUAGES]
    return Interface(texts, sources, overridable, tuple(problems))


def may_override(found: Effective) -> bool:
    """Tell whether the user may have an own value: no layer behind says no."""
    above = [one for one in found.layers if one.address.owner.layer.value != "user"]
    return all(one.content.is_overridable for one in above)


def problem_of(one: Blueprint, text: str) -> Text | Filled | None:
    """Return why a value cannot be used: of another type, against the rule, no CSS; None where it can."""
    try:
        rules.satisfy(one.rule, text, values.parse(text, one.type))
    except EngHubError as error:
        return error.text.filled(**error.details)
    return css.problem_of(one.config_key, text)
