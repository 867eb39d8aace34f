"""The ERP down, slow, behind, answering garbage, through HTTP, as people see it: chapters of the demo (MES-16)."""

from io import StringIO

import pytest
from rich.console import Console

from enghub.core import ids
from enghub.core.clock import system_clock
from enghub_cli.context import Cloud
from enghub_cli.story import erp
from enghub_cli.story.teller import Teller

pytestmark = pytest.mark.e2e


def test_each_degraded_rule_holds_and_shows_and_ends(cloud: Cloud) -> None:
    said = StringIO()
    tell = Teller(cloud, Console(file=said, width=200), run=ids.new_id(system_clock())[-8:])
    erp.erp_goes_away(tell)
    erp.erp_is_not_well(tell)
    text = said.getvalue()
    for shown in (
        "COMPLETIONS DOWN, 1 waiting",
        "BOM service is away",
        "ACK-",
        "POSSIBLE",
        "PPAP SLOW",
        "PPAP LAGGING",
        "UNKNOWN",
    ):
        assert shown in text, text
