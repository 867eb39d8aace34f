"""Every operation of the PLM integration with generated requests: no answer that its document does not account for."""

from typing import Any

import pytest

from enghub.core import http
from tests.factories.http import a_principal
from tests.factories.operations import Gateway, operations, unexplained
from tests.factories.plm import signature
from tools.rights import declared

EXPLAINED = {
    "list_change_orders": "processingStatus: give either this",
    "ask_document_upload": "fileName: ",
    "create_document": r"links\.\d+\.element: of a PPAP|links\.\d+\.id: \w+ .* does not exist",
    "put_document_links": r"links\.\d+\.element: of a PPAP|links\.\d+\.id: \w+ .* does not exist",
    "make_supplier_link": "expiresAt: a link ends",
    "list_documents": "productCode: give one of|element: of a PPAP",
    "list_products": "productCode: give one of",
    "put_connection_rules": "zone: write a time zone of the IANA database",
    "receive_plm_messages": r"messages\.\d+\.data: write the message's bytes in Base64",
    "put_units": r"units\.\d+\.factor: write at most (20 digits|10 decimals)",
}
"""Rules over several parameters; a zone is one of the IANA database; multipleOf is inexact, Base64 no pattern."""


def sign(event: dict[str, Any]) -> None:
    """Make the signature, where there is one, that of what is sent, as the PLM does."""
    if "X-PLM-SIGNATURE" in event["headers"]:
        event["headers"]["X-PLM-SIGNATURE"] = signature(http.raw_body(event))


@pytest.mark.parametrize("operation", operations("plm"))
def test_every_answer_is_accounted_for(operation: str) -> None:
    gateway = Gateway("plm", a_principal(*declared()), {"receive_change_notification": sign})
    found = unexplained(gateway, operation, EXPLAINED)
    assert not found, "\n".join(found)
