"""What people send about feature flags (REQ-008 8.2.3, CFG-09), and the engine's document that is meant."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.settings.flags import model
from enghub.settings.flags.errors import FlagRefused
from enghub.settings.flags.model import Environment, FeatureFlag, FlagSegment, FlagSet, FlagType
from enghub.settings.flags.service import MAX_SWITCHED, Edit, Switch, new_salt
from enghub_flags.model import Flag, Operator, ValueType
from enghub_flags.reading import flag_to

BASE = "/api/v1/feature-flags"
CONTRADICTS = Text(
    "the target rules make it {actual}: leave flagType out, or change them",
    "目标规则使其成为 {actual} 类型，请省略 flagType 或修改规则",
)
Version = Annotated[wire.Count, Field(ge=1)]
Name = Annotated[
    str,
    wire.form(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        Text("letters, digits, dot, dash and underscore", "仅限字母、数字、点、短横线和下划线"),
        max_length=64,
    ),
]
Subject = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(wire.printable)]
Some = Annotated[tuple[Subject, ...], Field(max_length=1000)]
Percentage = Annotated[Decimal, Field(ge=0, le=100, allow_inf_nan=False)]
Scalar = wire.Flag | Annotated[int, Field(strict=True)] | Decimal | Annotated[str, Field(max_length=1000)]
Weights = Annotated[dict[Name, Annotated[wire.Count, Field(le=1_000_000)]], Field(max_length=50)]
Reason = Annotated[str, Field(max_length=1000)]


class VariantPart(wire.Request):
    """One possible value."""

    name: Name
    value: Any


class ClausePart(wire.Request):
    """One condition on an attribute of the context."""

    attribute: Annotated[str, Field(max_length=100)] = ""
    operator: Operator
    values: Annotated[tuple[Scalar, ...], Field(max_length=1000)] = ()

    def document(self) -> dict[str, Any]:
        """Return the engine's form."""
        return {"attribute": self.attribute, "operator": self.operator.value, "values": list(self.values)}


class ServePart(wire.Request):
    """What is served: one variant or several by weights, to all or to a percentage."""

    variant: Name | None = None
    percentage: Percentage | None = None
    bucket_by: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    weights: Weights | None = None

    def document(self, otherwise: str) -> dict[str, Any]:
        """Return the engine's form; ``otherwise`` is the variant where none is named."""
        found: dict[str, Any] = {"weights": self.weights} if self.weights else {"variant": self.variant or otherwise}
        if self.percentage is not None:
            found["percentage"] = self.percentage
        return {**found, "bucketBy": self.bucket_by} if self.bucket_by else found


class RulePart(ServePart):
    """All clauses must hold."""

    rule_id: Name | None = None
    clauses: Annotated[tuple[ClausePart, ...], Field(max_length=20)] = ()


class TargetRules(ServePart):
    """Who gets it (REQ-008 8.2.3): tenants and users by name, rules, a percentage of the others.

    Where only some are named, the others get the value of who is not in.
    """

    tenants: Some = ()
    users: Some = ()
    rules: Annotated[tuple[RulePart, ...], Field(max_length=50)] = ()

    def parts(self, on: str, off: str) -> dict[str, Any]:
        """Return the engine's targets, rules and fallthrough; ``on`` is served to who is in."""
        named = bool(self.tenants or self.users)
        is_open = self.percentage is not None or self.weights is not None or self.variant is not None
        targets = [{"variant": self.variant or on, "users": list(self.users), "tenants": list(self.tenants)}]
        return {
            "targets": targets if named else [],
            "rules": [
                {
                    "ruleId": rule.rule_id or f"rule-{place + 1}",
                    "clauses": [clause.document() for clause in rule.clauses],
                    "serve": rule.document(on),
                }
                for place, rule in enumerate(self.rules)
            ],
            "fallthrough": self.document(on) if is_open or not (named or self.rules) else {"variant": off},
        }


class PrerequisitePart(wire.Request):
    """Another flag that must answer one of these variants first."""

    flag: Annotated[str, Field(min_length=1, max_length=100)]
    variants: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)]


