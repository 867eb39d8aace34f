"""What a context's API is made from: routes, security and integrations, and what the gateway answers itself."""

import json
import re
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk.assertions import Template

from infra.constructs.api_body import GREEDY, REFUSALS, REQUEST_HEADERS, Front, api_body, origin_pattern
from infra.document import FILE, Route

READ = Route("/api/v1/things/{id}", "GET", "mes", "read")
HOOK = Route("/api/v1/hook", "POST", "mes", "receive", public=True)
FRONT = Front("authorizer-uri", "role", 300, ("https://app.example.com", "http://localhost:*"))


def body(*routes: Route, front: Front = FRONT) -> dict[str, Any]:
    return api_body("test", routes, lambda route: f"uri of {route.name}", front)


def test_a_route_is_guarded_and_invoked_by_the_role_a_public_one_is_open() -> None:
    made = body(READ, HOOK)
    read, hook = made["paths"][READ.path]["get"], made["paths"][HOOK.path]["post"]
    assert read["x-amazon-apigateway-integration"] == {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": "uri of read",
        "credentials": "role",
        "passthroughBehavior": "when_no_match",
        "timeoutInMillis": 29_000,
    }
    assert "security" not in read
    assert (made["security"], hook["security"]) == ([{"bearer": []}], [])


def test_forms_with_files_reach_their_function_byte_for_byte() -> None:
    form = Route("/api/v1/files", "POST", "mes", "take", form=True)
    assert body(READ, form)["x-amazon-apigateway-binary-media-types"] == ["multipart/form-data"]
    assert "x-amazon-apigateway-binary-media-types" not in body(READ)


def test_a_new_route_is_no_new_path_but_its_own() -> None:
    assert set(body(READ)["paths"]) == {READ.path, GREEDY}


def words(*last: str, name: str = "change", method: str = "POST", public: bool = False) -> list[Route]:
    return [Route(f"/api/v1/things/{{id}}/{word}", method, "mes", name, public) for word in last]


def test_last_words_that_one_function_answers_in_one_way_are_one_path() -> None:
    paths = set(body(READ, *words("close", "open", "move"))["paths"])
    assert paths == {READ.path, "/api/v1/things/{id}/{word}", GREEDY}


@pytest.mark.parametrize(
    "others",
    [
        words("move", name="another"),
        words("move", method="PUT"),
        words("move", public=True),
        words("move/{place}"),
        words("{place}"),
        [],
    ],
    ids=["another function", "another method", "open to anybody", "more behind it", "a variable there", "only two"],
)
def test_words_that_are_not_alike_or_too_few_keep_their_paths(others: list[Route]) -> None:
    routes = [*words("close", "open"), *others]
    assert set(body(*routes)["paths"]) == {*(route.path for route in routes), GREEDY}


def test_the_body_has_no_models_which_the_gateway_reads_in_its_own_way() -> None:
    assert set(body(READ)["components"]) == {"securitySchemes"}


@pytest.mark.parametrize(("seconds", "source"), [(300, "method.request.header.Authorization"), (0, None)])
def test_a_cached_answer_of_the_authorizer_belongs_to_a_token(seconds: int, source: str | None) -> None:
    scheme = body(READ, front=Front("uri", "role", seconds))["components"]["securitySchemes"]["bearer"]
    authorizer = scheme["x-amazon-apigateway-authorizer"]
    assert (authorizer["authorizerResultTtlInSeconds"], authorizer.get("identitySource")) == (seconds, source)
    assert authorizer["authorizerCredentials"] == "role"


def test_what_no_route_serves_is_a_404_in_the_envelope_without_a_function() -> None:
    found = body(READ)["paths"][GREEDY]["x-amazon-apigateway-any-method"]
    integration = found["x-amazon-apigateway-integration"]
    assert (integration["type"], found["security"]) == ("mock", [])
    assert json.loads(integration["requestTemplates"]["application/json"]) == {"statusCode": 404}
    answer = json.loads(integration["responses"]["default"]["responseTemplates"]["application/json"])
    assert (answer["code"], answer["details"], answer["requestId"]) == (
        "40401",
        {"error": "ROUTE_NOT_FOUND"},
        "$context.requestId",
    )


def test_every_answer_of_the_gateway_is_an_error_of_the_house_and_names_no_time() -> None:
    responses = body(READ)["x-amazon-apigateway-gateway-responses"]
    assert responses.keys() == REFUSALS.keys() >= {"DEFAULT_4XX", "DEFAULT_5XX"}
    for kind, response in responses.items():
        answer = json.loads(response["responseTemplates"]["application/json"])
        assert answer.keys() == {"success", "code", "message", "details", "requestId"}, kind
        assert re.fullmatch(r"[45]\d{4}", answer["code"]), kind
        assert " / " in answer["message"], "in English and Chinese: the gateway reads no Accept-Language"
    assert responses["THROTTLED"]["responseParameters"]["gatewayresponse.header.Retry-After"] == "'1'"


def test_pages_are_answered_only_where_the_stage_names_origins() -> None:
    closed = body(READ, front=Front("uri", "role", 300))
    assert "options" not in closed["paths"][GREEDY]
    assert "Access-Control" not in json.dumps(closed)


def test_a_preflight_declares_each_header_that_it_sends() -> None:
    preflight = body(READ)["paths"][GREEDY]["options"]
    sent = preflight["x-amazon-apigateway-integration"]["responses"]["default"]["responseParameters"]
    declared = preflight["responses"]["204"]["headers"]
    assert {name.removeprefix("method.response.header.") for name in sent} == set(declared)


def test_a_page_may_send_every_header_that_the_document_knows() -> None:
    document = json.loads(FILE.read_text("utf-8"))
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    shared = document.get("components", {}).get("parameters", {}).values()
    declared = [*shared, *(parameter for operation in operations for parameter in operation.get("parameters", ()))]
    headers = {parameter["name"] for parameter in declared if parameter.get("in") == "header"}
    of_machines = {name for name in headers if name.startswith("X-PLM-")}  # signed calls of systems, never of pages
    assert headers - of_machines <= set(REQUEST_HEADERS)


@pytest.mark.parametrize(
    ("origin", "asked", "allowed"),
    [
        ("https://app.example.com", "https://app.example.com", True),
        ("https://app.example.com", "https://appXexample.com", False),
        ("https://app.example.com", "https://app.example.com.evil.example", False),
        ("http://localhost:*", "http://localhost:5173", True),
        ("http://localhost:*", "http://localhost:5173.evil.example", False),
        ("http://localhost:*", "http://localhost", False),
    ],
)
def test_an_origin_is_the_listed_one_as_a_whole(origin: str, asked: str, allowed: bool) -> None:
    assert bool(re.fullmatch(origin_pattern(origin), asked)) is allowed
    assert "\\" not in origin_pattern(origin)


def deployment(made: dict[str, Any]) -> str:
    stack = Stack(App(), "S")
    apigateway.SpecRestApi(stack, "Api", api_definition=apigateway.ApiDefinition.from_inline(made))
    (name,) = Template.from_stack(stack).find_resources("AWS::ApiGateway::Deployment")
    return str(name)


def test_a_changed_body_is_deployed() -> None:
    """On AWS a route or an authorizer that is not deployed does not answer (docs/fidelity.md, F18)."""
    same, again = deployment(body(READ)), deployment(body(READ))
    other_route = deployment(body(READ, HOOK))
    other_authorizer = deployment(body(READ, front=Front("another-uri", "role", 300)))
    assert same == again
    assert len({same, other_route, other_authorizer}) == 3
