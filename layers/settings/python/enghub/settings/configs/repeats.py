"""Whether a change was made before: requests come twice, because answers get lost. Pure."""

from enghub.core import fields
from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.settings.configs.checking import Found
from enghub.settings.configs.errors import ConfigExists, ConfigNotFound
from enghub.settings.configs.model import Address, Config, Content


def existing(found: Found, address: Address, *, revives: bool = False) -> Kept[Config]:
    """Return the item; a deleted one only where the change ``revives`` it.

    Raises:
        ConfigNotFound
    """
    kept = found.get(address)
    if kept is None or (kept.value.is_deleted and not revives):
        raise ConfigNotFound(config_key=address.config_key, layer=address.owner.layer)
    return kept


def created_already(current: Config, content: Content, origin: Origin) -> Config:
    """Return the item when this user created it so and nobody changed it since.

    Raises:
        ConfigExists: it is another.
    """
    own = current.created_by == origin.user_id and current.created_at == current.updated_at
    if not own or current.content != content:
        raise ConfigExists(config_key=current.address.config_key, layer=current.address.owner.layer)
    return current


def is_same(current: Config, content: Content, action: str) -> bool:
    """Tell whether a change that names no version would change nothing: a repeat of it makes no version."""
    return action in {"updated", "rolled_back"} and not current.is_deleted and current.content == content


def guesses(said: Content, current: Config, user_id: str) -> bool:
    """Tell whether a change may be somebody's guess at another one's secret: that it is right must not be told."""
    is_given = not fields.is_sealed(said.value) and not fields.is_mask(said.value)
    return current.content.is_encrypted and is_given and current.updated_by != user_id


def is_repeat(current: Config, version: int | None, origin: Origin) -> bool:
    """Tell whether the item's last version was made on ``version`` by the same user."""
    own = current.updated_by == origin.user_id
    return own and (current.unconditional if version is None else current.version == version + 1)
