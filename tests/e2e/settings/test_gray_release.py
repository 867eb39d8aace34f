"""Gray releases on the deployed application, moved by what is really measured (CFG-10; issue 9, must show 7).

Debian's prometheus scrapes an application that counts its requests by variant; the other numbers are put into
CloudWatch. Nothing is injected. A campaign adds what takes minutes: to completion, with a deployment in the middle.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import httpx
import pytest

from enghub_cli.context import Cloud
from tests import servers
from tests.waiting import until

pytestmark = pytest.mark.e2e
FLAGS, RELEASES = "/api/v1/feature-flags", "/api/v1/gray-release"
SCRAPES = """
global: {{scrape_interval: 1s}}
scrape_configs:
- job_name: app
  static_configs: [{{targets: ["{target}"]}}]
"""
EVERY = 0.05
"""Seconds between two requests of a variant."""


class Application:
    """Serves both variants all the time and tells Prometheus what became of it."""

    def __init__(self) -> None:
        self.target = ""
        self.ill = False
        self.counted: Counter[tuple[str, str]] = Counter()

    def serve(self) -> None:
        for variant in ("on", "off"):
            code = "500" if variant == "on" and self.ill else "200"
            self.counted[variant, code] += 1

    def metrics(self) -> str:
        lines = [
            f'app_requests_total{{variant="{variant}",code="{code}"}} {self.counted[variant, code]}'
            for variant in ("on", "off")
            for code in ("200", "500")
        ]
        return "\n".join(["# TYPE app_requests_total counter", *lines, ""])


@contextmanager
def running() -> Iterator[Application]:
    app, closing = Application(), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = app.metrics().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    def serve() -> None:
        while not closing.wait(EVERY):
            app.serve()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    app.target = f"127.0.0.1:{server.server_address[1]}"
    threads = [Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}), Thread(target=serve)]
    for thread in threads:
        thread.start()
    try:
        yield app
    finally:
        closing.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()


@pytest.fixture
def app() -> Iterator[Application]:
    with running() as found:
        yield found


@pytest.fixture
def prometheus(app: Application) -> str:
    """The address of Debian's prometheus, which scrapes the application."""
    started = servers.start("prometheus")
    assert started is not None
    (started.folder / "prometheus.yml").write_text(SCRAPES.format(target=app.target), "utf-8")
    own = f"http://127.0.0.1:{started.port}"
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{own}/-/reload").status_code == 200
    return own


class Hub:
    """The deployed hub, for a tenant of this test's own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.tenant = f"t{uuid4().hex[:10]}"
        self.token = cloud.token(tenant=self.tenant, factories=(), user="rita", roles=("TENANT_ADMIN",))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        with self.cloud.http(self.token) as client:
            answer = client.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()["data"]

    def started(self, name: str, metrics: dict[str, Any], target: int = 50) -> str:
        """Start a release of a flag of its own, by half and half; return its path."""
        self.call("POST", FLAGS, {"flagKey": name})
        plan = {"targetPercentage": target, "incrementStep": 50, "incrementInterval": 60, "analysisInterval": 10}
        wanted = {
            "releaseName": name,
            "featureKey": name,
            "strategyType": "PERCENTAGE",
            "strategyConfig": plan,
            "autoRollback": True,
            "rollbackCondition": {"errorRate": 0.05, "minimumRequests": 20},
            "metricsConfig": metrics,
        }
        path = f"{RELEASES}/{self.call('POST', RELEASES, wanted)['releaseId']}"
        self.call("POST", f"{path}/start", {})
        return path

    def stands(self, path: str, **wanted: Any) -> dict[str, Any]:
        """Wait until a release is as wanted."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.call("GET", path)
            return found if all(found[name] == value for name, value in wanted.items()) else None

        return until(look, seconds=150, every=1)

    def share(self, name: str) -> int:
        """Return how many of fifty users have a flag."""
        asked = [{"context": {"targetingKey": f"user-{number}"}} for number in range(50)]
        with self.cloud.http(self.token) as client:
            found = [client.post(f"/ofrep/v1/evaluate/flags/{name}", json=one).json()["variant"] for one in asked]
        return found.count("on")


def scraped(address: str) -> dict[str, Any]:
    return {
        "source": "PROMETHEUS",
        "url": address,
        "requests": 'sum(increase(app_requests_total{variant="$variant"}[$window]))',
        "errors": 'sum(increase(app_requests_total{variant="$variant",code="500"}[$window]))',
    }


def put(hub: Hub, namespace: str, variant: str, **sums: float) -> None:
    """Put numbers into CloudWatch, as an application of the tenant does."""
    dimensions = [{"Name": "TenantId", "Value": hub.tenant}, {"Name": "Variant", "Value": variant}]
    data = [{"MetricName": name, "Dimensions": dimensions, "Value": value} for name, value in sums.items()]
    hub.cloud.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def test_what_prometheus_and_cloudwatch_measure_holds_and_takes_back(
    cloud: Cloud, app: Application, prometheus: str
) -> None:
    hub, namespace = Hub(cloud), f"app-{uuid4().hex[:8]}"
    by_scrapes = hub.started("scraped", scraped(prometheus))
    names = {"source": "CLOUDWATCH", "namespace": namespace, "requests": "Requests", "errors": "Errors"}
    by_numbers = hub.started("numbers", names)
    hub.stands(by_numbers, currentPercentage=50, verdict="INCONCLUSIVE", why="TOO_FEW_REQUESTS")
    hub.stands(by_scrapes, currentPercentage=50, verdict="PASS")
    assert hub.share("scraped") > 10
    app.ill = True
    put(hub, namespace, "on", Requests=100, Errors=30)
    put(hub, namespace, "off", Requests=100, Errors=0)
    for path in (by_scrapes, by_numbers):
        hub.stands(path, status="CANCELLED", why="ERROR_RATE", currentPercentage=0)
    assert (hub.share("scraped"), hub.share("numbers")) == (0, 0)
    steps = [line["step"] for line in hub.call("GET", f"{by_scrapes}/report")["journal"]]
    assert steps[0] == "ROLL_BACK"


@pytest.mark.campaign
def test_a_release_that_is_well_ends_at_all_through_a_deployment(
    cloud: Cloud, app: Application, prometheus: str
) -> None:
    hub = Hub(cloud)
    path = hub.started("complete", scraped(prometheus), target=100)
    hub.stands(path, currentPercentage=50, verdict="PASS")
    for name in ("advance-release", "wake-timers"):
        cloud.client("lambda").update_function_configuration(
            FunctionName=f"enghub-local-settings-{name}", Description=f"deployed anew {uuid4().hex[:8]}"
        )
    hub.stands(path, status="COMPLETED", currentPercentage=100)
    assert hub.share("complete") == 50
