"""A machine's failure, the load of a station and the cost of an order through HTTP: the chapters of the demo."""

from io import StringIO

import pytest
from rich.console import Console

from enghub.core import ids
from enghub.core.clock import system_clock
from enghub_cli.context import Cloud
from enghub_cli.story import machines
from enghub_cli.story.teller import Teller

pytestmark = pytest.mark.e2e


def test_what_stood_what_waits_and_what_it_cost_is_told(cloud: Cloud) -> None:
    said = StringIO()
    tell = Teller(cloud, Console(file=said, width=400), run=ids.new_id(system_clock())[-8:])
    machines.machine_breaks(tell)
    machines.load_is_seen(tell)
    machines.order_has_its_cost(tell)
    text = said.getvalue()
    for shown in ('"meanTimeToRestoration": 3600', '"waitsFor": ["WO-1"]', '"labour": 162'):
        assert shown in text
