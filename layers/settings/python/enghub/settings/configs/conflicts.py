"""What a refused version says: both values, both people, and a three-way merge proposal (CFG-04)."""

from collections.abc import Mapping
from typing import Any

from enghub.core.errors import EngHubError
from enghub.core.i18n import Text
from enghub.settings.configs.errors import ConfigVersionConflict
from enghub.settings.configs.merge import merge
from enghub.settings.configs.model import Address, Config, Content


def conflict(
    expected: int, base: Config | None, current: Config, yours: Content | None, user_id: str
) -> ConfigVersionConflict:
    """Return the version conflict; ``yours`` is what the caller wanted, ``base`` the version they read."""
    both = {"your_user": user_id, "changed_by": current.updated_by, "changed_at": current.updated_at}
    if base is None or base.is_deleted or yours is None or expected > current.version:
        return ConfigVersionConflict(expected=expected, actual=current.version, **both)
    old, mine, stored = base.content.facts(), yours.facts(), current.content.facts()
    proposed = merge(old, mine, stored)
    return ConfigVersionConflict(
        expected=expected,
        actual=current.version,
        **both,
        base=old,
        yours=mine,
        theirs=stored,
        merge={
            "clean": proposed.is_clean,
            "proposal": proposed.proposal,
            "conflicts": [one.facts() for one in proposed.conflicts],
            "version": current.version,
        },
    )


def outdated(expected: int, actual: int) -> ConfigVersionConflict:
    """Return the conflict with an item that is not there."""
    return ConfigVersionConflict(expected=expected, actual=actual)


def refusal(place: int, address: Address, error: EngHubError) -> Mapping[str, Any]:
    """Return how a batch tells of one change that is refused."""
    text: Text = error.text
    return {
        "index": place,
        "configKey": address.config_key[:300],
        "code": error.code,
        "error": error.name,
        "message": text.filled(**error.details).render("en"),
        "messageZh": text.filled(**error.details).render("zh"),
        "field": error.details.get("field"),
        "suggestion": error.details.get("suggestion"),
    }
