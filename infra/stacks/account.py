"""What an account and region have once, whatever stages live there: the role with which API Gateway writes logs."""

from aws_cdk import ArnFormat, DefaultStackSynthesizer, Environment, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.grants import allow, inline_policies
from infra.stage import Stage

LOG_ACTIONS = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
)


class AccountStack(Stack):
    """``enghub-account``: the same template from every stage, so that deleting one stage takes nothing from others.

    All APIs' stacks wait for it; it is protected from deletion in every stage.
    """

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(
            scope,
            "enghub-account",
            env=Environment(account=stage.account, region=stage.region),
            description="EngHub: what all stages of an account share",
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            termination_protection=True,
        )
        role = iam.Role(self, "LogRole", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        groups = self.format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        reason = "API Gateway demands this of its one account-wide log role before it accepts it"
        allow(role, LOG_ACTIONS, [groups], wildcard=reason)
        inline_policies(self)  # with its permissions inside, the role is complete when the account names it
        account = apigateway.CfnAccount(self, "LogAccount", cloud_watch_role_arn=role.role_arn)
        for part in (role, account):
            part.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
