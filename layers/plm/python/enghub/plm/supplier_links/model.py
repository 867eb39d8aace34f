"""A supplier's link: who may send files for which missing elements of a PPAP, until when, how many (PLM-28). Pure.

The token is ``<tenant>.<link>.<256 bits of chance>``; only its hash is kept. A use is taken before a file is looked at
and given back where it is refused, so that no two at once take the last one.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enghub.core.i18n import Text
from enghub.plm.supplier_links.errors import ElementNotAsked, LinkTooLong, SupplierLinkOver

LONGEST = timedelta(days=90)
MOST_USES = 50
TRIES = 5
"""Files that may be announced for each that may arrive."""
MAX_TOKEN = 400
EXPIRED, REVOKED, USED_UP = (
    Text("its time is up", "已过期"),
    Text("it was revoked", "已撤销"),
    Text("all its files have arrived", "文件数量已用完"),
)


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that the supplier may send, by name and element: the document it becomes a version of."""

    element: int
    file_name: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Use:
    """A file that is looked at, or has arrived."""

    upload_id: str
    element: int
    file_name: str
    is_there: bool = False


@dataclass(frozen=True, slots=True)
class SupplierLink:
    """A link as it is kept."""

    tenant_id: str
    ppap_id: str
    link_id: str
    token_hash: str
    supplier: str
    elements: tuple[int, ...]
    uses: int
    """Files that may arrive."""
    expires_at: datetime
    made_by: str
    made_at: datetime
    note: str = ""
    opened_at: datetime | None = None
    asked: int = 0
    files: tuple[Announced, ...] = ()
    taken: tuple[Use, ...] = ()
    revoked_at: datetime | None = None

    @property
    def name(self) -> str:
        """Who acts by it, in audit and documents."""
        return f"supplier-link:{self.link_id}"

    @property
    def left(self) -> int:
        """How many files may still arrive."""
        return self.uses - len(self.taken)

    def checked(self) -> "SupplierLink":
        """Return a new one; raises LinkTooLong."""
        if not self.made_at < self.expires_at <= self.made_at + LONGEST:
            raise LinkTooLong(field="expiresAt", days=LONGEST.days)
        return self

    def over(self, now: datetime) -> Text | None:
        """Return why it opens nothing any more; one that is used up still shows what arrived."""
        if self.revoked_at is not None:
            return REVOKED
        return EXPIRED if self.expires_at <= now else None

    def open(self, now: datetime) -> "SupplierLink":
        """Return it; raises SupplierLinkOver."""
        why = self.over(now)
        if why is not None:
            raise SupplierLinkOver(why=why)
        return self

    def announced(self, element: int, file_name: str, document_id: str) -> tuple["SupplierLink", str]:
        """Return it with one more file announced, and the document: of the same name, the same one.

        Raises:
            ElementNotAsked
            SupplierLinkOver: nothing more may arrive, or far more was announced than may.
        """
        if element not in self.elements:
            raise ElementNotAsked(field="element", element=element)
        if self.left <= 0 or self.asked >= self.uses * TRIES:
            raise SupplierLinkOver(why=USED_UP)
        counted = replace(self, asked=self.asked + 1)
        wanted = (element, file_name.casefold())
        for one in self.files:
            if (one.element, one.file_name.casefold()) == wanted:
                return counted, one.document_id
        return replace(counted, files=(*self.files, Announced(element, file_name, document_id))), document_id

    def file(self, document_id: str) -> Announced | None:
        """Return what was announced as a document."""
        return next((one for one in self.files if one.document_id == document_id), None)

    def taking(self, upload_id: str, file: Announced) -> "SupplierLink":
        """Return it with a use taken for an upload, once; raises SupplierLinkOver."""
        if any(one.upload_id == upload_id for one in self.taken):
            return self
        if self.left <= 0:
            raise SupplierLinkOver(why=USED_UP)
        return replace(self, taken=(*self.taken, Use(upload_id, file.element, file.file_name)))

    def giving_back(self, upload_id: str) -> "SupplierLink":
        """Return it without the use that an upload took."""
        return replace(self, taken=tuple(one for one in self.taken if one.is_there or one.upload_id != upload_id))

    def arrived(self, upload_id: str) -> "SupplierLink":
        """Return it with an upload that is there."""
        taken = tuple(replace(one, is_there=True) if one.upload_id == upload_id else one for one in self.taken)
        return self if taken == self.taken else replace(self, taken=taken)


def make_token(tenant_id: str, link_id: str) -> str:
    """Return a new token, which nobody can read again."""
    name = base64.urlsafe_b64encode(tenant_id.encode()).decode().rstrip("=")
    return f"{name}.{link_id}.{secrets.token_urlsafe(32)}"


def place_of(token: str) -> tuple[str, str] | None:
    """Return tenant and link that a token names, None where it is none of ours."""
    name, _, rest = token.partition(".")
    link_id, dot, chance = rest.partition(".")
    if not dot or len(chance) != 43 or len(link_id) != 26 or len(token) > MAX_TOKEN or not token.isascii():
        return None
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode(), link_id
    except (binascii.Error, ValueError):
        return None


def hashed(token: str) -> str:
    """Return the hash by which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def fits(token: str, token_hash: str) -> bool:
    """Tell whether a token is the one of a hash, in a time that tells nothing."""
    return hmac.compare_digest(hashed(token), token_hash)
