"""The acceptance of a drift on the wire (UPG-24)."""

from typing import Annotated

from pydantic import Field

from enghub.core import wire
from enghub.core.i18n import Language
from enghub.upgrade.drift.model import Acceptance


class DriftAcceptance(wire.Request):
    """Somebody accepts the drift that a plan showed."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$", examples=["3f2a9c41d07b"])]
    """As the plan showed it: it is another one as soon as something else differs."""
    reason: Annotated[str, Field(min_length=10, max_length=500)]
    """Why the upgrade may begin all the same; it stands in the report with your name."""


class AcceptanceResponse(wire.Response):
    """Who let the upgrade begin on a site that had drifted, why, and what they saw."""

    user_id: str
    reason: str
    digest: str
    differences: tuple[str, ...]

    @classmethod
    def of(cls, found: Acceptance | None, language: Language) -> "AcceptanceResponse | None":
        """Return the answer for an acceptance, None when none was needed."""
        if found is None:
            return None
        said = tuple(one.label.render(language) for one in found.differences)
        return cls(user_id=found.user_id, reason=found.reason, digest=found.digest, differences=said)
