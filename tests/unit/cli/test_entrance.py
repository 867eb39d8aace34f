"""The entrance of the demo: what it shares and counts is what a ramp reads."""

import httpx
import pytest

from enghub_cli.story.entrance import Entrance, opened


@pytest.mark.parametrize("percent", [0, 1, 20, 50, 99, 100])
def test_of_a_hundred_requests_as_many_are_the_new_ones_as_its_share_says(percent: int) -> None:
    entrance = Entrance()
    entrance.percent = percent
    assert [entrance.answer()[1] for _ in range(300)].count("new") == 3 * percent
    assert (entrance.count("requests:new[15s]"), entrance.count("errors:new[15s]")) == (3 * percent, 0)


def test_a_share_that_is_told_is_read_back_and_failures_are_counted_as_prometheus_tells_them() -> None:
    with opened() as entrance, httpx.Client(base_url=entrance.url) as client:
        entrance.ill = "new"
        assert client.post("/share", json={"percent": 100}).status_code == 200
        assert client.get("/share").json() == {"percent": 100}
        assert client.get("/").status_code == 500
        found = client.get("/api/v1/query", params={"query": "errors:new[60s]"}).json()
        assert found["status"] == "success"
        assert int(found["data"]["result"][0]["value"][1]) >= 1
        assert client.get("/old").status_code == 200
        entrance.mended()
        assert client.get("/").status_code == 200
        assert entrance.count("errors:new[60s]") == 0
