"""The REST API of one context: its body from the published document, throttled, logged, with alarms."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.alarms import API_FAILURES, API_LATENCY, API_SLOW, alarm
from infra.constructs.api_body import FORM, Front, api_body
from infra.constructs.function import Surroundings, log_group
from infra.constructs.grants import acknowledge, allow
from infra.document import Route
from infra.stage import Stage

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


def rest_api(
    scope: Construct,
    name: str,
    stage: Stage,
    around: Surroundings,
    *,
    routes: Sequence[Route],
    functions: Mapping[str, lambda_.Function],
    authorizer_arn: str,
) -> apigateway.SpecRestApi:
    """Add the REST API ``name`` with ``routes``, answered by ``functions``; outputs ApiId and ApiUrl.

    One role may invoke exactly these functions and the authorizer, instead of a permission in each function.

    Raises:
        ValueError: the document names a function that the stack does not have.
    """
    answering = {route.name: functions[route.name] for route in routes if route.name in functions}
    if missing := {route.name for route in routes} - set(answering):
        message = f"docs/openapi.json names functions that {name} does not have: {', '.join(sorted(missing))}"
        raise ValueError(message)
    role = iam.Role(scope, "Role invoke", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
    arns = [function.function_arn for function in answering.values()]
    allow(role, ["lambda:InvokeFunction"], [*arns, authorizer_arn])
    front = Front(_uri(authorizer_arn), role.role_arn, stage.authorizer_cache_seconds, stage.cors_origins)
    body = api_body(name, routes, lambda route: _uri(answering[route.name].function_arn), front)
    logs = log_group(scope, f"/aws/apigateway/{name}", around.key, around.log_retention_days)
    api = apigateway.SpecRestApi(
        scope,
        "Api",
        rest_api_name=name,
        api_definition=apigateway.ApiDefinition.from_inline(body),
        endpoint_types=[apigateway.EndpointType.REGIONAL],
        cloud_watch_role=False,
        deploy_options=apigateway.StageOptions(
            stage_name=stage.name,
            throttling_rate_limit=stage.requests_per_second,
            throttling_burst_limit=stage.request_burst,
            metrics_enabled=False,  # per route, at a price; the API's own metrics and the access log are there anyway
            logging_level=apigateway.MethodLoggingLevel.ERROR,
            data_trace_enabled=False,
            tracing_enabled=False,
            access_log_destination=apigateway.LogGroupLogDestination(logs),
            access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
        ),
    )
    if any(route.form for route in routes):  # as the body says it too: CloudFormation's update knows the property
        stored: Any = api.node.default_child
        stored.binary_media_types = [FORM]
    acknowledge(api, "AwsSolutions-APIG2", "Every handler validates its request strictly and names the wrong field")
    acknowledge(api, "AwsSolutions-APIG3", "The firewall of all APIs stands in the edge stack, tested there")
    alarm(scope, f"{name}-api", API_FAILURES, api.metric_server_error(), around.alarms)
    alarm(scope, f"{name}-api", API_LATENCY, api.metric_latency(), around.alarms)
    alarm(scope, f"{name}-api", API_SLOW, api.metric_latency(), around.alarms)
    CfnOutput(scope, "ApiId", value=api.rest_api_id)
    CfnOutput(scope, "ApiUrl", value=api.url)
    return api


def stage_arn(scope: Construct, api: apigateway.SpecRestApi, stage: Stage) -> str:
    """Return the ARN of the one stage of ``api``, as the firewall wants it."""
    return Stack.of(scope).format_arn(
        service="apigateway",
        account="",
        resource="/restapis",
        resource_name=f"{api.rest_api_id}/stages/{stage.name}",
    )


def _uri(function_arn: str) -> str:
    return f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
