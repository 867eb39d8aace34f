"""What a template makes of each of its keys: type, rule, default, from its schema (CFG-13). Pure.

Two forms of a schema are read. The source document's (REQ-008 annex B): objects within objects whose ends say
``{"type": "number", "min": 6, "max": 20}``, each of them required unless it says ``"required": false``. And JSON Schema
(2020-12) of the same object. Groups join their names with dots: ``password.minLength``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enghub.core.errors import EngHubError
from enghub.core.strictjson import write_json
from enghub.settings.configs import model, rules, values
from enghub.settings.configs.model import ConfigType, Content
from enghub.settings.templates import texts
from enghub.settings.templates.errors import TemplateRefused

MAX_ITEMS = 200
SCHEMA, DEFAULTS, RULES = "templateSchema", "defaultValues", "validationRules"
_TYPES = {
    "string": ConfigType.STRING,
    "number": ConfigType.NUMBER,
    "integer": ConfigType.NUMBER,
    "boolean": ConfigType.BOOLEAN,
    "array": ConfigType.JSON,
    "object": ConfigType.JSON,
}
_SAYS = frozenset({"type", "title", "description", "default", "examples", "writeOnly", "x-overridable"})
_BOUNDS = {
    "number": frozenset({"minimum", "maximum", "enum"}),
    "integer": frozenset({"minimum", "maximum", "enum"}),
    "string": frozenset({"minLength", "maxLength", "pattern", "enum"}),
    "boolean": frozenset[str](),
}
_OF_GROUPS = frozenset({"$schema", "$id", "type", "title", "description", "properties", "required"})
_WHOLE = {"type": "pattern", "pattern": "^-?[0-9]+$"}


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One item of a template."""

    config_key: str
    type: ConfigType
    rule: Mapping[str, Any] | None = None
    default: str | None = None
    """The text of its default value; None where the tenant has to say one."""
    is_required: bool = True
    description: str = ""
    is_encrypted: bool = False
    is_overridable: bool = True

    def drawn(self, content: Content, value: str, category: str, template_id: str, version: str) -> Content:
        """Return a content as the template wants it, with that value; mode, times, scope and tags stay."""
        return Content(
            value=value,
            type=self.type,
            scope=content.scope,
            category=category,
            tags=content.tags,
            description=self.description,
            rule=self.rule,
            expire_at=content.expire_at,
            is_active=content.is_active,
            mode=content.mode,
            is_encrypted=self.is_encrypted,
            effective_at=content.effective_at,
            zone=content.zone,
            template_id=template_id,
            template_version=version,
            is_overridable=self.is_overridable,
        )


def blueprints(schema: Mapping[str, Any], defaults: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Blueprint]:
    """Return the items of a template by key, each checked with its default.

    Args:
        schema: in one of the two forms.
        defaults: values by key, as JSON.
        more: rules by key, beside what the schema says (``configs.rules``).

    Raises:
        TemplateRefused: with the place.
    """
    is_standard = schema.get("type") == "object" and isinstance(schema.get("properties"), Mapping)
    found: dict[str, Blueprint] = {}
    for key, leaf, required in _standard(schema, "") if is_standard else _documented(schema, ""):
        if len(found) == MAX_ITEMS:
            raise _refused(SCHEMA, texts.TOO_MANY.filled(most=MAX_ITEMS))
        found[key] = _blueprint(key, leaf, required, defaults.get(key, leaf.get("default")), more.get(key))
    for field, named in ((DEFAULTS, defaults), (RULES, more)):
        for key in named:
            if key not in found:
                raise _refused(f"{field}.{key[:300]}", texts.NO_ITEM)
    if not found:
        raise _refused(SCHEMA, texts.NO_GROUP)
    return found


def text_of(value: Any, field: str) -> str:
    """Return the text of a value of JSON, as an item keeps it.

    Raises:
        TemplateRefused: it is null.
    """
    if value is None:
        raise _refused(field, texts.NO_NULL)
    if isinstance(value, str):
        return value
    return write_json(value)


