"""Forms with files, as browsers and curl send them."""

import base64
from typing import Any

from enghub.core.identity import Principal
from tests.factories.http import a_request

BOUNDARY = "----enghub-test"


def form_body(parts: dict[str, str | tuple[str, bytes]]) -> bytes:
    """Return the body of a form; a file is its name and content."""
    whole = b""
    for name, value in parts.items():
        file_name, content = ("", value.encode()) if isinstance(value, str) else value
        told = f'; filename="{file_name}"\r\nContent-Type: application/octet-stream' if file_name else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{told}\r\n\r\n'
        whole += head.encode() + content + b"\r\n"
    return whole + f"--{BOUNDARY}--\r\n".encode()


def a_form(
    path: str,
    parts: dict[str, str | tuple[str, bytes]],
    *,
    caller: Principal | None = None,
    query: dict[str, str] | None = None,
    body: bytes | None = None,
    kind: str = f"multipart/form-data; boundary={BOUNDARY}",
) -> dict[str, Any]:
    """Return a POST of a form as API Gateway hands it on."""
    encoded = base64.b64encode(form_body(parts) if body is None else body).decode()
    event = a_request("POST", path, encoded, caller=caller, headers={"Content-Type": kind}, query=query)
    return {**event, "isBase64Encoded": True}
