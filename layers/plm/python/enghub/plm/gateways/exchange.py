"""The exchange of files on the stage's bucket (PLM-21)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws, config
from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.kit.files.listing import REFUSED, is_listed
from enghub.plm.connections.errors import ConnectionNotFound
from enghub.plm.connections.store import Connections
from enghub.plm.exchange.reading import Bytes
from enghub.plm.exchange.service import Intake
from enghub.plm.gateways import sync_metrics
from enghub.plm.mappings.applying import CompiledMapping
from enghub.plm.mappings.dynamo import DynamoSourceRecords
from enghub.plm.mappings.model import MappingKind
from enghub.plm.mappings.wiring import compiled, mappings
from enghub.plm.setup.wiring import setup
from enghub.plm.syncs.dynamo import DynamoSyncRuns

_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


@dataclass(frozen=True, slots=True)
class Config:
    """Where files are dropped."""

    bucket_name: str


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """The Bucket of ``exchange.repository``."""

    name: str

    @contextmanager
    def opened(self, key: str, version: str) -> Iterator[Bytes | None]:
        """See Bucket."""
        chosen = {} if not version or version == "null" else {"VersionId": version}
        try:
            body = aws.client("s3").get_object(Bucket=self.name, Key=key, **chosen)["Body"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _GONE and not (code in REFUSED and not is_listed(self.name, key)):
                raise Unavailable from error
            yield None
            return
        except BotoCoreError as error:
            raise Unavailable from error
        try:
            yield body
        except BotoCoreError as error:  # while it streams
            raise Unavailable from error
        finally:
            body.close()

    def read(self, key: str) -> bytes:
        """See Bucket."""
        content: bytes = self._asked("get_object", key)["Body"].read()
        return content

    def write(self, key: str, content: bytes | BinaryIO) -> None:
        """See Bucket."""
        self._asked("put_object", key, Body=content)

    def _asked(self, operation: str, key: str, **more: Any) -> Any:
        try:
            return getattr(aws.client("s3"), operation)(Bucket=self.name, Key=key, **more)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable from error


@cache
def bucket() -> S3Bucket:
    """Return the bucket of this stage."""
    return S3Bucket(config.load(Config).bucket_name)


@cache
def intake() -> Intake:
    """Return what takes dropped files."""
    connections = Connections.here()

    def owner(connection: str, tenant_id: str) -> str | None:
        try:
            return connections.api(connection, tenant_id).factory_id
        except ConnectionNotFound:
            return None

    def mapping(tenant_id: str, connection: str, kind: MappingKind) -> CompiledMapping:
        return compiled(tenant_id, connection, kind, mappings().active(tenant_id, connection, kind))

    rules = lambda tenant_id, connection: setup().rules(tenant_id, connection).value  # noqa: E731
    sources, told = DynamoSourceRecords(), sync_metrics.tell
    return Intake(DynamoSyncRuns(), bucket(), owner, rules, system_clock, mapping, sources, told)
