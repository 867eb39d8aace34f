"""The stack of one bounded context: what its author writes is which function answers what, and may touch what."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import (
    DefaultStackSynthesizer,
    Environment,
)
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.access import AccessStack
from infra.constructs.alarms import OUTBOX_AGE, PARKED, Kind, alarm, alarms_of_many
from infra.constructs.api import rest_api
from infra.constructs.function import Surroundings, layers, python_function
from infra.constructs.grants import allow, allow_key, inline_policies
from infra.constructs.outbox import relay_from_stream
from infra.constructs.queues import (
    PARKER_SECONDS,
    allow_send,
    consume,
    dead_letter_queue,
    one_policy,
    queue_with_dead_letters,
)
from infra.constructs.schedules import call_regularly
from infra.constructs.workflow import state_machine
from infra.document import Route
from infra.stacks.state import StateStack
from infra.stage import Stage


class ContextStack(AccessStack):
    """Functions, queues, subscriptions and workflows of one context, around the context's table, and its API.

    The outbox relay and its sweeper are there without asking, once the context has a table with a stream.
    """

    has_outbox = True

    def __init__(self, scope: Construct, context: str, stage: Stage, state: StateStack) -> None:
        super().__init__(
            scope,
            stage.name_of(context),
            env=Environment(account=stage.account, region=stage.region),
            description=f"EngHub {stage.name}: {context}",
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            termination_protection=stage.retain,
        )
        self.context = context
        self.stage = stage
        self.state = state
        self.table: dynamodb.Table = state.tables[context]
        self.metrics = f"EngHub/{stage.name}"
        self.api: apigateway.SpecRestApi | None = None
        self._functions: dict[str, lambda_.Function] = {}
        self._queue_urls: dict[str, str] = {}
        self._timeouts: dict[str, int] = {}
        self._around = Surroundings(
            key=state.key,
            alarms=state.alarm_topic_in(self),
            log_retention_days=stage.log_retention_days,
            layers=layers(self, stage, context, state.sources),
            environment={
                "STAGE": stage.name,
                "CONTEXT": context,
                "TABLE_NAME": stage.name_of(context),
                "LOG_LEVEL": stage.log_level,
                "POWERTOOLS_SERVICE_NAME": context,
                "POWERTOOLS_METRICS_NAMESPACE": self.metrics,
                "RATE_LIMITS": stage.rate_limits,
                **stage.outbound,
                **stage.security,
                **stage.pages,
            },
        )
        self._parked_from: dict[str, dict[str, str]] = {}
        self._parker = self._parking() if self.has_outbox else None
        self._failed = self._dead_letters(stage.name_of(context, "failed-invocations"), "failed-invocations", "")
        self._outbox_senders = self._outbox() if self.has_outbox else ()

    # --- functions -------------------------------------------------------------------------------------------------

    def function(
        self,
        name: str,
        *,
        memory_mb: int = 512,
        timeout_seconds: int = 10,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> lambda_.Function:
        """Add the function in ``functions/<context>/<name>`` (or in ``folder``).

        It gets the vendor, core, kit and context layers, a role of its own that may so far only write its log, a log
        group, alarms on errors and throttles, and STAGE, CONTEXT, TABLE_NAME, LOG_LEVEL and the Powertools names.
        """
        made = python_function(
            self,
            self.stage.name_of(self.context, name),
            folder or self.state.sources.function(self.context, name),
            self._around,
            memory_mb=memory_mb,
            timeout_seconds=timeout_seconds,
            environment=environment or {},
            description=f"{self.context}: {name.replace('_', ' ')}",
        )
        self._timeouts[made.node.id] = timeout_seconds
        self._functions[name] = made
        return made

    # --- alarms ----------------------------------------------------------------------------------------------------

    def metric_alarm(self, name: str, kind: Kind, metric: str, **dimensions: str) -> None:
        """Raise an alarm of this kind on one of the context's own metrics (``core.observability.measure``)."""
        dimensions_map = {"service": self.context, **dimensions}
        found = cloudwatch.Metric(namespace=self.metrics, metric_name=metric, dimensions_map=dimensions_map)
        alarm(self, self.stage.name_of(self.context, name), kind, found, self._around.alarms)

    # --- HTTP ------------------------------------------------------------------------------------------------------

    def finish(self, routes: Sequence[Route], authorizer_arn: str) -> None:
        """Add what needs all functions: the API with the context's ``routes``, if any, and the alarms of many."""
        name, own = self.stage.name_of(self.context), [route for route in routes if route.context == self.context]
        if own:
            functions = self._functions
            for answering in sorted({route.name for route in own if not route.public} & set(functions)):
                self.security_access(functions[answering])
            self.api = rest_api(
                self, name, self.stage, self._around, routes=own, functions=functions, authorizer_arn=authorizer_arn
            )
        alarms_of_many(self, name, self._around.watched, self._around.alarms)
        one_policy(self, self._around)
        inline_policies(self)

    # --- queues and events -----------------------------------------------------------------------------------------

    def work_queue(
        self, name: str, consumer: lambda_.Function, *, batch_size: int = 10, max_concurrency: int = 5
    ) -> sqs.Queue:
        """Add a queue of commands for ``consumer``; the outbox of this context sends to it by ``name``."""
        return self.queue(name, consumer, batch_size, max_concurrency)

    def subscribe(
        self,
        name: str,
        consumer: lambda_.Function,
        *,
        batch_size: int = 10,
        max_concurrency: int = 5,
    ) -> sqs.Queue:
        """Bring the events that the handler of ``functions/<context>/<name>`` reads to it, by a queue of its own."""
        queue = self.queue(name, consumer, batch_size, max_concurrency)
        wanted = self.state.sources.subscription(self.context, name)
        pattern = events.EventPattern(source=list(wanted.sources) or None, detail_type=list(wanted.event_types))
        rule = events.Rule(
            self,
            f"Rule {name}",
            rule_name=self.stage.name_of(self.context, name),
            event_bus=events.EventBus.from_event_bus_name(self, f"Bus {name}", self.stage.name_of()),
            event_pattern=pattern,
        )
        self._bring(rule, queue, name)
        return queue

    def objects_to(self, queue: sqs.Queue, name: str, prefix: str) -> None:
        """Tell ``queue`` of every object that is created under ``prefix`` of the bucket; S3 tells the default bus."""
        detail = {"bucket": {"name": [self.state.bucket_name]}, "object": {"key": [{"prefix": prefix}]}}
        pattern = events.EventPattern(source=["aws.s3"], detail_type=["Object Created"], detail=detail)
        rule_name = self.stage.name_of(self.context, name, "objects")
        rule = events.Rule(self, f"Objects {name}", rule_name=rule_name, event_pattern=pattern)
        self._bring(rule, queue, name)

    def _bring(self, rule: events.Rule, queue: sqs.Queue, name: str) -> None:
        """Send what fits a rule to ``queue``; what cannot be delivered for two days is parked."""
        undelivered = self._dead_letters(self.stage.name_of(self.context, name, "undelivered"), name, name)
        self._around.brought.append((rule.rule_arn, (queue, undelivered)))
        # By their ARNs, as else each queue would get a policy of its own; the stack's one has theirs.
        target, parked = (
            sqs.Queue.from_queue_arn(self, f"Target {one.node.id}", one.queue_arn) for one in (queue, undelivered)
        )
        rule.add_target(targets.SqsQueue(target, dead_letter_queue=parked, retry_attempts=185))

    def queue(self, name: str, consumer: lambda_.Function, batch_size: int, max_concurrency: int) -> sqs.Queue:
        """Add a queue for ``consumer``; the outbox sends to it by ``name``, also what is sent again after it failed."""
        queue = queue_with_dead_letters(
            self,
            self.stage.name_of(self.context, name),
            self._around,
            dead=self._dead_letters(self.stage.name_of(self.context, name, "dead"), name, name),
            consumer_timeout_seconds=self._timeouts[consumer.node.id],
        )
        consume(self, queue, consumer, self.state.key, batch_size=batch_size, max_concurrency=max_concurrency)
        self._queue_urls[name] = queue.queue_url
        for sender in self._outbox_senders:
            sender.add_environment("QUEUE_URLS", self.to_json_string(self._queue_urls))
            allow(sender, ["sqs:SendMessage"], [queue.queue_arn])
        return queue

    def _dead_letters(self, queue_name: str, consumer: str, channel: str) -> sqs.Queue:
        """Add a dead-letter queue; what comes into it is parked for ``consumer``, and re-driven by ``channel``."""
        queue = dead_letter_queue(self, queue_name, self._around)
        if self._parker is not None:
            self._parked_from[queue_name] = {
                "consumer": consumer,
                **({} if channel == consumer else {"channel": channel}),
            }
            compact = json.dumps(self._parked_from, separators=(",", ":"))
            self._parker.add_environment("DEAD_LETTERS", compact)
            consume(self, queue, self._parker, self.state.key, batch_size=10, max_concurrency=2)
        return queue

    def schedule(self, name: str, function: lambda_.Function, expression: str, time_zone: str = "UTC") -> None:
        """Call ``function`` by ``expression`` (``rate(5 minutes)``, ``cron(0 2 * * ? *)``); failures are kept."""
        full_name = self.stage.name_of(self.context, name)
        rate = (expression, time_zone)
        call_regularly(self, full_name, function, rate, failed=self._failed, key=self.state.key)
        self._keep_failures(function)

    def _keep_failures(self, function: lambda_.Function) -> None:
        """Keep calls that nobody waits for, and that failed three times, in the context's dead-letter queue."""
        name = f"Failures {self._name_of(function)}"
        if self.node.try_find_child(name):
            return
        allow_send(function, self._failed.queue_arn, self.state.key)
        lambda_.CfnEventInvokeConfig(
            self,
            name,
            function_name=self._name_of(function),
            qualifier="$LATEST",
            maximum_retry_attempts=2,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=self._failed.queue_arn)
            ),
        ).node.add_dependency(function)

    # --- workflows -------------------------------------------------------------------------------------------------

    def workflow(
        self,
        name: str,
        *,
        tasks: Mapping[str, lambda_.Function],
        substitutions: Mapping[str, str] | None = None,
    ) -> sfn.StateMachine:
        """Add the state machine in ``statemachines/<context>/<name>.asl.json``.

        ``${Task}`` in the definition stands for the ARN of ``tasks["Task"]``, other ``${Name}`` for
        ``substitutions["Name"]``. Its role may invoke exactly these functions; more by ``table_access(machine, ...)``.
        """
        return state_machine(
            self,
            self.stage.name_of(self.context, name),
            self.state.sources.state_machine(self.context, name),
            self._around,
            tasks=tasks,
            substitutions=substitutions or {},
        )

    # --- outbox ----------------------------------------------------------------------------------------------------

    def _outbox(self) -> tuple[lambda_.Function, ...]:
        sources, key = self.state.sources, self.state.key
        relay, sweeper = (
            self.function(name, memory_mb=256, timeout_seconds=timeout, folder=sources.shared_function(name))
            # The sweeper comes every minute, and never meets its next round.
            for name, timeout in (("relay_outbox", 30), ("sweep_outbox", 55))
        )
        bus_arn = self.format_arn(service="events", resource="event-bus", resource_name=self.stage.name_of())
        for function in (relay, sweeper):
            function.add_environment("EVENT_BUS_NAME", self.stage.name_of())
            function.add_environment("QUEUE_URLS", "{}")
            allow(function, ["events:PutEvents"], [bus_arn])
            allow_key(function, key.key_arn, "sqs", "GenerateDataKey", "Decrypt")
        self.table_access(relay, "BatchWriteItem")
        # Counting attempts, and parking what never gets through.
        self.table_access(sweeper, "BatchWriteItem", "GetItem", "PutItem", "UpdateItem", "DeleteItem")
        allow(sweeper, ["dynamodb:Query"], [f"{self.table_arn()}/index/gsi2"])
        name = self.stage.name_of(self.context, "relay_outbox")
        relay_from_stream(self, name, table=self.table, relay=relay, failed=self._failed, around=self._around)
        self.schedule("sweep_outbox", sweeper, "rate(1 minute)")
        self.metric_alarm("oldest", OUTBOX_AGE, "OutboxOldestSeconds")
        return relay, sweeper

    def _parking(self) -> lambda_.Function:
        """Add what keeps messages that failed for good, and what lets people decide about them."""
        sources = self.state.sources
        parker = self.function(
            "park_dead_letters",
            memory_mb=256,
            timeout_seconds=PARKER_SECONDS,
            folder=sources.shared_function("park_dead_letters"),
        )
        self.table_access(parker, "GetItem", "PutItem", "UpdateItem")
        manage = self.function("manage_parked", folder=sources.shared_function("manage_parked"))
        # PutItem: audit entries, and the message that is sent again.
        self.table_access(manage, "GetItem", "Query", "PutItem", "UpdateItem", indexes=("gsi1",))
        self.metric_alarm("messages", PARKED, "ParkedMessages")
        return parker

    def _name_of(self, function: lambda_.Function) -> str:
        return function.node.id.removeprefix("Function ")
