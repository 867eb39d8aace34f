"""Signal, action case, hold, verification, release, issue, trace and dossier through HTTP: the chapters of the demo."""

from io import StringIO

import pytest
from rich.console import Console

from enghub.core import ids
from enghub.core.clock import system_clock
from enghub_cli.context import Cloud
from enghub_cli.story import quality
from enghub_cli.story.teller import Teller

pytestmark = pytest.mark.e2e


def test_a_signal_holds_a_lot_until_it_is_verified_and_the_batch_is_traced(cloud: Cloud) -> None:
    said = StringIO()
    tell = Teller(cloud, Console(file=said, width=200), run=ids.new_id(system_clock())[-8:])
    quality.lot_is_held(tell)
    quality.stock_is_traced(tell)
    text = said.getvalue()
    for shown in ("WE1", "ocap/OCAP-", "CLOSED", "CUST-7", "X-77"):
        assert shown in text
