"""A site's stores as its secret and the stage's configuration declare them (UPG-15, UPG-17, UPG-19).

The site's secret may hold `files` (`{"folder": "/mnt/site"}` or `{"bucket": ..., "prefix": ...}`), `artifacts` (the
same; else the stage's bucket, below the tenant), `caches` (`{name: "redis://..." or "https://..."}`) and `values` (for
configuration placeholders).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enghub.core.i18n import Text
from enghub.kit.files.bucket import BucketFiles
from enghub.kit.files.folder import LocalFiles
from enghub.kit.files.store import Files
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.hooks import Hooks
from enghub.upgrade.stepping.ports import NOT_CONFIGURED, Cache, Ports

BAD_STORE = Text(
    "The site's secret declares {what} with neither folder nor bucket",
    "局点密钥中的 {what} 既没有 folder 也没有 bucket",
)


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where packages and backups are; without it sites declare their own."""

    bucket_name: str = ""


def ports_of(tenant_id: str, secret: Mapping[str, Any], hooks: Hooks, artifact_bucket: str = "") -> Ports:
    """Return the stores of a site; what is not declared stays `NotConfigured`.

    Raises:
        WorkFailed: a declaration is incomplete.
    """
    artifacts = artifacts_of(tenant_id, secret, artifact_bucket)
    declared = {} if artifacts is None else {"artifacts": artifacts}
    if isinstance(secret.get("files"), Mapping):
        declared["files"] = _files("files", "The site's file store", secret["files"])

    def cache(name: str) -> Cache:
        from enghub.upgrade.gateways.caches import HttpCache, RedisCache  # noqa: PLC0415 - few steps need one

        url = (secret.get("caches") or {}).get(name)
        if not isinstance(url, str):
            raise WorkFailed(NOT_CONFIGURED, what=f"cache {name}", what_zh=f"缓存 {name}")
        return HttpCache(name, url, hooks) if url.startswith("http") else RedisCache(name, url)

    def value(name: str) -> str:
        found = (secret.get("values") or {}).get(name)
        if not isinstance(found, str):
            raise WorkFailed(NOT_CONFIGURED, what=f"secret {name}", what_zh=f"密钥 {name}")
        return found

    return Ports(**declared, cache=cache, secret=value)


def artifacts_of(tenant_id: str, secret: Mapping[str, Any], artifact_bucket: str, below: str = "") -> Files | None:
    """Return the artifact store of a site, or the part of it `below` a folder; None when there is none.

    Raises:
        WorkFailed: its declaration is incomplete.
    """
    name = "The artifact store"
    if isinstance(secret.get("artifacts"), Mapping):
        return _files("artifacts", name, secret["artifacts"], below)
    if artifact_bucket:
        return BucketFiles(artifact_bucket, f"upgrade/artifacts/{tenant_id}/{below}", name)
    return None


def _files(what: str, name: str, declared: Mapping[str, Any], below: str = "") -> Files:
    if isinstance(declared.get("folder"), str):
        return LocalFiles(Path(declared["folder"]) / below, name)
    if isinstance(declared.get("bucket"), str):
        prefix = "/".join(filter(None, [str(declared.get("prefix", "")).rstrip("/"), below]))
        return BucketFiles(declared["bucket"], prefix, name)
    raise WorkFailed(BAD_STORE, what=what)
