"""A tenant's configuration from a template: made, upgraded by three-way merge, counted (CFG-13, CFG-20).

Which version an item follows is kept in the item, so that history, going back, backups and approvals have it too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.configs import model as configs
from enghub.settings.configs.errors import BatchRefused
from enghub.settings.configs.merge import merge
from enghub.settings.configs.model import Address, Config, ConfigType, Content, Owner
from enghub.settings.configs.service import ConfigService, Edited
from enghub.settings.templates import texts
from enghub.settings.templates.blueprints import Blueprint, text_of
from enghub.settings.templates.errors import TemplateIncomplete, TemplateNotFound, TemplateRefused, TemplateUnfit
from enghub.settings.templates.model import Completeness, Template, TemplateVersion, order
from enghub.settings.templates.service import TemplateService

COUNTED_AT_ONCE = 1_000
"""Required items after which a count of all templates goes on with the next request."""


class Outcome(StrEnum):
    """What becomes of one item."""

    CREATED = "CREATED"
    OVERWRITTEN = "OVERWRITTEN"
    UPGRADED = "UPGRADED"
    """It is as the new version has it."""
    MERGED = "MERGED"
    """It follows the new version, and what the tenant changed stayed (``kept``)."""
    KEPT = "KEPT"
    """It stays as it is: it was there before, or the tenant deleted it."""
    UNCHANGED = "UNCHANGED"
    RETIRED = "RETIRED"
    """The new version has it no more and the tenant never changed it: it answers no more."""


@dataclass(frozen=True, slots=True)
class Line:
    """One item: what it has and what it would have; ``version`` is the item's afterwards."""

    config_key: str
    outcome: Outcome
    before: Content | None = None
    after: Content | None = None
    kept: tuple[str, ...] = ()
    """Fields in which the tenant's own stayed, under the names of the API."""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants of a template in a layer."""

    owner: Owner
    template_id: str
    version: str | None = None
    values: Mapping[str, Any] | None = None
    """Values by key instead of the defaults."""
    overwrite: bool = False
    dry_run: bool = False
    reason: str = ""
    break_glass: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, or would be; ``missing``: required items without a value, of a dry run."""

    template: TemplateVersion
    lines: tuple[Line, ...]
    missing: tuple[str, ...] = ()
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class _Planned:
    line: Line
    edited: Edited | None = None


