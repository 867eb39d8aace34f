"""Builds what imports and exports configuration, once per process."""

from functools import cache

from enghub.settings.configs import wiring
from enghub.settings.templates import wiring as template_wiring
from enghub.settings.templates.model import TemplateVersion
from enghub.settings.transfers.dynamo import DynamoExportLog
from enghub.settings.transfers.service import Transfers


@cache
def transfers() -> Transfers:
    """Return the use cases of files."""
    return Transfers(wiring.configs(), DynamoExportLog())


def template(tenant_id: str, template_id: str | None) -> TemplateVersion | None:
    """Return the latest version of the template that an import names, if it names one.

    Raises:
        TemplateNotFound
    """
    if template_id is None:
        return None
    found = template_wiring.templates()
    return found.version(found.find(tenant_id, template_id))
