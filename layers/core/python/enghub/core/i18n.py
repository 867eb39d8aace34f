"""Texts a user reads, in English and Chinese, chosen by Accept-Language (RFC 9110 12.5.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Text:
    """One message in both languages; ``{name}`` places are filled by ``render``."""

    en: str
    zh: str

    def render(self, language: Language, **values: Any) -> str:
        """Return the message in ``language`` with its places filled; without values it is as it stands."""
        message = self.zh if language == "zh" else self.en
        return message.format_map(_Gaps(values)) if values else message

    def filled(self, **values: Any) -> "Filled":
        """Return the message with its values, to be rendered when the reader's language is known."""
        return Filled(self, values)


@dataclass(frozen=True, slots=True)
class Filled:
    """A message with its values, which may be messages themselves."""

    text: Text
    values: Mapping[str, Any]

    def render(self, language: Language) -> str:
        """Return the message in ``language``."""
        return self.text.render(language, **rendered(self.values, language))


def rendered(value: Any, language: Language) -> Any:
    """Return ``value`` with every message in it, however deep, in ``language``."""
    if isinstance(value, Text | Filled):
        return value.render(language)
    if isinstance(value, Mapping):
        return {name: rendered(inner, language) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rendered(inner, language) for inner in value]
    return value


class _Gaps(dict[str, Any]):
    """A message with a missing value still reaches its reader."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def negotiate(accept_language: str | None) -> Language:
    """Return the supported language the header prefers; English when it names none."""
    best: tuple[float, Language] = (0.0, "en")
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.split("-")[0].lower()
        try:
            quality = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        if language in {"en", "zh"} and quality > best[0]:
            best = (quality, "zh" if language == "zh" else "en")
    return best[1]
