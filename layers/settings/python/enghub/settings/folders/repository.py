"""What the use cases of folders need of a store."""

from collections.abc import Sequence
from typing import Any, Protocol

from enghub.settings.folders.model import Whole


class Storing(Protocol):
    """Makes changes of configuration, flags and rules at one moment."""

    def make(self, whole: Whole, alongside: Sequence[Any] = ()) -> None:
        """Store all or nothing, with writes of the same transaction.

        Raises:
            FlagUnfit, FlagInUse, FlagsChanged, FlagsHeld, TooManyFlags, VersionConflict
            ConfigVersionConflict, ConfigHeld, LayerFull, ReferenceRefused, ConfigReferenced
        """
