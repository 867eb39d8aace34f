"""Reads a user's interface, also as it would be with values that are thought of (CFG-16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enghub.settings.configs.model import Owner
from enghub.settings.configs.reading import ConfigReader
from enghub.settings.interface import model
from enghub.settings.interface.model import Interface, Problem
from enghub.settings.templates import texts
from enghub.settings.templates.blueprints import text_of


@dataclass(frozen=True, slots=True)
class InterfaceReader:
    """Reads interfaces; one call to the store."""

    configs: ConfigReader

    def of(self, caller: Owner, at: datetime) -> Interface:
        """Return what a caller's interface looks like."""
        return self.preview(caller, {}, "", at)

    def preview(self, caller: Owner, values: Mapping[str, Any], layer: str, at: datetime) -> Interface:
        """Return it as it would be with values of a layer; what cannot be used is named, nothing is stored."""
        found = self.configs.effective_of(caller, list(model.items()), at)
        tried, unknown = {}, []
        for key, value in values.items():
            if key not in model.items():
                unknown.append(Problem(key[:300], texts.NO_ITEM))
            elif value is None:
                unknown.append(Problem(key, texts.NO_NULL))
            elif layer == "user" and not _may(found, key):
                unknown.append(Problem(key, texts.NO_OVERRIDE))
            else:
                tried[key] = text_of(value, key)
        made = model.of(found, tried, layer)
        return Interface(made.texts, made.sources, made.overridable, (*unknown, *made.problems))


def _may(found: Mapping[str, Any], key: str) -> bool:
    return model.may_override(found[key]) if key in found else model.items()[key].is_overridable
