"""Keys in DynamoDB: pk T#<tenant>#KEYS, sk KEY#<hash>."""

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Page, key, query
from enghub.core.identity import Origin
from enghub.golive.keys.model import AccessKey, KeyKind, hashed, make, tenant_of

KEYS = Aggregate(
    AccessKey,
    "ACCESS_KEY",
    key=lambda one: _key(one.tenant_id, one.key_hash),
    name="access_key",
    identity=lambda one: one.key_hash[:16],
    shows=("kind", "about", "revoked_at"),
)


def _key(tenant_id: str, key_hash: str) -> Key:
    return key("T", tenant_id, "KEYS"), key("KEY", key_hash)


def issue(kind: KeyKind, about: str, origin: Origin) -> tuple[str, Kept[AccessKey]]:
    """Store a new key; return its text, which nobody can read again, and what is kept."""
    text = make(origin.tenant_id)
    made = AccessKey(origin.tenant_id, hashed(text), kind, about, origin.user_id, origin.at)
    return text, KEYS.save(Commit(origin, "issued", made))


def find(text: str) -> AccessKey | None:
    """Return the key that a caller shows; one GetItem in the tenant that it names."""
    tenant_id = tenant_of(text)
    found = None if tenant_id is None else KEYS.read(_key(tenant_id, hashed(text)))
    return None if found is None else found.value


def get(tenant_id: str, key_hash: str) -> Kept[AccessKey] | None:
    """Return a key by its hash."""
    return KEYS.read(_key(tenant_id, key_hash))


def page(tenant_id: str, limit: int, cursor: str | None) -> Page[Kept[AccessKey]]:
    """Return a page of the tenant's keys."""
    found = query(key("T", tenant_id, "KEYS"), prefix="KEY#", limit=limit, cursor=cursor)
    return Page(tuple(map(KEYS.kept, found.items)), found.cursor)
