"""Tryton's stock supply in a process of its own, on its own packages alone; prints the productions it asks for as JSON.

``python -S tryton_worker.py JOB``: JOB has items (lead time in days, components) and demands (item, day from today,
quantity). Its database is SQLite in memory. Written after its own scenario of stock_supply_production.
"""

import datetime
import importlib
import json
import sys
import time
from decimal import Decimal
from typing import Any

proteus = importlib.import_module("proteus")
tools = importlib.import_module("trytond.tests.tools")
companies = importlib.import_module("trytond.modules.company.tests.tools")


def main() -> None:
    """Describe the items, put the demands, let Tryton plan, print what it suggests."""
    job = json.loads(sys.argv[1])
    begin = time.perf_counter()
    tools.activate_modules("stock_supply_production", companies.create_company)
    get = proteus.Model.get
    today = datetime.datetime.now(tz=datetime.UTC).date()
    period = get("production.configuration")(1)
    period.supply_period = datetime.timedelta(days=400)
    period.save()
    products = _described(job["items"])
    _demanded(job["demands"], products, today)
    ready = time.perf_counter() - begin
    spent = time.process_time()
    proteus.Wizard("stock.supply").execute("create_")
    spent = time.process_time() - spent
    found = [[one.product.name, (one.planned_date - today).days, one.quantity] for one in get("production").find([])]
    print(json.dumps({"cpu": spent, "setUp": ready, "orders": sorted(found)}))


def _described(items: dict[str, Any]) -> dict[str, Any]:
    get = proteus.Model.get
    (unit,) = get("product.uom").find([("name", "=", "Unit")])
    products = {}
    for name in items:
        made = get("product.template")(name=name, default_uom=unit, type="goods", list_price=Decimal(1))
        made.producible = True
        made.save()
        (products[name],) = made.products
    for name, said in items.items():
        product = products[name]
        lead = get("production.lead_time")(product=product, lead_time=datetime.timedelta(days=said["lead"]))
        if said["components"]:
            bom = get("production.bom")(name=name)
            output = bom.outputs.new()
            output.product, output.quantity = product, 1
            for component, quantity in said["components"]:
                line = bom.inputs.new()
                line.product, line.quantity = products[component], quantity
            bom.save()
            product.boms.new().bom = bom
            product.save()
            lead.bom = bom
        lead.save()
    return products


def _demanded(demands: list[Any], products: dict[str, Any], today: datetime.date) -> None:
    get = proteus.Model.get
    (storage,) = get("stock.location").find([("code", "=", "STO")])
    (gone,) = get("stock.location").find([("type", "=", "lost_found")])
    for item, day, quantity in demands:
        due = today + datetime.timedelta(days=day)
        shipment = get("stock.shipment.internal")(from_location=storage, to_location=gone)
        shipment.planned_date = shipment.planned_start_date = due
        move = shipment.moves.new()
        move.product, move.quantity, move.planned_date = products[item], quantity, due
        move.from_location, move.to_location = storage, gone
        shipment.click("wait")


if __name__ == "__main__":
    main()