@dataclass(frozen=True, slots=True)
class Applying:
    """Makes, upgrades and counts configuration by templates."""

    templates: TemplateService
    configs: ConfigService

    def apply(self, wanted: Wanted, origin: Origin) -> Applied | ChangeRequest:
        """Create a layer's items from a template as one change set; what is there already stays, unless asked.

        Sent again it changes nothing.

        Raises:
            TemplateNotFound, TemplateUnfit, TemplateRefused: it is not there, not active; a value is of no item.
            TemplateIncomplete: required items would have no value.
            BatchRefused: items are refused; none was made.
        """
        found, said = self._of(wanted)
        kept = self._kept(wanted.owner, found.items)
        planned = [_made(found, wanted, one, said.get(key), kept.get(key)) for key, one in found.items.items()]
        known = [each for each in planned if each is not None]
        there = {each.line.config_key for each in known}
        missing = self._missing(
            wanted.owner, [key for key, one in found.items.items() if one.is_required and key not in there], origin.at
        )
        if missing and not wanted.dry_run:
            raise TemplateIncomplete(field="values", count=len(missing), missing=list(missing))
        return self._done(wanted, found, known, origin, missing)

    def upgrade(self, wanted: Wanted, origin: Origin) -> Applied | ChangeRequest:
        """Let the items that follow a template follow a newer version of it: what the tenant changed stays.

        Three ways are merged: the version an item follows, the new one, and the item. Items that are new in it are
        created, those that it has no more and nobody changed are switched off.

        Raises:
            TemplateUnfit: nothing follows the template, or something follows a newer version.
            TemplateNotFound, TemplateRefused, BatchRefused: see ``apply``.
        """
        found, said = self._of(wanted)
        kept = self._kept(wanted.owner, [*found.items, *found.retired])
        followed = {key: one.value for key, one in kept.items() if one.value.content.template_id == found.template_id}
        if not followed:
            raise TemplateUnfit(template_id=found.template_id, problem=texts.NOT_USED)
        bases = self._bases(wanted, found, followed)
        planned = [
            _upgraded(found, Address(wanted.owner, key), kept.get(key), bases.get(key), said.get(key))
            for key in dict.fromkeys([*found.items, *followed])
        ]
        return self._done(wanted, found, [each for each in planned if each is not None], origin)

    def completeness(self, owner: Owner, template: Template, version: str | None, at: datetime) -> Completeness:
        """Return how much of what a template requires an owner has in force, in whichever layer."""
        found = self.templates.version(template, version)
        required = [key for key, one in found.items.items() if one.is_required]
        asked = [Address(owner, key) for key in found.items]
        kept = self.configs.repository.load(asked)
        own = [kept[one].value for key in found.items if (one := Address(owner, key)) in kept]
        following = {
            one.content.template_version
            for one in own
            if one.content.template_id == found.template_id and not one.is_deleted
        }
        missing = self._missing(owner, required, at)
        return Completeness(
            found.template_id, found.version, len(required), missing, tuple(sorted(following, key=_known_order))
        )

    def counted(self, owner: Owner, after: str, at: datetime) -> tuple[list[Completeness], str | None]:
        """Return the completeness of active templates by id, from the first behind ``after`` on, and where to go on."""
        found: list[Completeness] = []
        looked = 0
        for template in self.templates.all(owner.tenant_id):
            if not template.is_active or template.template_id <= after:
                continue
            if looked >= COUNTED_AT_ONCE:
                return found, found[-1].template_id
            found.append(self.completeness(owner, template, None, at))
            looked += found[-1].required
        return found, None

    # --- inside ---

    def _of(self, wanted: Wanted) -> tuple[TemplateVersion, dict[str, str]]:
        template = self.templates.find(wanted.owner.tenant_id, wanted.template_id)
        if not template.is_active:
            raise TemplateUnfit(template_id=wanted.template_id, problem=texts.INACTIVE)
        found = self.templates.version(template, wanted.version)
        said = {}
        for key, value in (wanted.values or {}).items():
            if key not in found.items:
                raise TemplateRefused(field=f"values.{key[:300]}", problem=texts.NO_ITEM)
            said[key] = text_of(value, f"values.{key}")
        return found, said

    def _missing(self, owner: Owner, keys: Sequence[str], at: datetime) -> tuple[str, ...]:
        """Return which keys no layer that the owner sees has in force."""
        kept = self.configs.repository.load([Address(layer, key) for key in keys for layer in owner.chain])

        def layers(key: str) -> list[Config | None]:
            addresses = [Address(layer, key) for layer in owner.chain]
            return [kept[one].value if one in kept else None for one in addresses]

        return tuple(key for key in keys if configs.effective(layers(key), at) is None)

    def _kept(self, owner: Owner, keys: Sequence[str] | Mapping[str, Any]) -> dict[str, Kept[Config]]:
        found = self.configs.repository.load([Address(owner, key) for key in keys])
        return {address.config_key: kept for address, kept in found.items()}

    def _bases(
        self, wanted: Wanted, found: TemplateVersion, followed: Mapping[str, Config]
    ) -> dict[str, tuple[TemplateVersion, Blueprint]]:
        """Return what each item was made from: the version it follows, and what that said of it."""
        template = self.templates.find(wanted.owner.tenant_id, found.template_id)
        versions: dict[str, TemplateVersion] = {}
        bases = {}
        for key, config in followed.items():
            name = config.content.template_version
            if _known_order(name) > order(found.version):
                problem = texts.OLDER.filled(config_key=key, version=name)
                raise TemplateUnfit(template_id=found.template_id, problem=problem)
            if name not in versions:
                try:
                    versions[name] = found if name == found.version else self.templates.version(template, name)
                except TemplateNotFound:
                    continue
            if key in versions[name].items:
                bases[key] = versions[name], versions[name].items[key]
        return bases

    def _done(
        self,
        wanted: Wanted,
        found: TemplateVersion,
        planned: Sequence[_Planned],
        origin: Origin,
        missing: tuple[str, ...] = (),
    ) -> Applied | ChangeRequest:
        edits = [each.edited for each in planned if each.edited is not None]
        made: Mapping[str, Config] = {}
        needs_approval = False
        if edits and wanted.dry_run:
            refused, needs_approval = self.configs.refusals(edits, origin, wanted.reason)
            if refused:
                raise BatchRefused(refused=len(refused), total=len(edits), errors=refused)
        elif edits:
            answer = self.configs.change_all(edits, origin, wanted.reason, None, break_glass=wanted.break_glass)
            if isinstance(answer, ChangeRequest):
                return answer
            made = {config.address.config_key: config for config in answer}
        return Applied(found, tuple(_lines(planned, made)), missing, needs_approval)


def _known_order(version: str) -> tuple[int, ...]:
    try:
        return order(version)
    except ValueError:
        return ()


def _lines(planned: Sequence[_Planned], made: Mapping[str, Config]) -> Iterator[Line]:
    for each in planned:
        config, line = made.get(each.line.config_key), each.line
        if config is None:
            yield line
            continue
        others = line.outcome is Outcome.CREATED and not _follow(config.content, line.after)
        outcome = Outcome.KEPT if others else line.outcome
        yield replace(line, outcome=outcome, version=config.version, after=config.content)


def _follow(one: Content, other: Content | None) -> bool:
    both = (one.template_id, one.template_version)
    return other is not None and both == (other.template_id, other.template_version)


