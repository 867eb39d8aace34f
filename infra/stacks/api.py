"""The one REST API: the routes of all contexts behind the authorizer, throttled, logged, answering in one envelope."""

import json
from collections.abc import Iterable

from aws_cdk import (
    ArnFormat,
    Aws,
    CfnCondition,
    CfnOutput,
    CfnParameter,
    DefaultStackSynthesizer,
    Duration,
    Environment,
    Fn,
    Stack,
)
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.constructs.alarms import API_FAILURES, API_LATENCY, alarm
from infra.constructs.function import log_group
from infra.constructs.grants import acknowledge, allow
from infra.constructs.routes import Route, in_order
from infra.stacks.state import StateStack
from infra.stage import Stage

REFUSALS = {
    "UNAUTHORIZED": (401, "40101", "UNAUTHENTICATED", "Sign in again / 认证失败，请重新登录"),
    "ACCESS_DENIED": (403, "40301", "FORBIDDEN", "Access denied / 权限不足"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "40401", "ROUTE_NOT_FOUND", "No such route / 接口不存在"),
    "RESOURCE_NOT_FOUND": (404, "40401", "ROUTE_NOT_FOUND", "No such route / 接口不存在"),
    "REQUEST_TOO_LARGE": (413, "41301", "TOO_LARGE", "The body is too large / 请求体过大"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "41501", "UNSUPPORTED_MEDIA", "Unsupported content type / 不支持的内容类型"),
    "THROTTLED": (429, "42901", "RATE_LIMITED", "Too many requests / 请求过于频繁"),
    "QUOTA_EXCEEDED": (429, "42901", "RATE_LIMITED", "Too many requests / 请求过于频繁"),
    "WAF_FILTERED": (403, "40301", "FORBIDDEN", "Access denied / 权限不足"),
    "DEFAULT_4XX": (None, "40001", "INVALID", "The request is not valid / 请求无效"),
    "INTEGRATION_TIMEOUT": (504, "50301", "UNAVAILABLE", "Try again in a moment / 请稍后重试"),
    "DEFAULT_5XX": (None, "50001", "FAILED", "The operation failed / 操作失败"),
}
"""What the gateway itself answers: status (None keeps its own), code, name, message."""

ACCESS_LOG = {
    "requestId": "$context.requestId",
    "ip": "$context.identity.sourceIp",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "tenant": "$context.authorizer.tenantId",
    "user": "$context.authorizer.userId",
    "refusal": "$context.error.responseType",
    "milliseconds": "$context.responseLatency",
    "bytes": "$context.responseLength",
}


