"""One Lambda function: its code, its own role, its log group and its alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarms import FUNCTION_ERRORS, FUNCTION_THROTTLES, Kind, Watched
from infra.constructs.grants import acknowledge, allow
from infra.sources import NOT_SHIPPED, Sources
from infra.stage import CORE, KIT, Stage

RUNTIME = lambda_.Runtime.PYTHON_3_13
HANDLER = "handler.lambda_handler"
RETENTION = {
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all functions of a stack share."""

    key: kms.IKey
    alarms: sns.ITopic
    log_retention_days: int
    layers: Sequence[lambda_.ILayerVersion]
    environment: Mapping[str, str] = field(default_factory=dict)
    watched: dict[Kind, list[Watched]] = field(default_factory=dict)
    """What becomes an alarm together with others of its kind, once the stack is complete."""
    queues: list[sqs.Queue] = field(default_factory=list)
    """They get one policy together, once the stack is complete."""
    brought: list[tuple[str, tuple[sqs.Queue, ...]]] = field(default_factory=list)
    """Rules of event buses by their ARN, and the queues that each sends to."""

    def watch(self, kind: Kind, name: str, metric: cloudwatch.Metric) -> None:
        """Have ``metric`` of the thing ``name`` watched."""
        self.watched.setdefault(kind, []).append(Watched(name, metric))


def code(folder: Path) -> lambda_.Code:
    """Return a folder as an asset, without what the interpreter left behind."""
    return lambda_.Code.from_asset(str(folder), exclude=NOT_SHIPPED, ignore_mode=IgnoreMode.GLOB)


def layers(scope: Construct, stage: Stage, context: str, sources: Sources) -> list[lambda_.ILayerVersion]:
    """Add the layers of a context's functions: third-party packages, core, kit, and the context's own code."""
    folders = {
        CORE: sources.layer(CORE, with_packages=False),
        KIT: sources.layer(KIT, with_packages=False),
        context: sources.layer(context, with_packages=stage.vendor_layer),
    }
    if stage.vendor_layer:
        folders = {"vendor": sources.vendor(), **folders}
    return [
        lambda_.LayerVersion(
            scope,
            f"Layer {name}",
            layer_version_name=stage.name_of(context, "layer", name),
            code=code(folder),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[lambda_.Architecture.ARM_64],
            removal_policy=RemovalPolicy.RETAIN if stage.retain else RemovalPolicy.DESTROY,
        )
        for name, folder in folders.items()
    ]


def log_group(scope: Construct, name: str, key: kms.IKey, retention_days: int) -> logs.LogGroup:
    """Add the log group ``name``, encrypted and with an end to what it keeps."""
    return logs.LogGroup(
        scope,
        f"Logs {name}",
        log_group_name=name,
        encryption_key=key,
        retention=RETENTION[retention_days],
        removal_policy=RemovalPolicy.DESTROY,
    )


def python_function(
    scope: Construct,
    name: str,
    folder: Path,
    around: Surroundings,
    *,
    memory_mb: int,
    timeout_seconds: int,
    environment: Mapping[str, str],
    description: str,
) -> lambda_.Function:
    """Add the function ``name`` (its physical name) from ``folder``; its role may write to its log group, no more."""
    group = log_group(scope, f"/aws/lambda/{name}", around.key, around.log_retention_days)
    role = iam.Role(scope, f"Role {name}", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [group.log_group_arn])
    function = lambda_.Function(
        scope,
        f"Function {name}",
        function_name=name,
        description=description,
        runtime=RUNTIME,
        architecture=lambda_.Architecture.ARM_64,
        handler=HANDLER,
        code=code(folder),
        layers=list(around.layers),
        memory_size=memory_mb,
        timeout=Duration.seconds(timeout_seconds),
        environment={**around.environment, **environment},
        role=role,
        log_group=group,
    )
    acknowledge(
        function, "AwsSolutions-L1", "Python 3.13 starts faster than 3.14 and all our packages have wheels for it"
    )
    around.watch(FUNCTION_ERRORS, name, function.metric_errors())
    around.watch(FUNCTION_THROTTLES, name, function.metric_throttles())
    return function
