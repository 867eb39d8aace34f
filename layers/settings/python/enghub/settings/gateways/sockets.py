"""The WebSocket API that holds clients' connections, and its address."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from enghub.core import aws, config
from enghub.core.lazy import lazy
from enghub.settings.push.repository import ConnectionGone

exceptions: Any = lazy("botocore.exceptions")
GONE = "GoneException"


@dataclass(frozen=True, slots=True)
class SocketConfig:
    """Where the API is: ``<id>.execute-api.<region>.amazonaws.com/<stage>``."""

    push_address: str = ""
    aws_endpoint_url: str = ""
    """Of the local cloud, which serves it below a path."""

    @property
    def address(self) -> str:
        """The address without a scheme."""
        host, _, stage = self.push_address.partition("/")
        if not self.aws_endpoint_url:
            return self.push_address
        return f"{self.aws_endpoint_url.partition('://')[2]}/_aws/execute-api/{host.partition('.')[0]}/{stage}"


def push_url() -> str | None:
    """Return the address that clients connect to, None where nothing is pushed."""
    found = config.load(SocketConfig)
    scheme = "ws" if found.aws_endpoint_url.startswith("http://") else "wss"
    return f"{scheme}://{found.address}" if found.push_address else None


@cache
def _client() -> Any:
    found = config.load(SocketConfig)
    scheme = "http" if found.aws_endpoint_url.startswith("http://") else "https"
    return aws.client_at("apigatewaymanagementapi", f"{scheme}://{found.address}")


class GatewayPosts:
    """See ``Posts``; one PostToConnection each."""

    def post(self, connection_id: str, data: bytes) -> None:
        """Send a frame."""
        try:
            _client().post_to_connection(ConnectionId=connection_id, Data=data)
        except exceptions.ClientError as error:
            if error.response["Error"]["Code"] in {GONE, "410"}:
                raise ConnectionGone(connection_id) from error
            raise
