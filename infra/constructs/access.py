"""Who may touch what of a context: the grants of its stack, each of exactly what is named."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, CfnCondition, CfnParameter, Fn, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn

from infra.constructs.grants import Grantee, allow, allow_key
from infra.constructs.workflow import executions_arn, machine_arn
from infra.stacks.state import StateStack
from infra.stage import Stage

INDEXES = ("gsi1", "gsi2")
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"})


class AccessStack(Stack):
    """Grants around a context's table, files, secrets and workflows."""

    context: str
    stage: Stage
    state: StateStack

    def table_access(self, grantee: Grantee, *actions: str, indexes: Sequence[str] = INDEXES) -> None:
        """Allow exactly these DynamoDB ``actions`` on the context's table, and its key through DynamoDB.

        ``Query`` (and ``Scan``) extend to ``indexes``.
        """
        table_arn = self.table_arn()
        allow(grantee, [f"dynamodb:{action}" for action in actions], [table_arn])
        reads = [f"dynamodb:{action}" for action in actions if action in {"Query", "Scan"}]
        if reads and indexes:
            allow(grantee, reads, [f"{table_arn}/index/{index}" for index in indexes])
        key_actions = ["Decrypt", "Encrypt", "GenerateDataKey"] if WRITES & set(actions) else ["Decrypt"]
        allow_key(grantee, self.state.key.key_arn, "dynamodb", *key_actions)

    def security_access(self, function: lambda_.Function) -> None:
        """Allow what the edge asks of the security policy before every request (``core.security``): policies, sessions,
        their audit and events, in the table of settings, and nothing else there."""
        table_arn = self.format_arn(service="dynamodb", resource="table", resource_name=self.stage.name_of("settings"))
        partitions = ["T#*#SECURITY_POLICY", "T#*#SESSIONS#*", "T#*#GRANTS#*", "T#*#AUDIT#session/*", "T#*#OUTBOX#*"]
        allow(
            function,
            [f"dynamodb:{action}" for action in ("BatchGetItem", "PutItem", "UpdateItem")],
            [table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": partitions}},
        )
        allow_key(function, self.state.key.key_arn, "dynamodb", "Decrypt", "Encrypt", "GenerateDataKey")

    def field_key_access(self, *functions: lambda_.Function) -> None:
        """Allow to seal and unseal fields of the context's items (``core.field_keys``); env FIELD_KEY_ARN."""
        for function in functions:
            function.add_environment("FIELD_KEY_ARN", self.state.field_key.key_arn)
            allow(function, ["kms:GenerateDataKey", "kms:Decrypt"], [self.state.field_key.key_arn])

    def secret_access(self, grantee: Grantee, *names: str, action: str = "GetSecretValue") -> None:
        """Allow reading the secrets ``enghub/<stage>/<name>``, or another ``action``; a name may end in ``*``."""
        arns = [
            self.format_arn(
                service="secretsmanager",
                resource="secret",
                resource_name=self.stage.secret_name(name if name.endswith("*") else f"{name}-??????"),
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for name in names
        ]
        reason = "Secrets of one kind, one per tenant or site; the ARN ends in six characters nobody can know"
        allow(grantee, [f"secretsmanager:{action}"], arns, wildcard=reason)

    def object_access(self, function: lambda_.Function, prefix: str, *actions: str) -> None:
        """Allow S3 ``actions`` (``GetObject``, ``PutObject``, ...) under ``prefix`` of the bucket; env BUCKET_NAME."""
        function.add_environment("BUCKET_NAME", self.state.bucket_name)
        arn = self.format_arn(service="s3", region="", account="", resource=self.state.bucket_name)
        reason = "Files under one prefix; their names are made at run time"
        allow(function, [f"s3:{action}" for action in actions], [f"{arn}/{prefix}*"], wildcard=reason)
        allow_key(function, self.state.key.key_arn, "s3", "Decrypt", "GenerateDataKey")

    def listing_access(self, function: lambda_.Function, prefix: str) -> None:
        """Allow to list what is under ``prefix``: by it a refused object is told from a missing one (``kit.files``)."""
        arn = self.format_arn(service="s3", region="", account="", resource=self.state.bucket_name)
        allow(function, ["s3:ListBucket"], [arn], conditions={"StringLike": {"s3:prefix": [f"{prefix}*"]}})

    def start_access(self, function: lambda_.Function, machine: sfn.StateMachine | str, *also: str) -> None:
        """Allow ``function`` to start ``machine``, and ``also`` (``DescribeExecution``, ``StopExecution``, ...).

        ``machine`` may be the name of a workflow that is made later. Env STATE_MACHINE_ARN_<NAME> is set.
        """
        name = machine if isinstance(machine, str) else self._workflow_name(machine)
        full_name = self.stage.name_of(self.context, name)
        function.add_environment(f"STATE_MACHINE_ARN_{name.upper()}", machine_arn(self, full_name))
        allow(function, ["states:StartExecution"], [machine_arn(self, full_name)])
        if also:
            reason = "Executions of this one workflow; their names are made at run time"
            executions = [executions_arn(self, full_name)]
            allow(function, [f"states:{action}" for action in also], executions, wildcard=reason)

    def describe_access(self, function: lambda_.Function, name: str) -> None:
        """Allow ``function`` to see the state of the workflow ``name``; env STATE_MACHINE_ARN_<NAME> is set."""
        arn = machine_arn(self, self.stage.name_of(self.context, name))
        function.add_environment(f"STATE_MACHINE_ARN_{name.upper()}", arn)
        allow(function, ["states:DescribeStateMachine"], [arn])

    def callback_access(self, function: lambda_.Function, machine: sfn.StateMachine | str) -> None:
        """Allow ``function`` to answer the task tokens of ``machine``.

        The emulator cannot tell from a token whose machine it is and compares with ``*`` (docs/fidelity.md, F15).
        """
        name = machine if isinstance(machine, str) else self._workflow_name(machine)
        arn = machine_arn(self, self.stage.name_of(self.context, name))
        reason = "Only in the local cloud, which knows no resource for task tokens"
        allow(function, ["states:SendTaskSuccess"], [self._on_aws_only(arn)], wildcard=reason)

    def mail_access(self, function: lambda_.Function, sender: str) -> None:
        """Allow mail from ``sender``, by its address or its domain, whichever SES has verified.

        The emulator compares with ``*`` (docs/fidelity.md, F16).
        """
        names = (sender, sender.rpartition("@")[2])
        arns = [self.format_arn(service="ses", resource="identity", resource_name=name) for name in names]
        reason = "Only in the local cloud, which knows no resource for mails"
        allow(function, ["ses:SendEmail"], [self._on_aws_only(arn) for arn in arns], wildcard=reason)

    def _on_aws_only(self, arn: str) -> str:
        """Return ``arn``, which is any resource in the local cloud."""
        return Fn.condition_if(self._on_aws().logical_id, arn, "*").to_string()

    def _on_aws(self) -> CfnCondition:
        """Return the condition that this stack is deployed on AWS; ``enghub up`` says otherwise."""
        made = self.node.try_find_child("OnAws")
        if isinstance(made, CfnCondition):
            return made
        target = CfnParameter(self, "Target", type="String", default="aws", allowed_values=["aws", "local"])
        return CfnCondition(self, "OnAws", expression=Fn.condition_equals(target.value_as_string, "aws"))

    def table_arn(self) -> str:
        """Return the ARN of the context's table."""
        return self.format_arn(service="dynamodb", resource="table", resource_name=self.stage.name_of(self.context))

    def _workflow_name(self, machine: sfn.StateMachine) -> str:
        prefix = f"Workflow {self.stage.name_of(self.context)}-"
        return machine.node.id.removeprefix(prefix).replace("-", "_")