class ApiStack(Stack):
    """The REST API ``enghub-<stage>``; deployed last, because it names the functions of all other stacks."""

    def __init__(
        self, scope: Construct, stage: Stage, state: StateStack, authorizer_name: str, routes: Iterable[Route]
    ) -> None:
        super().__init__(
            scope,
            stage.name_of("api"),
            env=Environment(account=stage.account, region=stage.region),
            description=f"EngHub {stage.name}: REST API",
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            termination_protection=stage.retain,
        )
        self.stage = stage
        target = CfnParameter(self, "Target", type="String", default="aws", allowed_values=["aws", "local"])
        self._on_aws = CfnCondition(self, "OnAws", expression=Fn.condition_equals(target.value_as_string, "aws"))
        logs = log_group(self, f"/aws/apigateway/{stage.name_of()}", state.key, stage.log_retention_days)
        self._log_access()
        cors = apigateway.CorsOptions(
            allow_origins=list(stage.cors_origins),
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Accept-Language", "X-Factory-Id"],
            max_age=Duration.hours(1),
        )
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=stage.name_of(),
            description=f"EngHub {stage.name}",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            default_cors_preflight_options=cors if stage.cors_origins else None,
            deploy_options=apigateway.StageOptions(
                stage_name=stage.name,
                throttling_rate_limit=stage.requests_per_second,
                throttling_burst_limit=stage.request_burst,
                metrics_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                tracing_enabled=False,
                access_log_destination=apigateway.LogGroupLogDestination(logs),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
            ),
        )
        acknowledge(
            self.api, "AwsSolutions-APIG2", "Every handler validates its request strictly and says which field is wrong"
        )
        self._authorizer = self._add_authorizer(authorizer_name)
        self._integrations: dict[str, apigateway.Integration] = {}
        for route in in_order(routes):
            self._add(route)
        self._answer_refusals()
        self._firewall()
        topic = state.alarm_topic_in(self)
        alarm(self, stage.name_of("api"), API_FAILURES, self.api.metric_server_error(), topic)
        alarm(self, stage.name_of("api"), API_LATENCY, self.api.metric_latency(), topic)
        CfnOutput(self, "ApiId", value=self.api.rest_api_id)
        CfnOutput(self, "ApiStage", value=stage.name)

    def _add(self, route: Route) -> None:
        if route.function_name not in self._integrations:
            self._integrations[route.function_name] = self._integration(route.function_name)
        resource = self.api.root.resource_for_path(route.path)
        integration = self._integrations[route.function_name]
        if route.public:
            method = resource.add_method(
                route.method, integration, authorization_type=apigateway.AuthorizationType.NONE
            )
            acknowledge(method, "AwsSolutions-APIG4", "The function verifies the caller, for example by a signature")
        else:
            method = resource.add_method(
                route.method,
                integration,
                authorization_type=apigateway.AuthorizationType.CUSTOM,
                authorizer=self._authorizer,
            )
        acknowledge(
            method,
            "AwsSolutions-COG4",
            "The Lambda authorizer verifies Cognito's tokens and adds permissions",
        )

    def _integration(self, function_name: str) -> apigateway.Integration:
        lambda_.CfnPermission(
            self,
            f"Invoke {function_name}",
            action="lambda:InvokeFunction",
            function_name=function_name,
            principal="apigateway.amazonaws.com",
            source_arn=self._execute_arn(f"{self.stage.name}/*"),
        )
        return apigateway.Integration(
            type=apigateway.IntegrationType.AWS_PROXY,
            integration_http_method="POST",
            uri=self._invocation_uri(function_name),
        )

    def _add_authorizer(self, function_name: str) -> apigateway.IAuthorizer:
        cached = self.stage.authorizer_cache_seconds > 0
        return apigateway.RequestAuthorizer(
            self,
            "Authorizer",
            authorizer_name=self.stage.name_of("token"),
            handler=lambda_.Function.from_function_attributes(
                self,
                "AuthorizerFunction",
                function_arn=self._function_arn(function_name),
                same_environment=True,
            ),
            # Without a cache no identity source is demanded, and requests without a token reach the audit as well.
            identity_sources=[apigateway.IdentitySource.header("Authorization")] if cached else [],
            results_cache_ttl=Duration.seconds(self.stage.authorizer_cache_seconds),
        )

    def _answer_refusals(self) -> None:
        for kind, (status, code, name, message) in REFUSALS.items():
            answer = json.dumps(
                {
                    "success": False,
                    "code": code,
                    "message": message,
                    "data": None,
                    "details": {"error": name},
                    "timestamp": "$context.requestTime",
                    "requestId": "$context.requestId",
                },
                ensure_ascii=False,
            )
            apigateway.GatewayResponse(
                self,
                f"Answer {kind}",
                rest_api=self.api,
                type=apigateway.ResponseType.of(kind),
                status_code=None if status is None else str(status),
                templates={"application/json": answer},
            )

    def _firewall(self) -> None:
        """Put the managed firewall in front, on AWS; the emulator knows neither the rules nor the association."""
        visible = {"cloud_watch_metrics_enabled": True, "sampled_requests_enabled": True}
        rules = [
            wafv2.CfnWebACL.RuleProperty(
                name=name,
                priority=priority,
                override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
                statement=wafv2.CfnWebACL.StatementProperty(
                    managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                        vendor_name="AWS", name=name
                    )
                ),
                visibility_config=wafv2.CfnWebACL.VisibilityConfigProperty(metric_name=name, **visible),
            )
            for priority, name in enumerate(
                ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
            )
        ]
        acl = wafv2.CfnWebACL(
            self,
            "Firewall",
            name=self.stage.name_of(),
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            rules=rules,
            visibility_config=wafv2.CfnWebACL.VisibilityConfigProperty(metric_name=self.stage.name_of(), **visible),
        )
        stage_arn = self.format_arn(
            service="apigateway",
            account="",
            resource="/restapis",
            resource_name=f"{self.api.rest_api_id}/stages/{self.api.deployment_stage.stage_name}",
        )
        association = wafv2.CfnWebACLAssociation(
            self, "FirewallAssociation", resource_arn=stage_arn, web_acl_arn=acl.attr_arn
        )
        for part in (acl, association):
            part.cfn_options.condition = self._on_aws

    def _log_access(self) -> None:
        """Let API Gateway write logs: a setting of the account and region, so only on AWS."""
        role = iam.Role(self, "LogRole", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        groups = self.format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        allow(
            role,
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
                "logs:GetLogEvents",
                "logs:FilterLogEvents",
            ],
            [groups],
            wildcard="API Gateway demands this of its one account-wide log role before it accepts it",
        )
        account = apigateway.CfnAccount(self, "LogAccount", cloud_watch_role_arn=role.role_arn)
        account.cfn_options.condition = self._on_aws

    def _function_arn(self, name: str) -> str:
        return self.format_arn(
            service="lambda", resource="function", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )

    def _invocation_uri(self, name: str) -> str:
        return (
            f"arn:{Aws.PARTITION}:apigateway:{self.region}:lambda:path/2015-03-31/functions/"
            f"{self._function_arn(name)}/invocations"
        )

    def _execute_arn(self, path: str) -> str:
        return self.format_arn(service="execute-api", resource=self.api.rest_api_id, resource_name=path)
