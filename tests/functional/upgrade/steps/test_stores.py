"""Which stores a site has is what its secret declares (UPG-15, UPG-17, UPG-19)."""

from pathlib import Path

import pytest

from enghub.kit.files.bucket import BucketFiles
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.gateways.caches import HttpCache, RedisCache
from enghub.upgrade.gateways.stores import ports_of
from enghub.upgrade.stepping.hooks import Hooks
from enghub.upgrade.stepping.ports import NotConfigured


def test_what_is_not_declared_says_so_when_it_is_used() -> None:
    ports = ports_of("acme", {}, Hooks({}))
    assert isinstance(ports.files, NotConfigured)
    for use in (
        lambda: ports.files.read("a"),
        lambda: ports.artifacts.read("a"),
        lambda: ports.cache("users"),
        lambda: ports.secret("password"),
    ):
        with pytest.raises(WorkFailed, match="is configured for this site: add it to the site, then resume"):
            use()


def test_declared_stores_are_used_and_packages_lie_below_the_tenant(tmp_path: Path) -> None:
    secret = {
        "files": {"folder": str(tmp_path)},
        "caches": {"users": "redis://cache.example/0", "pages": "https://cache.example/pages"},
        "values": {"password": "s3cret"},
    }
    ports = ports_of("acme", secret, Hooks({}), "artifacts-bucket")
    ports.files.write("conf/a", b"x")
    assert (tmp_path / "conf/a").read_bytes() == b"x"
    assert isinstance(ports.artifacts, BucketFiles)
    assert ports.artifacts._key("backups/x") == "upgrade/artifacts/acme/backups/x"
    assert isinstance(ports.cache("users"), RedisCache)
    assert isinstance(ports.cache("pages"), HttpCache)
    assert ports.secret("password") == "s3cret"


def test_half_a_declaration_is_refused() -> None:
    with pytest.raises(WorkFailed, match="files with neither folder nor bucket"):
        ports_of("acme", {"files": {"prefix": "x"}}, Hooks({}))
