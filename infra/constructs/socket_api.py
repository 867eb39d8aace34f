"""A WebSocket API: who connects passes the authorizer of all APIs; a function keeps who is connected."""

import json
from collections.abc import Mapping

from aws_cdk import Aws, CfnOutput
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.function import Surroundings, log_group
from infra.constructs.grants import acknowledge, allow
from infra.stage import Stage

ACCESS_LOG = {
    "requestId": "$context.requestId",
    "ip": "$context.identity.sourceIp",
    "time": "$context.requestTime",
    "route": "$context.routeKey",
    "status": "$context.status",
    "connection": "$context.connectionId",
    "tenant": "$context.authorizer.tenantId",
    "user": "$context.authorizer.userId",
}


def socket_api(
    scope: Construct, name: str, stage: Stage, around: Surroundings, *, holder: lambda_.Function, authorizer_arn: str
) -> apigateway.CfnApi:
    """Add the WebSocket API ``name``; ``holder`` answers ``$connect`` and ``$disconnect``. Outputs SocketApiId.

    One role may invoke the holder and the authorizer, as with REST APIs. The token travels in a header, never in the
    address, which access logs keep.
    """
    api = apigateway.CfnApi(
        scope, "Socket", name=name, protocol_type="WEBSOCKET", route_selection_expression="$request.body.action"
    )
    role = iam.Role(scope, "Role socket", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
    allow(role, ["lambda:InvokeFunction"], [holder.function_arn, authorizer_arn])
    _routes(scope, api, role, holder=holder, authorizer_arn=authorizer_arn)
    logs = log_group(scope, f"/aws/apigateway/{name}", around.key, around.log_retention_days)
    apigateway.CfnStage(
        scope,
        "Socket stage",
        api_id=api.ref,
        stage_name=stage.name,
        auto_deploy=True,
        default_route_settings=_throttled(stage),
        access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=logs.log_group_arn, format=json.dumps(ACCESS_LOG)
        ),
    )
    CfnOutput(scope, "SocketApiId", value=api.ref)
    return api


def _routes(
    scope: Construct, api: apigateway.CfnApi, role: iam.Role, *, holder: lambda_.Function, authorizer_arn: str
) -> None:
    authorizer = apigateway.CfnAuthorizer(
        scope,
        "Socket authorizer",
        api_id=api.ref,
        name="authorizer",
        authorizer_type="REQUEST",
        authorizer_uri=_uri(authorizer_arn),
        authorizer_credentials_arn=role.role_arn,
        identity_source=["route.request.header.Authorization"],
    )
    integration = apigateway.CfnIntegration(
        scope,
        "Socket integration",
        api_id=api.ref,
        integration_type="AWS_PROXY",
        integration_uri=_uri(holder.function_arn),
        credentials_arn=role.role_arn,
    )
    target = f"integrations/{integration.ref}"
    apigateway.CfnRoute(
        scope,
        "Socket connect",
        api_id=api.ref,
        route_key="$connect",
        authorization_type="CUSTOM",
        authorizer_id=authorizer.ref,
        target=target,
    )
    gone = apigateway.CfnRoute(scope, "Socket disconnect", api_id=api.ref, route_key="$disconnect", target=target)
    acknowledge(gone, "AwsSolutions-APIG4", "Only $connect can be authorized; what follows belongs to that connection")


def may_post(function: lambda_.Function, api: apigateway.CfnApi, stage: Stage) -> None:
    """Let ``function`` send to the connections of ``api``."""
    arn = f"arn:{Aws.PARTITION}:execute-api:{Aws.REGION}:{Aws.ACCOUNT_ID}:{api.ref}/{stage.name}/POST/@connections/*"
    allow(function, ["execute-api:ManageConnections"], [arn], wildcard="Connections get their ids when they are made")


def address(api: apigateway.CfnApi, stage: Stage) -> Mapping[str, str]:
    """Return the variable of functions that name the API, or send by it."""
    return {"PUSH_ADDRESS": f"{api.ref}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}/{stage.name}"}


def _throttled(stage: Stage) -> apigateway.CfnStage.RouteSettingsProperty:
    return apigateway.CfnStage.RouteSettingsProperty(
        throttling_rate_limit=stage.requests_per_second, throttling_burst_limit=stage.request_burst
    )


def _uri(function_arn: str) -> str:
    return f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
