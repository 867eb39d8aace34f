"""A site's stores as its secret and the stage's configuration declare them (UPG-15, UPG-17, UPG-19).

The site's secret may hold `files` (`{"folder": "/mnt/site"}` or `{"bucket": ..., "prefix": ...}`), `artifacts` (the
same; else the stage's bucket, below the tenant), `caches` (`{name: "redis://..." or "https://..."}`) and `values` (for
configuration placeholders).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from enghub.core.i18n import Text
from enghub.upgrade.gateways.files import BucketFiles, LocalFiles
from enghub.upgrade.gateways.hooks import Hooks
from enghub.upgrade.steps.base import StepFailed
from enghub.upgrade.steps.ports import NOT_CONFIGURED, Cache, Files, Ports

BAD_STORE = Text(
    "The site's secret declares {what} with neither folder nor bucket",
    "局点密钥中的 {what} 既没有 folder 也没有 bucket",
)


def ports_of(tenant_id: str, secret: Mapping[str, Any], hooks: Hooks, artifact_bucket: str = "") -> Ports:
    """Return the stores of a site; what is not declared stays `NotConfigured`.

    Raises:
        StepFailed: a declaration is incomplete.
    """
    declared: dict[str, Files] = {}
    if artifact_bucket:
        declared["artifacts"] = BucketFiles(artifact_bucket, f"upgrade/artifacts/{tenant_id}", "The artifact store")
    for what, name in (("artifacts", "The artifact store"), ("files", "The site's file store")):
        if isinstance(secret.get(what), Mapping):
            declared[what] = _files(what, name, secret[what])

    def cache(name: str) -> Cache:
        from enghub.upgrade.gateways.caches import HttpCache, RedisCache  # noqa: PLC0415 - few steps need one

        url = (secret.get("caches") or {}).get(name)
        if not isinstance(url, str):
            raise StepFailed(NOT_CONFIGURED, what=f"cache {name}", what_zh=f"缓存 {name}")
        return HttpCache(name, url, hooks) if url.startswith("http") else RedisCache(name, url)

    def value(name: str) -> str:
        found = (secret.get("values") or {}).get(name)
        if not isinstance(found, str):
            raise StepFailed(NOT_CONFIGURED, what=f"secret {name}", what_zh=f"密钥 {name}")
        return found

    return Ports(**declared, cache=cache, secret=value)


def _files(what: str, name: str, declared: Mapping[str, Any]) -> Files:
    if isinstance(declared.get("folder"), str):
        return LocalFiles(Path(declared["folder"]), name)
    if isinstance(declared.get("bucket"), str):
        return BucketFiles(declared["bucket"], str(declared.get("prefix", "")), name)
    raise StepFailed(BAD_STORE, what=what)