class FlagParts(wire.Patch):
    """What both, creating and changing, may say."""

    flag_name: wire.ShortText | None = None
    description: wire.LongText | None = None
    flag_type: FlagType | None = None
    is_enabled: wire.Flag | None = None
    default_value: Annotated[str, Field(max_length=255)] | None = None
    """The variant, or the text of its value, for who is not in and while the flag is off."""
    target_rules: TargetRules | None = None
    variants: Annotated[tuple[VariantPart, ...], Field(min_length=1, max_length=50)] | None = None
    prerequisites: Annotated[tuple[PrerequisitePart, ...], Field(max_length=10)] | None = None
    owner_id: Annotated[str, Field(max_length=128)] | None = None
    change_reason: Reason = ""
    break_glass: wire.Flag = False
    """Make the change before its approval, where a rule of approval speaks of it; takes a reason."""

    def edited(self, document: Mapping[str, Any]) -> Flag:
        """Return the flag that ``document`` becomes.

        Raises:
            FlagRefused
        """
        made = dict(document)
        if self.variants is not None:
            made["variants"] = [{"name": one.name, "value": one.value} for one in self.variants]
        if self.default_value is not None or self.variants is not None:
            made["offVariant"] = _off(made["variants"], self.default_value, made.get("offVariant"))
        if self.is_enabled is not None:
            made["isEnabled"] = self.is_enabled
        if self.prerequisites is not None:
            made["prerequisites"] = [{"flag": one.flag, "variants": list(one.variants)} for one in self.prerequisites]
        off = made["offVariant"]
        on = next((one["name"] for one in made["variants"] if one["name"] != off), off)
        if self.target_rules is not None:
            made |= self.target_rules.parts(on, off)
        elif self.flag_type is FlagType.BOOLEAN or "fallthrough" not in made:
            made |= {"targets": [], "rules": [], "fallthrough": {"variant": on}}
        flag = model.checked_flag(made)
        if self.flag_type is not None and self.flag_type is not model.type_of(flag):
            fits = self.flag_type is FlagType.TARGETING and not flag.prerequisites
            if not fits:
                raise FlagRefused(field="flagType", problem=CONTRADICTS.filled(actual=model.type_of(flag).value))
        return flag


class CreateFlagRequest(FlagParts):
    """A new flag, switched off unless said otherwise; a boolean one unless variants are given."""

    flag_key: Annotated[str, Field(max_length=255)]
    environment: Environment = Environment.PROD
    value_type: ValueType = ValueType.BOOLEAN
    salt: Name | None = None
    """Given on purpose, two flags with one salt have one cohort."""

    def flag(self, at: FlagSet) -> FeatureFlag:
        """Return the flag that is meant.

        Raises:
            FlagRefused
        """
        variants = [{"name": "on", "value": True}, {"name": "off", "value": False}]
        document = {
            "key": self.flag_key,
            "valueType": self.value_type.value,
            "variants": variants,
            "offVariant": "off",
            "isEnabled": False,
            "salt": self.salt or new_salt(),
        }
        return FeatureFlag(
            at=at,
            flag_key=self.flag_key,
            flag_name=self.flag_name or self.flag_key,
            description=self.description or "",
            owner_id=self.owner_id or "",
            definition=model.definition_of(self.edited(document)),
        )


class UpdateFlagRequest(FlagParts):
    """A change: what is left out stays as it is (REQ-008 8.2.3)."""

    version: Version | None = None

    @property
    def edit(self) -> Edit:
        """Return what becomes of a flag."""

        def edited(flag: FeatureFlag) -> FeatureFlag:
            return replace(
                flag,
                flag_name=self.flag_name or flag.flag_name,
                description=flag.description if self.description is None else self.description,
                owner_id=flag.owner_id if self.owner_id is None else self.owner_id,
                definition=model.definition_of(self.edited(flag_to(flag.flag))),
            )

        return edited


class SwitchPart(wire.Request):
    """One flag of a batch."""

    flag_key: Annotated[str, Field(min_length=1, max_length=100)]
    is_enabled: wire.Flag
    version: Version | None = None


class SwitchRequest(wire.Request):
    """Flags to switch, all or none."""

    flags: Annotated[tuple[SwitchPart, ...], Field(min_length=1, max_length=MAX_SWITCHED)]
    change_reason: Reason = ""
    break_glass: wire.Flag = False

    def switches(self) -> Sequence[Switch]:
        """Return what is wanted; the last word about a flag counts."""
        return list({one.flag_key: Switch(one.flag_key, one.is_enabled, one.version) for one in self.flags}.values())


class RollbackRequest(wire.Request):
    """The version to bring back."""

    to_version: Version
    version: Version | None = None
    change_reason: Reason = ""
    break_glass: wire.Flag = False


class SegmentRequest(wire.Request):
    """People described once, for rules of several flags."""

    description: wire.LongText = ""
    included: Some = ()
    excluded: Some = ()
    rules: Annotated[tuple[Annotated[tuple[ClausePart, ...], Field(max_length=20)], ...], Field(max_length=20)] = ()
    version: Version | None = None
    change_reason: Reason = ""
    break_glass: wire.Flag = False

    def segment(self, at: FlagSet, segment_key: str) -> FlagSegment:
        """Return the segment that is meant.

        Raises:
            FlagRefused
        """
        document = {
            "key": segment_key,
            "included": self.included,
            "excluded": self.excluded,
            "rules": [[clause.document() for clause in rule] for rule in self.rules],
        }
        return FlagSegment(at, segment_key, self.description, model.segment_definition(model.checked_segment(document)))


def _off(variants: list[dict[str, Any]], wanted: str | None, before: str | None) -> str:
    """Return the variant for who is not in: by its name, or by the text of its value."""
    names = {one["name"]: one["name"] for one in variants}
    values = {_text(one["value"]): one["name"] for one in reversed(variants)}
    found = (names | values).get(before or "", variants[-1]["name"]) if wanted is None else (values | names).get(wanted)
    if found is None:
        problem = Text("name one of the variants, or a value of theirs", "须为某个变体的名称或其值")
        raise FlagRefused(field="defaultValue", problem=problem)
    return str(found)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
