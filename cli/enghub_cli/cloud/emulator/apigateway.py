"""API Gateway: what the emulator leaves out of an API's body, and the routing rules of a custom domain.

Here the loopback itself is the domain: whatever address a request names, its path finds the rule.
"""

import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from ministack import app
from ministack.services import apigateway_v1 as gateway
from ministack.services.cloudformation import provisioners

ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
RULES = "routingRules"
"""Where a domain keeps its rules; domains outlive a restart of the emulator."""
ORIGIN_PATTERN = re.compile(r'\$origin\.matches\("([^"]*)"\)')

_request: ContextVar[Mapping[str, Any]] = ContextVar("request")


def patch() -> None:
    """Let bodies bring any-methods, mocks and the gateway's own answers, updates keep an API's id, and rules route."""
    _import_any_method()
    _import_mocks()
    _import_gateway_responses()
    _update_in_place()
    _answer_mocks()
    _route_by_rules()


def _import_any_method() -> None:
    put = gateway._import_path_item

    def path_item(api: str, path: str, item: Mapping[str, Any], *rest: Any) -> None:
        put(api, path, item, *rest)
        if ANY in item:
            resource = next(name for name, one in gateway._resources[api].items() if one["path"] == path)
            gateway._import_operation(api, resource, "ANY", item[ANY], *rest)

    gateway._import_path_item = path_item


def _import_mocks() -> None:
    """Keep templates, responses and the fall-back of an integration; the emulator drops them."""
    put = gateway._import_operation

    def operation(api: str, resource: str, verb: str, declared: dict[str, Any], *rest: Any) -> None:
        put(api, resource, verb, declared, *rest)
        integration = declared.get(INTEGRATION) or {}
        for pattern, answer in (integration.get("responses") or {}).items():
            chosen = {**answer, "selectionPattern": "" if pattern == "default" else pattern}
            gateway._put_integration_response(api, resource, verb, str(answer["statusCode"]), chosen)
        if integration:
            kept = gateway._resources[api][resource]["resourceMethods"][verb]["methodIntegration"]
            kept["requestTemplates"] = integration.get("requestTemplates") or {}
            kept["passthroughBehavior"] = integration["passthroughBehavior"].upper()

    gateway._import_operation = operation


def _import_gateway_responses() -> None:
    load = gateway._import_rest_api

    def loaded(body: dict[str, Any], data: dict[str, Any] | None = None) -> str:
        api: str = load(body, data)
        _put_gateway_responses(api, body)
        return api

    gateway._import_rest_api = loaded


def _put_gateway_responses(api: str, body: Mapping[str, Any]) -> None:
    for kind, answer in (body.get(GATEWAY_RESPONSES) or {}).items():
        gateway._put_gateway_response(api, kind, answer)


def _update_in_place() -> None:
    """Import a changed body into the same API, as PutRestApi does on AWS; the emulator makes another."""
    update = provisioners._apigw_rest_api_update

    def updated(api: str, old: dict[str, Any], new: dict[str, Any], stack: str, logical_id: str | None = None) -> Any:
        body = new.get("Body")
        if not isinstance(body, dict) or body == old.get("Body"):
            return update(api, old, new, stack, logical_id)
        _empty(api)
        schemes = gateway._import_security_schemes(api, body)
        for path, item in (body.get("paths") or {}).items():
            gateway._import_path_item(api, path, item, schemes, body.get("security"))
        _put_gateway_responses(api, body)
        return update(api, {**old, "Body": None}, {**new, "Body": None}, stack, logical_id)

    provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]["update"] = updated


def _empty(api: str) -> None:
    tree = gateway._resources[api]
    root = next(name for name, resource in tree.items() if resource["path"] == "/")
    tree[root]["resourceMethods"].clear()
    for name in [name for name in tree if name != root]:
        del tree[name]
    gateway._authorizers_v1[api], gateway._gateway_responses[api] = {}, {}


def _answer_mocks() -> None:
    """Fill in a mock's template, and allow the origins that it matches; the emulator sends the template itself."""
    execute, mock = gateway._execute_in_scope, gateway._invoke_mock_v1

    async def executed(request: Mapping[str, Any], *rest: Any) -> Any:
        _request.set(request)
        return await execute(request, *rest)

    def answered(integration: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = mock(integration)
        template, request = body.decode(), _request.get()
        if patterns := ORIGIN_PATTERN.findall(template):
            origin = request["headers"].get("origin", "")
            if any(re.fullmatch(pattern, origin) for pattern in patterns):
                headers["Access-Control-Allow-Origin"] = origin
            return status, headers, b""
        headers["x-amzn-requestid"] = request["request_id"]
        context = {"requestId": request["request_id"]}
        return status, headers, gateway._render_request_template_v1(template, "", {}, context).encode()

    gateway._execute_in_scope, gateway._invoke_mock_v1 = executed, answered


def _route_by_rules() -> None:
    """Know ``AWS::ApiGatewayV2::RoutingRule``, and send what matches one to its API and stage, path unchanged."""
    parse = app._parse_execute_api_url

    def create(logical_id: str, rule: dict[str, Any], _stack: str) -> tuple[str, dict[str, str]]:
        domain = rule["DomainNameArn"].rpartition("/")[2]
        gateway._domain_names[domain].setdefault(RULES, {})[logical_id] = rule
        return f"{rule['DomainNameArn']}/routingrules/{logical_id}", {"RoutingRuleId": logical_id}

    def update(physical: str, _old: dict[str, Any], rule: dict[str, Any], stack: str, *_: Any) -> Any:
        return create(physical.rpartition("/")[2], rule, stack)

    def delete(physical: str, rule: Mapping[str, Any]) -> None:
        record = gateway._domain_names.get(rule["DomainNameArn"].rpartition("/")[2]) or {}
        record.get(RULES, {}).pop(physical.rpartition("/")[2], None)

    def parsed(host: str, path: str) -> tuple[str, str, str] | None:
        found: tuple[str, str, str] | None = parse(host, path)
        return found or next(_matches(path), None)

    handlers = {"create": create, "update": update, "delete": delete}
    provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::RoutingRule"] = handlers
    app._parse_execute_api_url = parsed


def _matches(path: str) -> Iterator[tuple[str, str, str]]:
    """Yield API, stage and path of the rules that match, the lowest priority number first."""
    rules = [rule for _, domain in gateway._domain_names.all_items() for rule in domain.get(RULES, {}).values()]
    for rule in sorted(rules, key=lambda rule: int(rule["Priority"])):
        bases = [base for condition in rule["Conditions"] for base in condition["MatchBasePaths"]["AnyOf"]]
        if any(f"{path}/".startswith(f"/{base}/") for base in bases):
            target = rule["Actions"][0]["InvokeApi"]
            yield target["ApiId"], target["Stage"], path
