"""What counts as a conversion, an audit builder and a refusal (tools/storage_lines)."""

import ast

import pytest

from tools.storage_lines import KINDS, _lines, _nodes

BY_HAND = '''
class SiteRecord(Record):
    """One site."""

    name = UnicodeAttribute()


_SAME = (*("name", "kind"), "state")


def _site(record: SiteRecord) -> Site:
    return Site(record.name)


def _write(site: Site) -> Put:
    return Put(SiteRecord(pk="a", sk="b", name=site.name), absent(), lambda _: SiteExists())


def _audited(site: Site) -> AuditEntry:
    return AuditEntry(site)


def _refused(item: RawItem | None) -> Exception:
    return SiteChanged(item)
'''
DECLARED = """
def _lists(site):
    return {"gsi1pk": site.name}


SITES = Aggregate(Site, "SITE", more=_lists, exists=lambda site: SiteExists())


class DynamoSites:
    def get(self, name: str) -> Kept[Site] | None:
        return SITES.read(name)
"""


def counted(text: str, kind: str) -> int:
    return len({line for node in _nodes(ast.parse(text), kind) for line in _lines(node)})


@pytest.mark.parametrize(("text", "numbers"), [(BY_HAND, (8, 2, 3)), (DECLARED, (3, 0, 1))])
def test_every_kind_is_counted(text: str, numbers: tuple[int, ...]) -> None:
    assert tuple(counted(text, kind) for kind in KINDS) == numbers
