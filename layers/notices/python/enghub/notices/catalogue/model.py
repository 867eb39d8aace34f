"""The types of notices: what facts each brings, a sample of them, the texts it is told with. Reads its own file only.

``types.json`` beside this module is the data. A type that is not in it is told with the texts of ``*``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ANY = "*"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a type."""

    name: str
    kind: str
    """string, number, boolean, object or array."""
    is_required: bool
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Texts:
    """What is told, by language; each is a template. ``both`` of a subject is for who may read either."""

    subject: Mapping[str, str]
    body: Mapping[str, str]
    html: Mapping[str, str] | None = None

    def parts(self) -> dict[str, str]:
        """Return every template by its place: ``subject.en``, ``body.zh``."""
        named = {"subject": self.subject, "body": self.body, "html": self.html or {}}
        return {f"{part}.{language}": text for part, texts in named.items() for language, text in texts.items()}


@dataclass(frozen=True, slots=True)
class NoticeType:
    """One type."""

    name: str
    title: Mapping[str, str]
    facts: tuple[Fact, ...]
    sample: Mapping[str, Any]
    texts: Texts

    def given(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts for a template: an optional one that is missing is None."""
        return {**{fact.name: None for fact in self.facts}, **facts}

    def samples(self) -> tuple[dict[str, Any], ...]:
        """Return what templates are tried with: everything, and only what is always there."""
        required = {fact.name for fact in self.facts if fact.is_required}
        least = {name: value for name, value in self.sample.items() if name in required}
        return self.given(self.sample), self.given(least)


@cache
def notice_types() -> Mapping[str, NoticeType]:
    """Return every type by name, ``*`` among them."""
    families = json.loads(Path(__file__).with_name("types.json").read_text("utf-8"))
    return {name: _type(name, family) for family in families for name in family["types"]}


def notice_type(name: str) -> NoticeType:
    """Return the type called so, or ``*`` with that name."""
    found = notice_types()
    if name in found:
        return found[name]
    anything = found[ANY]
    return NoticeType(name, anything.title, anything.facts, anything.sample, anything.texts)


def _type(name: str, family: Mapping[str, Any]) -> NoticeType:
    facts = tuple(
        Fact(fact, about["type"], about.get("required", False), about["en"], about["zh"])
        for fact, about in family["facts"].items()
    )
    texts = Texts(family["subject"], _joined(family["body"]), _joined(family["html"]) if "html" in family else None)
    return NoticeType(name, family["title"], facts, family["sample"], texts)


def _joined(lines: Mapping[str, list[str]]) -> dict[str, str]:
    return {language: "\n".join(texts) for language, texts in lines.items()}
