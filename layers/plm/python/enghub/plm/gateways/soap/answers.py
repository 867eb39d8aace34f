"""What a SOAP service answered: read bounded and without entities, or told apart by what it is instead (PLM-18).

Values stay the text that was sent: an element that is absent, one that is nil and one that is empty are three things,
and no date is shifted by a zone nor lost to a library's idea of it.
"""

import re
from typing import TYPE_CHECKING, Any

from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.kit.outbound.calls import Answer
from enghub.kit.outbound.retries import AGAIN
from enghub.plm.syncs.errors import PlmRefused, PlmUnavailable

if TYPE_CHECKING:
    import defusedxml.common as xml_errors
    from defusedxml import ElementTree
else:
    ElementTree = lazy("defusedxml.ElementTree")
    xml_errors = lazy("defusedxml.common")

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
LONGEST_SAID = 300
_ENDS_EARLY = frozenset({3, 5, 6, 20})
"""Errors of expat: no element found, unclosed token, partial character, unclosed CDATA section."""
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_HTML = re.compile(rb"\s*+(?>(?><!--.*?-->)\s*+)*+(?:<!doctype\s+html|<html)", re.IGNORECASE | re.DOTALL)
"""Both read what a stranger sent: bounded, and without ways back, which would take longer than anybody waits."""

FAULT = Text("a SOAP fault, {code}: {reason}", "SOAP 故障 {code}：{reason}")
PAGE = Text(
    "an HTML page instead of SOAP, HTTP {status}: {title}", "返回的是 HTML 页面而不是 SOAP，HTTP {status}：{title}"
)
CUT = Text("the XML breaks off after {size} bytes: {why}", "XML 在 {size} 字节处中断：{why}")
NO_XML = Text("no XML, HTTP {status}, {kind}: {why}", "不是 XML，HTTP {status}，{kind}：{why}")
TYPED = Text("document types and entities are not read", "不读取文档类型声明和实体")
TOO_LARGE = Text("the answer has more than {most} bytes", "响应超过 {most} 字节")
NO_ENVELOPE = Text("XML without a SOAP 1.1 envelope: {found}", "XML 中没有 SOAP 1.1 信封：{found}")
ANOTHER = Text(
    "the answer of another operation: {found} instead of {wanted}", "响应属于其他操作：{found} 而不是 {wanted}"
)
STATUS = Text("HTTP {status}", "HTTP {status}")


def body_of(answer: Answer, wanted: str, most: int) -> Any:
    """Return the element ``wanted`` that an answer carries.

    Args:
        answer: what was received, at most a byte more than ``most``.
        wanted: its local name.
        most: bytes that are read.

    Raises:
        PlmUnavailable: a fault of the server, a page of something before it, XML that breaks off: later may be better.
        PlmRefused: a fault of the caller, no XML, a document type, too large, another operation's answer.
    """
    if len(answer.body) > most:
        raise PlmRefused(problem=TOO_LARGE.filled(most=most))
    if _HTML.match(answer.body[:4096]):
        title = _TITLE.search(answer.text[:65_536])
        said = PAGE.filled(status=answer.status, title=" ".join(title[1].split())[:LONGEST_SAID] if title else "-")
        raise PlmRefused(problem=said) if 400 <= answer.status < 500 else PlmUnavailable(problem=said)
    root = _parsed(answer)
    body = root.find(f"{{{ENVELOPE}}}Body") if root.tag == f"{{{ENVELOPE}}}Envelope" else None
    if body is None:
        raise PlmRefused(problem=NO_ENVELOPE.filled(found=str(root.tag)[:LONGEST_SAID]))
    first = next(iter(body), None)
    if first is not None and first.tag == f"{{{ENVELOPE}}}Fault":
        raise _fault(first)
    if answer.status in AGAIN:
        raise PlmUnavailable(problem=STATUS.filled(status=answer.status))
    if not 200 <= answer.status < 300:
        raise PlmRefused(problem=STATUS.filled(status=answer.status))
    if first is None or name_of(first) != wanted:
        found = "-" if first is None else name_of(first)[:LONGEST_SAID]
        raise PlmRefused(problem=ANOTHER.filled(found=found, wanted=wanted))
    return first


def _parsed(answer: Answer) -> Any:
    content = answer.body.strip()
    try:
        return ElementTree.fromstring(content, forbid_dtd=True)
    except xml_errors.DefusedXmlException as error:
        raise PlmRefused(problem=TYPED) from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        if content.startswith(b"<") and getattr(error, "code", 0) in _ENDS_EARLY:
            raise PlmUnavailable(problem=CUT.filled(size=len(content), why=str(error))) from error
        if answer.status in AGAIN:
            raise PlmUnavailable(problem=STATUS.filled(status=answer.status)) from error
        kind = answer.headers.get("content-type", "-")[:100]
        said = NO_XML.filled(status=answer.status, kind=kind, why=str(error)[:LONGEST_SAID])
        raise PlmRefused(problem=said) from error


def _fault(found: Any) -> PlmRefused | PlmUnavailable:
    code = (found.findtext("faultcode") or "-").strip()
    reason = " ".join((found.findtext("faultstring") or "-").split())
    said = FAULT.filled(code=code[:100], reason=reason[:LONGEST_SAID])
    # The caller's fault stays one (SOAP 1.1, 4.4.1); of the server's, or one of its own words, later may be better.
    is_callers = code.rpartition(":")[2].partition(".")[0] in {"Client", "MustUnderstand", "VersionMismatch"}
    return PlmRefused(problem=said) if is_callers else PlmUnavailable(problem=said)


def name_of(element: Any) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def value_of(element: Any) -> Any:
    """Return None of what is nil, the text of what holds text, "" of what is empty, a dict of what holds elements."""
    if element.get(NIL) in {"true", "1"}:
        return None
    return said(list(element)) if len(element) else element.text or ""


def said(elements: list[Any]) -> dict[str, Any]:
    """Return the values of elements by name; of one that is there several times a list."""
    found: dict[str, Any] = {}
    for one in elements:
        name, value = name_of(one), value_of(one)
        if name in found:
            known = found[name]
            found[name] = [*known, value] if isinstance(known, list) else [known, value]
        else:
            found[name] = value
    return found
