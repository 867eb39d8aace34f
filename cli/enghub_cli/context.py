"""What every command works with: the running local cloud, its API and its AWS clients."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from enghub_cli.cloud import aws
from enghub_cli.cloud.assembly import ROOT
from enghub_cli.cloud.deploy import outputs_of
from enghub_cli.cloud.process import Home, Running
from enghub_cli.cloud.users import Pool, token
from enghub_cli.errors import Stop
from enghub_cli.hub import REQUEST_SECONDS

STAGE = "local"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A local cloud with EngHub deployed in it."""

    running: Running
    pool: Pool

    @property
    def api_base(self) -> str:
        """Return the address under which all contexts' paths (``/api/v1/...``) lie."""
        return self.running.endpoint

    def client(self, service: str) -> Any:
        """Return a boto3 client with the rights of the local cloud's owner."""
        return aws.client(service, self.running.endpoint)

    def token(self, *, tenant: str, factories: tuple[str, ...], user: str, roles: tuple[str, ...]) -> str:
        """Return a bearer token (JWT) of ``user``; see ``cloud.users.token``."""
        return token(self.pool, tenant=tenant, factories=factories, user=user, roles=roles)

    def http(self, bearer: str | None = None) -> httpx.Client:
        """Return an HTTP client of the API, with ``bearer`` as its token."""
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        return httpx.Client(base_url=self.api_base, headers=headers, timeout=REQUEST_SECONDS, trust_env=False)


def home() -> Home:
    """Return the folder of the local cloud: ``.local`` in the repository, or ENGHUB_HOME."""
    return Home(Path(os.environ.get("ENGHUB_HOME", ROOT / ".local")))


def attach(running: Running) -> Cloud:
    """Return what is deployed in ``running``.

    Raises:
        Stop: nothing is, or not all of it.
    """
    state = outputs_of(running.endpoint, f"enghub-{STAGE}-state")
    edge = outputs_of(running.endpoint, f"enghub-{STAGE}-edge")  # the last stack: with it, all are there
    if "UserPoolId" not in state or "Address" not in edge:
        message = "EngHub is not deployed in the local cloud: type `enghub up`"
        raise Stop(message)
    pool = Pool(running.endpoint, state["UserPoolId"], state["UserPoolClientId"])
    return Cloud(running, pool)


def connect() -> Cloud:
    """Return the local cloud that ``enghub up`` started.

    Raises:
        Stop: it is not running.
    """
    running = home().running()
    if running is None:
        message = "The local cloud is not running: type `enghub up`"
        raise Stop(message)
    return attach(running)
