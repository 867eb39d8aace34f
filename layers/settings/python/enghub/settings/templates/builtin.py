"""Templates that come with the product: the source document's (REQ-008 annex B), and what the product's own parts need.

``content/schema.json`` says the form of the files, ``<id>-<version>.json`` is one version; a version never changes.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from enghub.core.strictjson import write_json
from enghub.settings.templates.model import BUILT_IN, Template, TemplateVersion, order


@cache
def versions() -> dict[str, Sequence[TemplateVersion]]:
    """Return every version by template, the oldest first."""
    found: dict[str, list[TemplateVersion]] = {}
    for path in sorted((Path(__file__).parent / "content").glob("*-*.json")):
        one = version_of(json.loads(path.read_text("utf-8")))
        found.setdefault(one.template_id, []).append(one)
    return {name: _in_order(each) for name, each in found.items()}


def template(template_id: str) -> Template | None:
    """Return a built-in template."""
    if template_id not in versions():
        return None
    latest = versions()[template_id][-1]
    return Template(BUILT_IN, template_id, latest.name, latest.category, latest.version)


def version_of(said: dict[str, Any]) -> TemplateVersion:
    """Return the version that a file says."""
    return TemplateVersion(
        BUILT_IN,
        said["templateId"],
        said["version"],
        said["templateName"],
        said["templateCategory"],
        write_json(said["templateSchema"]),
        write_json(said["defaultValues"]),
        write_json(said.get("validationRules", {})),
        said["description"],
    )


def _in_order(found: list[TemplateVersion]) -> Sequence[TemplateVersion]:
    made: list[TemplateVersion] = []
    for one in sorted(found, key=lambda each: order(each.version)):
        earlier = [key for each in made for key in each.items]
        made.append(replace(one, retired=tuple(key for key in dict.fromkeys(earlier) if key not in one.items)))
    return made