def _standard(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    field = f"{SCHEMA}.{path}".rstrip(".")
    for word in schema:
        if word not in _OF_GROUPS and not (word == "additionalProperties" and schema[word] is False):
            raise _refused(field, texts.UNKNOWN_WORD.filled(word=word[:100]))
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(name in schema["properties"] for name in map(str, required)):
        raise _refused(f"{field}.required", texts.NO_ITEM)
    for name, member in schema["properties"].items():
        if not isinstance(member, Mapping):
            raise _refused(f"{field}.{name[:300]}", texts.NO_GROUP)
        if isinstance(member.get("properties"), Mapping):
            yield from _standard(member, f"{path}{name}.")
        else:
            yield f"{path}{name}", member, name in required


def _documented(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    for name, member in schema.items():
        if not isinstance(member, Mapping):
            raise _refused(f"{SCHEMA}.{path}{name[:300]}", texts.NO_GROUP)
        if isinstance(member.get("type"), str):
            yield f"{path}{name}", _translated(member), member.get("required") is not False
        else:
            yield from _documented(member, f"{path}{name}.")


def _translated(leaf: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an end of the document's form as JSON Schema says it."""
    words = {"min": "minimum", "max": "maximum"}
    if leaf["type"] == "string":
        words = {"min": "minLength", "max": "maxLength"}
    return {
        words.get(word, word): said for word, said in leaf.items() if word != "required" or said not in (True, False)
    }


def _blueprint(key: str, leaf: Mapping[str, Any], required: bool, default: Any, more: Any) -> Blueprint:
    field = f"{SCHEMA}.{key[:300]}"
    kind = leaf.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise _refused(field, texts.NO_TYPE.filled(types=", ".join(_TYPES)))
    found = Blueprint(
        config_key=key,
        type=_TYPES[kind],
        rule=_rule(field, leaf, kind, more),
        default=None if default is None else text_of(default, field),
        is_required=required,
        description=str(leaf.get("description", leaf.get("title", "")))[:500],
        is_encrypted=leaf.get("writeOnly") is True,
        is_overridable=leaf.get("x-overridable") is not False,
    )
    if found.is_encrypted and found.default is not None:
        raise _refused(f"{DEFAULTS}.{key}", texts.NO_SECRET)
    _check(found)
    return found


def _check(found: Blueprint) -> None:
    """Refuse what the item itself would refuse, with the place in the template."""
    try:
        model.check_key(found.config_key)
        if found.rule is not None:
            rules.check_rule(found.rule, found.type)
        if found.default is not None:
            rules.satisfy(found.rule, found.default, values.parse(found.default, found.type))
    except EngHubError as error:
        field = RULES if error.details.get("field") == "validationRule" else SCHEMA
        told = {name: error.details[name] for name in ("suggestion", "actual_value") if name in error.details}
        problem = error.text.filled(**error.details)
        raise TemplateRefused(field=f"{field}.{found.config_key[:300]}", problem=problem, **told) from error


def _rule(field: str, leaf: Mapping[str, Any], kind: str, more: Any) -> Mapping[str, Any] | None:
    """Return the rule by which items hold what the schema says, and ``more``."""
    parts: list[Mapping[str, Any]] = []
    if _TYPES[kind] is ConfigType.JSON:
        parts.append({"type": "schema", "schema": {word: said for word, said in leaf.items() if word != "default"}})
    else:
        for word in leaf:
            if word not in _SAYS | _BOUNDS[kind]:
                raise _refused(field, texts.UNKNOWN_WORD.filled(word=word[:100]))
        parts.extend(_parts(leaf, kind))
    if isinstance(more, Mapping):
        parts.extend(more["rules"] if more.get("type") == "all" and isinstance(more.get("rules"), list) else [more])
    elif more is not None:
        raise _refused(field.replace(SCHEMA, RULES), texts.NO_GROUP)
    if len(parts) > 1:
        return {"type": "all", "rules": parts}
    return parts[0] if parts else None


def _parts(leaf: Mapping[str, Any], kind: str) -> Sequence[Mapping[str, Any]]:
    parts: list[Mapping[str, Any]] = []
    for rule, low, high in (("range", "minimum", "maximum"), ("length", "minLength", "maxLength")):
        bounds = {name: leaf[word] for name, word in (("min", low), ("max", high)) if word in leaf}
        if bounds:
            parts.append({"type": rule, **bounds})
    if kind == "integer":
        parts.append(_WHOLE)
    if "pattern" in leaf:
        parts.append({"type": "pattern", "pattern": leaf["pattern"]})
    if "enum" in leaf:
        allowed = leaf["enum"] if isinstance(leaf["enum"], list) else []
        parts.append({"type": "enum", "values": [one if isinstance(one, str) else write_json(one) for one in allowed]})
    return parts


def _refused(field: str, problem: Any) -> TemplateRefused:
    return TemplateRefused(field=field, problem=problem)
