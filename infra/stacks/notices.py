"""Telling people: the context ``notices``."""

import json

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.constructs.context_stack import ContextStack
from infra.constructs.grants import acknowledge, allow, allow_key
from infra.constructs.queues import allow_send
from infra.stacks.state import StateStack
from infra.stage import CONTEXTS, Stage

LINK_KEY = "notices/acknowledge"
CHANNEL_SECRETS = "notices/*"
STORED = ("GetItem", "PutItem", "UpdateItem")
"""What one aggregate's change needs; PutItem also keeps refusals in the audit."""


class NoticesStack(ContextStack):
    """Plans who hears, delivers, sweeps what is due; people set up rules, channels, contacts and templates."""

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, "notices", stage, state)
        self._settings = {"NOTICE_SENDER": stage.notice_sender, "PUBLIC_URL": stage.public_url}
        if stage.notice_topics:
            self._settings["NOTICE_TOPICS"] = " ".join(stage.notice_topics)
        self._link_key()
        self._delivery()
        self._setup()
        self._people()

    def _link_key(self) -> None:
        """The key that signs acknowledgement links; ``previous`` may stand beside it while it is changed."""
        generated = secretsmanager.SecretStringGenerator(
            secret_string_template=json.dumps({}),
            generate_string_key="key",
            password_length=48,
            exclude_punctuation=True,
        )
        made = secretsmanager.Secret(
            self,
            "LinkKey",
            secret_name=self.stage.secret_name(LINK_KEY),
            encryption_key=self.state.key,
            generate_secret_string=generated,
            removal_policy=self.state.removal,
        )
        reason = "Links live for 14 days: the key is changed by hand, and the old one kept beside it"
        acknowledge(made, "AwsSolutions-SMG4", reason)

    def _delivery(self) -> None:
        plan = self.function("plan_notice", timeout_seconds=30)
        self.table_access(plan, "BatchGetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem", indexes=())
        self.subscribe("plan_notice", plan, batch_size=5)

        deliver = self.function("deliver_notice", timeout_seconds=60, environment=self._settings)
        self.table_access(deliver, *STORED, "BatchGetItem", "Query", indexes=())
        signed = [f"{context}/notices/*" for context in CONTEXTS if context != "notices"]
        self.secret_access(deliver, CHANNEL_SECRETS, *signed)
        if self.stage.notice_sender:
            self.mail_access(deliver, self.stage.notice_sender)
        if self.stage.notice_topics:
            allow(deliver, ["sns:Publish"], list(self.stage.notice_topics))
        # One per call and many at once: who does not answer keeps nobody else waiting.
        queue = self.work_queue("deliver_notice", deliver, batch_size=1, max_concurrency=20)

        sweep = self.function("sweep_deliveries", timeout_seconds=30)
        allow(sweep, ["dynamodb:Query"], [f"{self.table_arn()}/index/gsi2"])
        allow_key(sweep, self.state.key.key_arn, "dynamodb", "Decrypt")
        sweep.add_environment("DELIVER_QUEUE_URL", queue.queue_url)
        allow_send(sweep, queue.queue_arn, self.state.key)
        self.schedule("sweep_deliveries", sweep, "rate(1 minute)")
        if self.stage.name == "local":
            ses.EmailIdentity(self, "Sender", identity=ses.Identity.email(self.stage.notice_sender))

    def _setup(self) -> None:
        topics = {"NOTICE_TOPICS": self._settings["NOTICE_TOPICS"]} if "NOTICE_TOPICS" in self._settings else {}
        change = self.function("change_setup", environment=topics)
        self.table_access(change, *STORED, "Query", indexes=())
        read = self.function("read_setup")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())
        try_ = self.function("try_setup")
        self.table_access(try_, "GetItem", "PutItem", indexes=())

    def _people(self) -> None:
        read = self.function("read_deliveries")
        self.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=("gsi1",))
        control = self.function("control_deliveries")
        self.table_access(control, *STORED, "DeleteItem", indexes=())
        answer: lambda_.Function = self.function("acknowledge_notice")
        self.table_access(answer, *STORED, indexes=())
        self.secret_access(answer, LINK_KEY)
