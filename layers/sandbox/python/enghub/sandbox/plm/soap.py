"""The stand-in PLM by SOAP 1.1, document/literal (PLM-22): its WSDL, what requests say, what answers look like.

The same operations as by REST. ``contract.wsdl`` holds the types; messages and bindings are the same for each operation
and are written here. XML by the standard library; a document with a type declaration is refused before it is parsed.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from enghub.core.errors import Invalid
from enghub.core.i18n import Text

NAMESPACE = "urn:plm:2009"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
OPERATIONS = (
    "ListObjectIds",
    "GetProducts",
    "GetPpapDocuments",
    "TakePpapApproval",
    "GetProject",
    "TakeGate",
    "TakeImprovements",
)
_SAID = {"bomLines": "bomLine"}
"""Lists are repeated elements, each named for one."""
REPEATED = frozenset({"approvers", "requests"})
"""Elements of requests that may be there several times."""
_NOT_READ = Text("it cannot be read: {why}", "无法解析：{why}")
_TYPED = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_MESSAGE = """  <wsdl:message name="{name}In"><wsdl:part name="parameters" element="tns:{name}"/></wsdl:message>
  <wsdl:message name="{name}Out"><wsdl:part name="parameters" element="tns:{name}Response"/></wsdl:message>"""
_OPERATION = """    <wsdl:operation name="{name}">
      <wsdl:input message="tns:{name}In"/><wsdl:output message="tns:{name}Out"/>
    </wsdl:operation>"""
_BINDING = """    <wsdl:operation name="{name}">
      <soap:operation soapAction="urn:plm:2009/{name}"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>"""


def wsdl(address: str) -> str:
    """Return the contract, served at ``address``."""
    text = (Path(__file__).parent / "contract.wsdl").read_text("utf-8")
    parts = {"messages": _MESSAGE, "operations": _OPERATION, "bindings": _BINDING}
    for place, form in parts.items():
        text = text.replace(f"{{{place}}}", "\n".join(form.format(name=name) for name in OPERATIONS))
    return text.replace("{address}", escape(address))


def asked(content: bytes) -> tuple[str, dict[str, Any]]:
    """Return the operation that a request names, and what it says.

    Raises:
        Invalid: it is no SOAP 1.1 request of this contract.
    """
    if _TYPED.search(content):
        raise _refused("document types are not read")
    try:
        found = ET.fromstring(content)  # noqa: S314 - what expands is refused above
    except ET.ParseError as error:
        raise _refused(str(error)) from error
    body = found.find(f"{{{ENVELOPE}}}Body")
    first = next(iter(body), None) if body is not None else None
    namespace, _, name = ("" if first is None else first.tag).removeprefix("{").partition("}")
    if first is None or namespace != NAMESPACE or name not in OPERATIONS:
        raise _refused(f"no operation of this contract: {name}")
    return name, _said(first)


def _said(element: ET.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in element:
        name = one.tag.rpartition("}")[2]
        value = _said(one) if len(one) else one.text or ""
        if name in REPEATED:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _refused(why: str) -> Invalid:
    return Invalid(field="body", problem=_NOT_READ.filled(why=why))


def answer(name: str, said: Mapping[str, Any]) -> str:
    """Return the answer of an operation: lists become repeated elements, None an element that is nil."""
    return envelope(f'<{name}Response xmlns="{NAMESPACE}" xmlns:xsi="{XSI}">{_elements(said)}</{name}Response>')


def products(page: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of products in the contract's words."""
    items = [{_SAID.get(name, name): value for name, value in one.items()} for one in page["items"]]
    return {"product": items, "after": page["after"]}


def object_ids(page: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of ids in the contract's words."""
    return {"objectId": [one["objectId"] for one in page["items"]], "after": page["after"]}


def fault(code: str, reason: str) -> str:
    """Return a SOAP Fault; ``code`` is Client or Server."""
    return envelope(f"<s:Fault><faultcode>s:{code}</faultcode><faultstring>{escape(reason)}</faultstring></s:Fault>")


def envelope(body: str) -> str:
    """Return ``body`` in its envelope."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{body}</s:Body></s:Envelope>'
    )


def _elements(said: Mapping[str, Any]) -> str:
    found: list[str] = []
    for name, value in said.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                found.append(f'<{name} xsi:nil="true"/>')
            else:
                inner = _elements(one) if isinstance(one, dict) else escape(str(one))
                found.append(f"<{name}>{inner}</{name}>")
    return "".join(found)
