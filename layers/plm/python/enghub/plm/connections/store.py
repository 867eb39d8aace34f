"""Reads connections from the secret store, cached for five minutes."""

from dataclasses import dataclass

from enghub.core import config, secrets
from enghub.core.config import CoreConfig
from enghub.core.errors import NotFound
from enghub.plm.connections.errors import ConnectionNotFound, SignatureRefused
from enghub.plm.connections.model import Api, Webhook, check_name


@dataclass(frozen=True, slots=True)
class Connections:
    """The PLM connections of one stage."""

    stage: str

    @classmethod
    def here(cls) -> "Connections":
        """Return those of the stage this function runs in."""
        return cls(config.load(CoreConfig).stage)

    def webhook(self, name: str) -> Webhook:
        """Return what notifications of ``name`` are checked against.

        Raises:
            SignatureRefused: the name is malformed or unknown; callers learn no more than from a wrong signature.
            ConnectionMisconfigured: its settings are incomplete.
            Unavailable: the secret store cannot answer.
        """
        if check_name(name) is None:
            raise SignatureRefused(reason="CONNECTION_MALFORMED")
        try:
            return Webhook.of(name, secrets.secret(f"enghub/{self.stage}/plm/webhook/{name}"))
        except NotFound as error:
            raise SignatureRefused(reason="CONNECTION_UNKNOWN") from error

    def api(self, name: str, tenant_id: str | None = None) -> Api:
        """Return how to call ``name``; with ``tenant_id``, only if it is that tenant's.

        Raises:
            ConnectionNotFound: there is no such connection, or it is another tenant's.
            ConnectionMisconfigured: its settings are incomplete.
            Unavailable: the secret store cannot answer.
        """
        if check_name(name) is None:
            raise ConnectionNotFound(connection=name)
        try:
            found = Api.of(name, secrets.secret(f"enghub/{self.stage}/plm/api/{name}"))
        except NotFound as error:
            raise ConnectionNotFound(connection=name) from error
        if tenant_id is not None and found.tenant_id != tenant_id:
            raise ConnectionNotFound(connection=name)
        return found
