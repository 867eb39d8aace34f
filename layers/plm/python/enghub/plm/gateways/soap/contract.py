"""A PLM's own contract: zeep reads its WSDL and writes requests by it (PLM-18).

zeep and lxml cost three times ``import boto3``: they are loaded when a connection by SOAP is talked to, and by nothing
else. Only requests are left to zeep: of answers it makes nil and absent the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.kit.outbound.calls import Answer, Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.outbound.retries import AGAIN
from enghub.plm.connections.model import Api
from enghub.plm.gateways.soap.answers import STATUS, TOO_LARGE, body_of
from enghub.plm.syncs.errors import PlmRefused, PlmUnavailable

zeep: Any = lazy("zeep")
utils: Any = lazy("zeep.wsdl.utils")

MOST_BYTES = 4_000_000
"""Of one answer: 5,000 ids, or 500 records of 8 kB."""
CONTRACT_BYTES = 2_000_000
SECONDS = 20.0
NO_WSDL = Text("its WSDL cannot be read: {why}", "无法读取其 WSDL：{why}")
NO_OPERATION = Text("its WSDL has no operation {name}", "其 WSDL 没有操作 {name}")
UNFIT = Text("what is to be said does not fit its WSDL: {why}", "请求与其 WSDL 不符：{why}")
ELSEWHERE = Text("its WSDL names a document of another host: {url}", "其 WSDL 引用了其他主机的文档：{url}")


@dataclass(frozen=True, slots=True)
class Soap:
    """Calls of one connection; ``baseUrl`` is the service's address, its WSDL is there under ``?wsdl``.

    Calls go to ``baseUrl``, whatever address the WSDL names: behind a proxy that is often one of a host nobody reaches.
    """

    api: Api
    outbound: Outbound
    client: Any
    service: Any

    @classmethod
    def of(cls, api: Api, outbound: Outbound, bearer: str) -> "Soap":
        """Read the contract.

        Raises:
            PlmUnavailable: the address does not answer.
            PlmRefused: it serves no contract.
        """
        settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True)  # _Documents forbids other hosts
        url = f"{api.base_url}?wsdl"
        transport = _Documents(url, outbound, {"Authorization": f"Bearer {bearer}"})
        try:
            client = zeep.Client(url, transport=transport, settings=settings)
            service = client.service  # raises where the contract has none
        except (PlmUnavailable, PlmRefused):
            raise
        except Exception as error:  # zeep and lxml raise what they meet, of many kinds
            raise PlmRefused(problem=NO_WSDL.filled(why=f"{type(error).__name__}: {error}"[:300])) from error
        return cls(api, outbound, client, service)

    def call(self, name: str, values: Mapping[str, Any], headers: Mapping[str, str], bearer: str) -> Any:
        """Call an operation once; returns the element that answers.

        Raises:
            PlmUnavailable, PlmRefused
        """
        operation, content = self._request(name, values)
        sent = {
            **headers,
            "Authorization": f"Bearer {bearer}",
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{operation.soapaction or ""}"',
        }
        limits = Limits(seconds=SECONDS, body_bytes=MOST_BYTES + 1)
        answer = _answered(
            lambda: self.outbound.request("POST", self.api.base_url, headers=sent, body=content, limits=limits)
        )
        return body_of(answer, operation.output.body.qname.localname, MOST_BYTES)

    def _request(self, name: str, values: Mapping[str, Any]) -> tuple[Any, bytes]:
        operation = self.service._binding._operations.get(name)  # zeep has no public list of them
        if operation is None:
            raise PlmRefused(problem=NO_OPERATION.filled(name=name))
        try:
            return operation, bytes(utils.etree_to_string(self.client.create_message(self.service, name, **values)))
        except Exception as error:  # as above
            raise PlmRefused(problem=UNFIT.filled(why=f"{type(error).__name__}: {error}"[:300])) from error


class _Documents:
    """What zeep reads contracts with: by the one way out, from the connection's own host alone, bounded."""

    def __init__(self, url: str, outbound: Outbound, headers: Mapping[str, str]) -> None:
        self._home, self._outbound, self._headers = url, outbound, headers

    def load(self, url: str) -> bytes:
        """Return a document."""
        found = urljoin(self._home, url)
        if urlsplit(found)[:2] != urlsplit(self._home)[:2]:
            raise PlmRefused(problem=ELSEWHERE.filled(url=url[:300]))
        limits = Limits(seconds=SECONDS, body_bytes=CONTRACT_BYTES + 1)
        answer = _answered(lambda: self._outbound.request("GET", found, headers=self._headers, limits=limits))
        if answer.status in AGAIN:
            raise PlmUnavailable(problem=STATUS.filled(status=answer.status))
        if answer.status != 200:
            raise PlmRefused(problem=STATUS.filled(status=answer.status))
        if len(answer.body) > CONTRACT_BYTES:
            raise PlmRefused(problem=TOO_LARGE.filled(most=CONTRACT_BYTES))
        return answer.body


def _answered(request: Callable[[], Answer]) -> Answer:
    try:
        return request()
    except OutboundFailed as error:
        raise PlmUnavailable(problem=error.kind) from error
    except OutboundRefused as error:
        raise PlmRefused(problem=error.reason) from error
