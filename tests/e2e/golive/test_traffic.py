"""Traffic that moves and goes back by itself, through HTTP: a chapter of the demo (OPS-08)."""

from io import StringIO
from uuid import uuid4

import pytest
from rich.console import Console

from enghub_cli.context import Cloud
from enghub_cli.story import entrance, traffic
from enghub_cli.story.teller import Teller

pytestmark = pytest.mark.e2e


def test_a_version_that_fails_a_fifth_of_real_requests_is_taken_back_and_comes_again(cloud: Cloud) -> None:
    said = StringIO()
    tell = Teller(cloud, Console(file=said, width=300), run=uuid4().hex[:8].upper())
    with entrance.opened() as door:
        path = traffic.traffic_goes_back(tell, door)
        tell.wait("lena", path, lambda one: one["actualPercent"] == 20, show=lambda one: one["actualPercent"])
        assert door.percent == 20
        tell.call("lena", "POST", f"{path}/complete", {}, expect=200)
    assert '"state": "ROLLED_BACK"' in said.getvalue()
    assert "% is not < 2 %" in said.getvalue()
