"""Powertools' validation of requests and answers; a fifth of the import, so it comes with the first request.

A request is read as Powertools' own middleware reads it, in what our routes declare: path, query and body. Headers and
cookies are no route's parameters (``calls`` reads the few that mean something), so they are not gone through here.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import ApiGatewayResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.middlewares.openapi_validation import (
    OpenAPIRequestValidationMiddleware,
    OpenAPIResponseValidationMiddleware,
    _normalize_multi_params,
    _request_body_to_args,
    _request_params_to_args,
)
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from pydantic import BaseModel

from enghub.core.bodies import raw_body
from enghub.core.calls import headers_of
from enghub.core.events import dumps

_before = OpenAPIRequestValidationMiddleware()  # type: ignore[no-untyped-call]
_after: Any = OpenAPIResponseValidationMiddleware(dumps, has_response_validation_error=True)


def validated(app: ApiGatewayResolver, run: NextMiddleware) -> Response[Any]:
    """Run the route on what was read and validated, and check its answer against the declared model.

    Raises:
        RequestValidationError, RequestUnsupportedContentType, ResponseValidationError
    """
    app.context["_route_args"] = _read(app, app.context["_route"])
    answer: Response[Any] = _after.handler(app, run)
    return answer


def _read(app: ApiGatewayResolver, route: Route) -> dict[str, Any]:
    asked, event = route.dependant, app.current_event
    values, errors = _request_params_to_args(asked.path_params, app.context["_route_args"])
    query: Any = event.resolved_query_string_parameters
    if query or _reads_models(route):
        several = event.multi_value_query_string_parameters.keys()
        query = _normalize_multi_params(query, asked.query_params, multi_value_params=several)
    parts = [_request_params_to_args(asked.query_params, query)]
    if asked.body_params:
        parts.append(_request_body_to_args(asked.body_params, _body(app, route)))
    for found, wrong in parts:
        values.update(found)
        errors += wrong
    if errors:
        raise RequestValidationError(errors)
    return values


def _body(app: ApiGatewayResolver, route: Route) -> Any:
    if not (route.openapi_extensions or {}).get("x-enghub-form"):
        return _before._get_body(app)
    from enghub.core.multipart import read_form  # noqa: PLC0415 - few routes take files

    event = app.current_event.raw_event
    return read_form(raw_body(event), headers_of(event).get("content-type", ""))


@cache
def _reads_models(route: Route) -> bool:
    """Tell whether a model collects parameters of the query; without one, an empty query has nothing to normalise.

    Raises:
        TypeError: the route declares a header or a cookie as a parameter.
    """
    asked = route.dependant
    if asked.header_params or asked.cookie_params:
        message = f"{route.method} {route.path}: headers and cookies are no parameters of a route"
        raise TypeError(message)
    kinds = [parameter.field_info.annotation for parameter in asked.query_params]
    return any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds)
