"""Messages of Amazon SNS: whose certificate, which text is signed, whether it is (OPS-11).

Signature version 1 is SHA-1, 2 is SHA-256, over fixed fields; a field that is not there is not in the text.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?")
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def is_amazons(url: object) -> bool:
    """Tell whether an address is one of SNS itself: https, its very host, no user, the usual port."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.username is None and parts.password is None and port in {None, 443}
    return parts.scheme == "https" and is_plain and _HOST.fullmatch(parts.hostname or "") is not None


def signed_text(message: Mapping[str, Any]) -> bytes:
    """Return the text that the signature covers."""
    fields = NOTIFICATION if message.get("Type") == "Notification" else CONFIRMATION
    return "".join(f"{name}\n{message[name]}\n" for name in fields if message.get(name) is not None).encode()


def is_signed(message: Mapping[str, Any], certificate: Callable[[str], bytes]) -> bool:
    """Tell whether SNS signed a message; ``certificate`` fetches what ``SigningCertURL`` names, checked before."""
    url = message.get("SigningCertURL")
    if not is_amazons(url) or not str(url).endswith(".pem"):
        return False
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(str(message.get("SignatureVersion")))  # noqa: S303
    if algorithm is None:
        return False
    try:
        signature = base64.b64decode(str(message.get("Signature")), validate=True)
        key = x509.load_pem_x509_certificate(certificate(str(url))).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, signed_text(message), padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