def _made(
    found: TemplateVersion, wanted: Wanted, one: Blueprint, said: str | None, kept: Kept[Config] | None
) -> _Planned | None:
    """Return what applying makes of one item; None where there is no value for it."""
    address = Address(wanted.owner, one.config_key)
    value = one.default if said is None else said
    if kept is None or kept.value.is_deleted:
        return _created(found, address, one, value)
    current = kept.value
    stays = Line(one.config_key, Outcome.KEPT, current.content, version=current.version)
    if value is None:
        return _Planned(stays)
    content = one.drawn(current.content, value, found.category, found.template_id, found.version)
    if _same(content, current.content, said):
        return _Planned(replace(stays, outcome=Outcome.UNCHANGED))
    if not wanted.overwrite:
        return _Planned(stays)
    edited = Edited(address, kept.revision, lambda _: content)
    return _Planned(Line(one.config_key, Outcome.OVERWRITTEN, current.content, content), edited)


def _created(found: TemplateVersion, address: Address, one: Blueprint, value: str | None) -> _Planned | None:
    if value is None:
        return None
    new = one.drawn(Content(""), value, found.category, found.template_id, found.version)
    # Created by somebody else meanwhile, it stays: the edit changes nothing.
    edited = Edited(address, None, lambda content: content, creates=new)
    return _Planned(Line(one.config_key, Outcome.CREATED, None, new), edited)


def _same(content: Content, current: Content, said: str | None) -> bool:
    """Tell whether an item is as it is wanted; whether a secret is, nobody is told."""
    if content.is_encrypted and said is not None:
        return False
    return content == current


def _upgraded(
    found: TemplateVersion,
    address: Address,
    kept: Kept[Config] | None,
    base: tuple[TemplateVersion, Blueprint] | None,
    said: str | None,
) -> _Planned | None:
    """Return what an upgrade makes of one item; None where there is nothing to make."""
    key = address.config_key
    one = found.items.get(key)
    if kept is None:
        return None if one is None else _created(found, address, one, one.default if said is None else said)
    current = kept.value
    follows = current.content.template_id == found.template_id
    if current.is_deleted or not follows:
        return _Planned(
            Line(key, Outcome.KEPT, None if current.is_deleted else current.content, version=current.version)
        )
    was = None if base is None else _drawn_before(current.content, *base, found.template_id)
    if one is None:
        is_own = was is None or was != current.content or (base is not None and base[1].default is None)
        outcome = Outcome.KEPT if is_own else Outcome.RETIRED
        content = replace(
            current.content, template_id="", template_version="", is_active=is_own and current.content.is_active
        )
    else:
        content, own = _merged(found, one, was, base, current.content)
        if said is not None:
            content, own = replace(content, value=said), tuple(name for name in own if name != "configValue")
        if content == current.content:
            return _Planned(Line(key, Outcome.UNCHANGED, current.content, version=current.version))
        edited = Edited(address, kept.revision, lambda _: content)
        outcome = Outcome.MERGED if own else Outcome.UPGRADED
        return _Planned(Line(key, outcome, current.content, content, own), edited)
    edited = Edited(address, kept.revision, lambda _: content)
    return _Planned(Line(key, outcome, current.content, content), edited)


def _drawn_before(current: Content, version: TemplateVersion, one: Blueprint, template_id: str) -> Content:
    """Return the item as the version that it follows made it; where that had no value, with the one there is."""
    value = current.value if one.default is None or current.is_encrypted else one.default
    return one.drawn(current, value, version.category, template_id, version.version)


def _merged(
    found: TemplateVersion,
    one: Blueprint,
    was: Content | None,
    base: tuple[TemplateVersion, Blueprint] | None,
    current: Content,
) -> tuple[Content, tuple[str, ...]]:
    """Return the item as both the new version and the tenant want it, and in what the tenant's own stayed."""
    has_default = one.default is not None and base is not None and base[1].default is not None
    value = one.default if has_default and not current.is_encrypted and one.default is not None else current.value
    new = one.drawn(current, value, found.category, found.template_id, found.version)
    # Without the version that it follows, only what binds it to the template is known to be the template's.
    old = was or replace(new, template_id=current.template_id, template_version=current.template_version)
    wanted = new.facts()
    merged = merge(old.facts(), wanted, current.facts()).proposal
    own = tuple(name for name, said in merged.items() if said != wanted[name])
    texts_of = {each.facts()["configValue"]: each.value for each in (old, new, current)}
    text: str = merged["configValue"]
    content = Content(
        value=texts_of.get(text, text),
        type=ConfigType(merged["configType"]),
        scope=current.scope,
        category=merged["category"],
        tags=current.tags,
        description=merged["description"],
        rule=merged["validationRule"],
        expire_at=current.expire_at,
        is_active=current.is_active,
        mode=current.mode,
        is_encrypted=merged["isEncrypted"],
        effective_at=current.effective_at,
        zone=current.zone,
        template_id=found.template_id,
        template_version=found.version,
        is_overridable=merged["isOverridable"],
    )
    return content, own
