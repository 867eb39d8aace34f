"""Quality, stock, planning and ERP of the context ``mes``: what its stack has beside the floor."""

from infra.constructs.context_stack import ContextStack

STORED = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem")
"""What changes of aggregates and facts need; PutItem also keeps refusals in the audit."""


def add_quality(stack: ContextStack) -> None:
    """Add control charts, inspections, defects and OCAP."""
    read = stack.function("read_quality", memory_mb=1024)
    stack.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
    change = stack.function("change_quality")
    stack.table_access(change, *STORED, "DeleteItem", indexes=())
    follow = stack.function("follow_quality", timeout_seconds=30)
    stack.table_access(follow, "GetItem", "PutItem", "UpdateItem", "DeleteItem", indexes=())
    stack.subscribe("follow_quality", follow)
    read = stack.function("read_inspections")
    stack.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
    change = stack.function("change_inspections")
    stack.table_access(change, *STORED, "DeleteItem", indexes=())
    read = stack.function("read_inventory", memory_mb=1769)
    stack.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
    move = stack.function("move_stock", memory_mb=1024)
    # ConditionCheckItem: nothing of a held lot goes out.
    stack.table_access(move, *STORED, "DeleteItem", "ConditionCheckItem", indexes=())
    follow = stack.function("follow_stock", timeout_seconds=30)
    stack.table_access(follow, "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", indexes=())
    stack.subscribe("follow_stock", follow)
    plan = stack.function("plan_requirements", memory_mb=1769, timeout_seconds=29)
    stack.table_access(plan, *STORED, "DeleteItem", indexes=())
    _large_plans(stack)
    read = stack.function("read_planning", memory_mb=1024)
    stack.table_access(read, "GetItem", "Query", "PutItem", indexes=())
    load = stack.function("read_load", memory_mb=1769, timeout_seconds=29)
    # gsi2: the reports that the cost of an order is made of.
    stack.table_access(load, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=("gsi2",))
    read = stack.function("read_dossier", memory_mb=1024, timeout_seconds=29)
    # gsi2: the reports of a work order.
    stack.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=("gsi2",))
    _erp(stack)
    tell = stack.function("tell_planners", memory_mb=1024, timeout_seconds=60)
    # gsi2: the reports that the cost of an order is made of.
    stack.table_access(tell, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=("gsi2",))
    stack.subscribe("tell_planners", tell)
    hold = stack.function("hold_orders", timeout_seconds=60)
    # DeleteItem: entries of lists that the order leaves; never an order.
    stack.table_access(hold, *STORED, "DeleteItem", indexes=())
    stack.subscribe("hold_orders", hold)
    rules = stack.function("follow_rules", timeout_seconds=30)
    stack.table_access(rules, "PutItem", indexes=())
    stack.subscribe("follow_rules", rules)
    read = stack.function("read_defects")
    stack.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
    change = stack.function("change_defects")
    stack.table_access(change, *STORED, "DeleteItem", indexes=())


def _large_plans(stack: ContextStack) -> None:
    """Add large planning runs: chunks of items, one after the other."""
    advance = stack.function("advance_planning", memory_mb=1769, timeout_seconds=900)
    # DeleteItem: the lease of a run that ended.
    stack.table_access(advance, *STORED, "DeleteItem", indexes=())
    machine = stack.workflow("plan_chunks", tasks={"AdvancePlanning": advance})
    launch = stack.function("launch_planning")
    stack.table_access(launch, "GetItem", indexes=())
    stack.start_access(launch, machine)
    stack.work_queue("launch_planning", launch)
    sweep = stack.function("sweep_planning", timeout_seconds=60)
    stack.table_access(sweep, "GetItem", "PutItem", "UpdateItem", "Query", indexes=("gsi2",))
    stack.schedule("sweep_planning", sweep, "rate(5 minutes)")


def _erp(stack: ContextStack) -> None:
    """Add the exchange with the factories' ERPs: three tries and their pauses fit into what the gateway waits."""
    read = stack.function("read_erp", timeout_seconds=29)
    stack.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
    change = stack.function("change_erp", timeout_seconds=29)
    feed = stack.function("feed_erp", timeout_seconds=30)
    stack.table_access(feed, "GetItem", "PutItem", indexes=())
    stack.subscribe("feed_erp", feed)
    send = stack.function("send_to_erp", timeout_seconds=30)
    stack.work_queue("send_to_erp", send, batch_size=1)
    sweep = stack.function("sweep_erp", timeout_seconds=58)
    stack.schedule("sweep_erp", sweep, "rate(1 minute)")
    for sends in (change, send, sweep):
        # DeleteItem: entries of lists that a message leaves; BatchGetItem: refusals that are checked again.
        stack.table_access(sends, *STORED, "DeleteItem", indexes=("gsi2",))
    supply = stack.function("read_supply", timeout_seconds=29)
    stack.table_access(supply, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
    for calls in (read, change, send, sweep, supply):
        stack.secret_access(calls, "mes/erp/*")
