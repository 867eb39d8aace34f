"""Builds the use cases of templates, once per process."""

from functools import cache

from enghub.settings.configs import wiring
from enghub.settings.templates.applying import Applying
from enghub.settings.templates.dynamo import DynamoTemplates
from enghub.settings.templates.service import TemplateService


@cache
def templates() -> TemplateService:
    """Return the use cases that keep templates."""
    return TemplateService(DynamoTemplates())


@cache
def applying() -> Applying:
    """Return the use cases that make configuration from templates, as far as rules of approval let them."""
    return Applying(templates(), wiring.configs())
