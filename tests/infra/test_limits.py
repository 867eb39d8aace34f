"""The whole product, projected: 220 functions and 250 routes over six contexts use at most 60 % of any AWS limit.

The functions are made up, the constructs are the real ones: what a context's author writes is repeated until the
context has the size it is planned for. The table of figures is written to `.build/limits.md`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from aws_cdk import App
from aws_cdk import aws_lambda as lambda_

from infra import stage as stages
from infra.app import Stacks, begin, context_from_file, finish
from infra.constructs import alarms
from infra.constructs.context_stack import ContextStack
from infra.document import Route, published
from infra.limits import GREATEST_SHARE, LAYERS, METRICS_PER_ALARM, Figure, figures, table
from infra.rules import resources
from infra.sources import ROOT, Sources, Subscription
from tests.infra.conftest import PROD, Assembly, built_layers, synthesised

pytestmark = pytest.mark.xdist_group("infra")

PLANNED = {"plm": 41, "mes": 46, "upgrade": 53, "settings": 29, "golive": 36, "notices": 15}
"""Functions of each context when all systems stand (issue 7: 220)."""
ROUTES = 250
SHAPES = ("http", "http", "http", "event", "http", "command", "http", "schedule", "task", "http")
"""What functions there are, as they are today: every second answers HTTP."""


@dataclass(frozen=True)
class Projected(Sources):
    """Sources in which a function, layer or workflow that is not written yet has the text of one that is."""

    def function(self, context: str, name: str) -> Path:
        found = super().function(context, name)
        return found if found.is_dir() else super().function("mes", "read_work_orders")

    def layer(self, name: str, *, with_packages: bool) -> Path:
        found = super().layer(name, with_packages=with_packages)
        return found if found.is_dir() else super().layer("mes", with_packages=with_packages)

    def subscription(self, context: str, name: str) -> Subscription:
        try:
            return super().subscription(context, name)
        except KeyError:
            return super().subscription("mes", "update_shift_board")

    def state_machine(self, context: str, name: str) -> str:
        known = (self.root / "statemachines" / context / f"{name}.asl.json").is_file()
        return super().state_machine(context, name) if known else super().state_machine("upgrade", "roll_out_fleet")


def functions_of(stack: ContextStack) -> int:
    return sum(isinstance(part, lambda_.Function) for part in stack.node.find_all())


def grow(stack: ContextStack, wanted: int) -> Iterator[str]:
    """Add functions until the stack has as many as wanted; yields the names of those that answer HTTP."""
    for number in range(wanted - functions_of(stack)):
        shape = SHAPES[number % len(SHAPES)]
        name = f"{shape}_with_a_long_name_{number}"
        function = stack.function(name, timeout_seconds=20, environment={"ONE_SETTING": "of its own"})
        stack.table_access(function, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
        stack.secret_access(function, f"{stack.context}/connections/*")
        if shape == "http":
            yield name
        elif shape == "event":
            stack.subscribe(name, function)
        elif shape == "command":
            stack.work_queue(name, function)
        elif shape == "schedule":
            stack.schedule(name, function, "rate(5 minutes)")
        else:
            stack.workflow(f"run_{number}", tasks={"AdvanceRollout": function})
            stack.metric_alarm(f"watch_{number}", alarms.QUEUE_AGE, "some.metric")


def routes_for(context: str, functions: Sequence[str], wanted: int) -> Iterator[Route]:
    """Yield as many routes as wanted, of the shapes there are today: a list, an item, steps of it, something below."""
    prefix = stages.PREFIXES[context][0]
    for number in range(wanted):
        base = f"/{prefix}/aggregate-{number // 5}"
        item = f"{base}/{{id}}"
        path, method = (
            (base, "GET"),
            (base, "POST"),
            (item, "GET"),
            (f"{item}/step", "POST"),
            (f"{item}/parts", "GET"),
        )[number % 5]
        yield Route(path, method, context, functions[number % len(functions)])


@pytest.fixture(scope="module")
def projected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    with pytest.MonkeyPatch.context() as patched:
        missing = tuple(context for context in PLANNED if context not in stages.CONTEXTS)
        patched.setattr(stages, "CONTEXTS", stages.CONTEXTS + missing)
        for context in PLANNED.keys() - stages.PREFIXES.keys():
            patched.setitem(stages.PREFIXES, context, (f"api/v1/{context}", f"api/v1/{context}-more"))
        app = App(outdir=str(tmp_path_factory.mktemp("cdk.out")), context=context_from_file())
        begun = begin(app, PROD, Projected(built=built_layers(tmp_path_factory)))
        have = {stack.context for stack in begun.contexts}
        more = tuple(ContextStack(app, context, PROD, begun.state) for context in PLANNED if context not in have)
        stacks = Stacks(begun.account, begun.state, begun.core, (*begun.contexts, *more))
        routes = list(published())
        today = {context: sum(route.context == context for route in routes) for context in PLANNED}
        lacking = ROUTES - sum(today.values())
        share = sum(PLANNED.values())
        for stack in stacks.contexts:
            added = list(grow(stack, PLANNED[stack.context]))
            routes += routes_for(stack.context, added, -(-lacking * PLANNED[stack.context] // share))
        finish(app, PROD, stacks, routes)
        yield synthesised(app)


@pytest.fixture(scope="module")
def found(projected: Assembly) -> list[Figure]:
    return figures(projected.templates)


def test_the_projection_has_the_size_of_the_whole_product(projected: Assembly) -> None:
    functions = sum(1 for template in projected.templates.values() for _ in resources(template, "Lambda::Function"))
    bodies = [api["Body"] for t in projected.templates.values() for _, api in resources(t, "ApiGateway::RestApi")]
    operations = sum(len(item) for body in bodies for path, item in body["paths"].items() if "+}" not in path)
    assert functions >= sum(PLANNED.values()) == 220
    assert operations >= ROUTES
    assert len(bodies) == len(PLANNED)


def test_every_limit_of_every_stack_and_api_is_used_by_60_percent_at_most(found: list[Figure]) -> None:
    report = table(found)
    (ROOT / ".build").mkdir(exist_ok=True)
    (ROOT / ".build" / "limits.md").write_text(f"{report}\n", "utf-8")
    over = [figure for figure in found if figure.share > GREATEST_SHARE]
    assert not over, f"{over}\n{report}"


def test_no_alarm_names_more_metrics_than_one_may(projected: Assembly) -> None:
    found = [alarm for t in projected.templates.values() for _, alarm in resources(t, "CloudWatch::Alarm")]
    named = [sum("MetricStat" in one for one in alarm.get("Metrics", ())) for alarm in found]
    assert max(named) == METRICS_PER_ALARM


def test_no_function_has_more_layers_than_the_four_of_the_architecture(projected: Assembly) -> None:
    found = [function for t in projected.templates.values() for _, function in resources(t, "Lambda::Function")]
    assert max(len(function["Layers"]) for function in found) == LAYERS


def test_what_is_over_its_limit_is_found() -> None:
    template = {"Resources": {f"R{number}": {"Type": "AWS::SNS::Topic"} for number in range(301)}}
    (resources_used,) = (one for one in figures({"s": template}) if one.what == "resources of a stack")
    assert resources_used.share > GREATEST_SHARE
    assert "| resources of a stack | s | 301 | 500 | 60% |" in table(figures({"s": template}))
