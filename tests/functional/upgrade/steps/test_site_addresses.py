"""Where a site's hooks and checks may lead, and who gets the headers of its secret (S6, decision 0047)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from enghub.kit.outbound.addresses import Policy
from enghub.kit.outbound.calls import Outbound
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.gateways.sites import SiteGateway
from enghub.upgrade.sites.model import Site
from enghub.upgrade.stepping.hooks import Hooks
from tests.factories.upgrade import NOW
from tests.functional.upgrade.steps.matrix import Place, run
from tests.unit.kit.outbound.servers import Server, answering, http, serving

Make = Callable[..., Hooks]


@pytest.fixture
def hooks_of(account: Callable[..., str]) -> Make:
    """Hooks of a site with this secret, in a stage that allows loopback or not."""

    def make(urls: dict[str, str], loopback: bool = True, **secret: Any) -> Hooks:
        account("upgrade", OUTBOUND_LOOPBACK=str(loopback))
        site = Site("acme", "EU", "Europe", Dialect.SQLITE, urls, (), "ada", NOW)
        name = site.secret_name("test")
        boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(secret))
        return SiteGateway(site, "test").hooks

    return make


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(answering(http("200 OK", b'{"status": "up"}'))) as found:
        yield found


def test_the_headers_of_the_secret_stay_with_their_host(hooks_of: Make, server: Server) -> None:
    headers = {"Authorization": "Bearer s3cret"}
    bound = {f"127.0.0.1:{server.port}": headers}
    own, check = server.url(path="/status"), server.url(path="/other")
    elsewhere = server.url("localhost", "/stop")
    hooks = hooks_of({"status": own, "stop": elsewhere}, hook_headers=bound)
    for url in (own, check, elsewhere):
        assert hooks.call("status", "GET", url).text == '{"status": "up"}'
    assert [b"s3cret" in asked for asked in server.asked] == [True, False, False], "a hook, on the bound host"


def test_headers_that_are_bound_to_no_host_are_sent_nowhere(hooks_of: Make) -> None:
    with pytest.raises(WorkFailed, match="which host its hook_headers belong to"):
        hooks_of({}, hook_headers={"Authorization": "Bearer s3cret"})


def test_a_range_that_is_not_private_cannot_be_allowed(hooks_of: Make) -> None:
    with pytest.raises(WorkFailed, match=r"private_ranges .* 127.0.0.0/8 is not a range"):
        hooks_of({}, private_ranges=["127.0.0.0/8"])


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{}/", "http://2130706433:{}/", "http://localhost:{}/", "http://169.254.169.254/latest/"]
)
def test_an_address_inside_is_not_called_and_the_failure_says_why(hooks_of: Make, server: Server, url: str) -> None:
    hooks = hooks_of({}, loopback=False)
    with pytest.raises(WorkFailed, match="is not called") as failure:
        hooks.call("status", "GET", url.format(server.port))
    assert not failure.value.retryable
    assert "未调用" in failure.value.text.zh
    assert server.asked == []


def test_a_health_check_of_an_inner_address_or_port_is_unhealthy_without_a_connection(
    small: Place, server: Server
) -> None:
    place = replace(small, hooks=Hooks({}, outbound=Outbound(Policy(plain_http=True))))
    checks: list[dict[str, Any]] = [
        {"name": "page", "url": server.url(), "expected_text": "up"},
        {"name": "port", "kind": "tcp", "host": "127.0.0.1", "port": server.port},
    ]
    with pytest.raises(WorkFailed, match="page, port") as failure:
        run(place, "enghub.HealthChecks", {"health_checks": [{**check, "attempts": 1} for check in checks]})
    for outcome in failure.value.result["health_checks"]:
        assert "neither public nor allowed" in outcome["error"]
    assert server.asked == []


def test_a_port_of_the_site_is_looked_at(hooks_of: Make, small: Place, server: Server) -> None:
    place = replace(small, hooks=hooks_of({}))
    found = run(
        place,
        "enghub.HealthChecks",
        {
            "health_checks": [{"name": "port", "kind": "tcp", "host": "127.0.0.1", "port": server.port}],
        },
    )
    assert found.result["health_checks"] == [{"name": "port", "address": f"127.0.0.1:{server.port}", "healthy": True}]
