"""Going back to an earlier version, and letting staged versions come into force (CFG-05, CFG-06)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from enghub.core.claims import Claim
from enghub.core.identity import Origin
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.configs import commits, texts
from enghub.settings.configs.errors import ConfigFieldRefused
from enghub.settings.configs.model import Address, Config
from enghub.settings.configs.reading import ConfigReader
from enghub.settings.configs.service import ConfigService, Edited


@dataclass(frozen=True, slots=True)
class Restored:
    """An item after going back; ``verified``: read again, it holds what the version named held."""

    config: Config
    verified: bool


@dataclass(frozen=True, slots=True)
class ConfigRestoring:
    """Brings versions back, and confirms staged ones."""

    service: ConfigService
    reader: ConfigReader

    def roll_back(
        self,
        address: Address,
        to: int,
        version: int | None,
        *,
        origin: Origin,
        reason: str,
        claim: Claim | None,
        break_glass: bool = False,
    ) -> Restored | ChangeRequest:
        """Make a new version of what version ``to`` held, in force at once; also where the item was deleted since.

        Raises:
            ConfigVersionNotFound: there is none of that number.
            ConfigFieldRefused: the version is a deletion.
            ConfigVersionConflict, ConfigRuleUnsatisfied, ...: as for any change.
        """
        wanted = self._back(address, to, version, origin.at)
        config = self.service.change(wanted, origin, reason, claim, break_glass=break_glass)
        if isinstance(config, ChangeRequest):
            return config
        return Restored(config, self._holds(config, wanted))

    def roll_back_all(
        self, wanted: Sequence[tuple[Address, int, int | None]], origin: Origin, reason: str, claim: Claim | None
    ) -> tuple[Restored, ...] | ChangeRequest:
        """Bring several back, together or not at all.

        Raises:
            BatchRefused: one of them is refused.
        """
        edits = [self._back(*one, origin.at) for one in wanted]
        made = self.service.change_all(edits, origin, reason, claim)
        if isinstance(made, ChangeRequest):
            return made
        return tuple(Restored(config, self._holds(config, edit)) for config, edit in zip(made, edits, strict=True))

    def confirm(
        self, wanted: Sequence[tuple[Address, int]], origin: Origin, reason: str, claim: Claim | None
    ) -> tuple[Config, ...] | ChangeRequest:
        """Let staged versions come into force, together or not at all.

        Raises:
            BatchRefused: one is not staged (any more).
        """
        edits = [Edited(address, version, lambda content: content, "confirmed") for address, version in wanted]
        return self.service.change_all(edits, origin, reason, claim)

    def _back(self, address: Address, to: int, version: int | None, at: datetime) -> Edited:
        old = self.reader.version(address, to)
        if old.is_deleted:
            raise ConfigFieldRefused(field="toVersion", problem=texts.A_DELETION, suggestion=max(1, to - 1))
        content = commits.again(old.content, at)
        return Edited(address, version, lambda _: content, "rolled_back")

    def _holds(self, config: Config, wanted: Edited) -> bool:
        stored = self.reader.detail(config.address)
        return stored.version > config.version or stored.content == wanted.edit(stored.content)
