"""Changes of a tenant's security policy (CFG-19)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.security.model import PARTS
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.configs import policies
from enghub.settings.configs.model import Address, Config, ConfigType, Content, Owner
from enghub.settings.configs.service import ConfigService, Edited
from enghub.settings.security.reading import SecurityPolicies


@dataclass(frozen=True, slots=True)
class PolicyChanges:
    """Changes the parts of a policy that are named, together or not at all."""

    policies: SecurityPolicies
    configs: ConfigService

    def change(
        self,
        owner: Owner,
        said: Mapping[str, str | None],
        origin: Origin,
        reason: str,
        *,
        revision: int | None = None,
        forced: bool = False,
        break_glass: bool = False,
    ) -> ChangeRequest | None:
        """Change a layer: each part by its text, None for leaving it to the layer behind; a request where people have
        to agree.

        Raises:
            VersionConflict: somebody changed the layer since it had ``revision``.
            LockOut, BatchRefused: see ``ConfigService.change_all``.
        """
        items = self.policies.items(owner)
        actual = sum(one.version for one in items.values())
        if revision is not None and revision != actual:
            raise VersionConflict(expected=revision, actual=actual)
        if said.get("networks") is not None and not forced:
            policies.check_author(PARTS["networks"].read(str(said["networks"])), origin.source_ip)
        wanted = [
            _edited(owner, name, text, items.get(PARTS[name].key))
            for name, text in said.items()
            if text is not None or _is_there(items.get(PARTS[name].key))
        ]
        if not wanted:
            return None
        made: Any = replace(self.configs, forced=forced).change_all(
            wanted, origin, reason, None, break_glass=break_glass
        )
        return made if isinstance(made, ChangeRequest) else None


def _is_there(item: Config | None) -> bool:
    return item is not None and not item.is_deleted


def _edited(owner: Owner, name: str, text: str | None, item: Config | None) -> Edited:
    part = PARTS[name]

    def edit(content: Content) -> Content:
        return replace(content, is_active=False) if text is None else replace(content, value=text, is_active=True)

    new = Content(value=text or "", type=ConfigType(part.type), category="security", tags=("security",))
    known = None if item is None else item.version
    return Edited(Address(owner, part.key), known, edit, creates=new)
