"""``enghub demo``: a day at the factory, told through the public HTTP API."""

from time import time

import typer

from enghub_cli import context
from enghub_cli.console import out
from enghub_cli.story import (
    administrators,
    changes,
    entrance,
    erp,
    floor,
    golive,
    machines,
    night,
    quality,
    secrets,
    site,
    telling,
    traffic,
)
from enghub_cli.story.teller import Teller

NEXT = """
What next:
  enghub status                  what runs, what waits in queues, how the workflows ended
  enghub logs report_production  what a function wrote
  curl -H "Authorization: Bearer $(enghub token --tenant acme --factory sh-01 --user you --role SHIFT_LEAD)" \\
    "$(enghub url)/api/v1/work-orders"

  the API     {api}  (described in docs/openapi.json)
  AWS's APIs  {aws}  (any access key; region us-east-1)
  `enghub down` stops it all and keeps the data."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo() -> None:
    """Tell the story of a day at the factory; every call and its answer is shown. May be told again and again."""
    cloud = context.connect()
    tell = Teller(cloud, out, run=format(int(time()), "X"))
    out.print(f"A day at the factory, through {cloud.api_base}")
    floor.change_arrives(tell)
    floor.products_sync(tell)
    date = floor.work_is_done(tell)
    changes.change_is_followed(tell)
    changes.part_is_approved(tell)
    changes.problems_flow_back(tell)
    floor.board_moves(tell, date)
    quality.lot_is_held(tell)
    quality.stock_is_traced(tell)
    erp.erp_goes_away(tell)
    erp.erp_is_not_well(tell)
    machines.machine_breaks(tell)
    machines.load_is_seen(tell)
    machines.order_has_its_cost(tell)
    floor.setting_changes(tell)
    secrets.secret_stays_one(tell)
    secrets.rule_is_proved(tell)
    administrators.value_is_explained(tell)
    administrators.two_agree(tell)
    administrators.release_goes_back(tell)
    golive.system_goes_live(tell)
    with entrance.opened() as door:
        ramp = traffic.traffic_goes_back(tell, door)
        telling.people_are_named(tell)
        site.upgrade_site(tell)
        telling.people_were_told(tell)
        night.night_falls(tell)
        traffic.traffic_has_moved(tell, ramp)
    out.rule("[bold]The day is done")
    out.print(NEXT.format(api=cloud.api_base, aws=cloud.running.endpoint), markup=False)
