"""Builds the PPAPs from their ports, once per process; and what documents belong to them."""

from collections.abc import Mapping
from functools import cache
from itertools import islice

from enghub.core.clock import system_clock
from enghub.core.dynamo import MAX_READ_KEYS
from enghub.core.paging import pages
from enghub.plm.documents.dynamo import DynamoDocuments
from enghub.plm.documents.model import Document, Link, LinkKind
from enghub.plm.gateways.calls import plm_calls
from enghub.plm.gateways.plm_ppap import CalledPpaps
from enghub.plm.ppaps.dynamo import DynamoPpaps
from enghub.plm.ppaps.service import PpapBook

MOST_DOCUMENTS = 500


def documents_of(tenant_id: str, ppap_id: str) -> Mapping[int, tuple[Document, ...]]:
    """Return the documents in use of a PPAP, by element; the first 500 links of them."""
    found: dict[int, list[Document]] = {}
    link = Link(LinkKind.PPAP, ppap_id)
    every = pages(lambda cursor: DynamoDocuments().of(tenant_id, link, MAX_READ_KEYS, cursor))
    for page in islice(every, MOST_DOCUMENTS // MAX_READ_KEYS):
        for one in page.documents:
            for element in one.elements_of(ppap_id):
                if one not in found.setdefault(element, []):
                    found[element].append(one)
    return {element: tuple(one for one in some if one.is_in_use) for element, some in found.items()}


@cache
def ppaps() -> PpapBook:
    """Return the PPAPs, with the PLM behind one breaker."""
    return PpapBook(DynamoPpaps(), CalledPpaps(plm_calls()), system_clock)
