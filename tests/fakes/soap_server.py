"""The sandbox PLM by SOAP in this process, behind the one way out: the real contract without a socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from enghub.kit.outbound.calls import Answer, Limits
from enghub.sandbox.plm import service, soap
from enghub.sandbox.plm.scenario import Scenario
from tests.factories.plm import API

SOAP_API = {**API, "baseUrl": f"{API['baseUrl']}/soap", "protocol": "SOAP"}
XML = {"content-type": "text/xml; charset=utf-8"}


@dataclass
class SoapServer:
    """Answers as the sandbox does; ``answers`` are given before it answers properly, ``asked`` is what was asked."""

    scenario: Scenario = field(default_factory=lambda: Scenario(products=200))
    answers: list[Answer | Exception] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    wsdl: str = field(default_factory=lambda: soap.wsdl("http://host-that-nobody-reaches:8080/PlmService"))

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, limits: Limits
    ) -> Answer:
        """Answer as ``kit.outbound.Outbound``."""
        assert headers["Authorization"].startswith("Bearer ")
        if method == "GET":
            assert url == f"{SOAP_API['baseUrl']}?wsdl"
            return said(self.wsdl)
        assert url == SOAP_API["baseUrl"]
        name, values = soap.asked(body or b"")
        assert headers["SOAPAction"] == f'"urn:plm:2009/{name}"'
        self.asked.append((name, values))
        self.keys.append(headers.get("Idempotency-Key", ""))
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        status, kind, text = self._answered(name, values)
        return Answer(status, {"content-type": kind}, text.encode()[: limits.body_bytes], 1)

    def _answered(self, name: str, values: dict[str, Any]) -> tuple[int, str, str]:
        match name:
            case "GetPpapDocuments":
                content = soap.answer(name, service.ppap_documents(values["projectCode"]))
            case "GetProject":
                content = soap.answer(name, service.apqp_status(values["projectCode"]))
            case "ListObjectIds":
                page = service.products(self.scenario, {**values, "fields": "objectId"})
                content = soap.answer(name, soap.object_ids(page))
            case "GetProducts":
                content = soap.answer(name, soap.products(service.products(self.scenario, values)))
            case _:
                content = soap.answer(name, {"taken": 1})
        return service.spoilt(self.scenario, content, by_soap=True) or (200, XML["content-type"], content)


def said(text: str, status: int = 200, kind: str = XML["content-type"]) -> Answer:
    """Return an answer with this text."""
    return Answer(status, {"content-type": kind}, text.encode(), 1)


def a_page(products: str, after: str = "") -> Answer:
    """Return an answer to GetProducts with these products, as they are written."""
    content = soap.envelope(
        f'<GetProductsResponse xmlns="{soap.NAMESPACE}" xmlns:xsi="{soap.XSI}">{products}{after}</GetProductsResponse>'
    )
    return said(content)


def a_product(number: int = 1, **fields: str | None) -> str:
    """Return a product's element; a field that is None is absent, one that is written as an element stays it."""
    known = {
        "objectId": f"OBJ-{number:07d}",
        "productCode": f"SNS-4000-{number:04d}",
        "productVersion": "A",
        "productName": "Wheel speed sensor",
        "productGroup": "SENSOR",
        "unit": "PCS",
        "lifecycleState": "RELEASED",
        "mappingType": "ONE_TO_ONE",
        "materialCode": '<materialCode xsi:nil="true"/>',
        "updatedAt": "2026-03-01T08:00:00Z",
        **fields,
    }
    written = (
        text if text.startswith("<") else f"<{name}>{text}</{name}>" for name, text in known.items() if text is not None
    )
    return f"<product>{''.join(written)}</product>"
