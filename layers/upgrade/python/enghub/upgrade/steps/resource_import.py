"""Imports resource packages: checked, staged, then moved into place; what they replace is kept for a rollback (UPG-17).

The site's files are their own journal, under `.enghub/resources`: staged files, then a plan (written when everything
is staged and everything replaced is stored), then moves, then the plan marked done. Each is harmless when repeated.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, BinaryIO, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from enghub.core.i18n import Text
from enghub.core.wire import Unfit
from enghub.kit.files.packages import Entry, Limits, Package, sha256_of
from enghub.kit.files.store import FileMissing, site_path
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.hooks import expect
from enghub.upgrade.stepping.ports import NOT_CONFIGURED
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.tries import tried
from enghub.upgrade.versions import VersionText

NO_PACKAGE = Text("The artifact store has no package {package}", "制品存储中没有资源包 {package}")
WRONG_SUM = Text(
    "The package {package} is not the one declared: its SHA-256 is {found}. Nothing was imported",
    "资源包 {package} 与声明不符，SHA-256 为 {found}。未导入任何内容",
)
WRONG_VERSION = Text(
    "The package {package} is for version {found}, this step upgrades to {wanted}",
    "资源包 {package} 适用于版本 {found}，本步骤升级到 {wanted}",
)
NOT_CLEAN = Text(
    "The package {package} is refused by the security scan: {found}. Nothing was imported",
    "资源包 {package} 未通过安全扫描：{found}。未导入任何内容",
)
GIVEN_UP = Text("The import was given up after {tries} tries: {reason}", "资源导入在 {tries} 次尝试后失败：{reason}")
NOT_VERIFIED = Text("After the import {file} is not what the package holds", "导入后 {file} 与资源包内容不一致")
SCAN_WAIT_SECONDS: Final = 10
OWN: Final = ".enghub/resources"
OTHER_SCAN = Text("scan.sha256 is not the package's: scan this package", "scan.sha256 与资源包不符：请扫描该资源包")


class Scan(BaseModel):
    """The result of a security scan (source document, chapter 1.4: packages are scanned before they are imported)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scanner: Annotated[str, Field(min_length=1, max_length=100)]
    scanned_at: Annotated[str, Field(min_length=10, max_length=40)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of what was scanned."""
    result: Literal["clean"]


class ResourcePackage(BaseModel):
    """A zip file of the artifact store, and where its files go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: Annotated[str, Field(min_length=1, max_length=500)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    target: Annotated[str, Field(max_length=500)] = ""
    """Folder of the site's files; empty is their root."""
    version: VersionText | None = None
    """Must be the step's version (the document: package and system version match)."""
    max_entries: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    max_total_bytes: Annotated[int, Field(ge=1, le=20 << 30)] = 1 << 30
    max_entry_bytes: Annotated[int, Field(ge=1, le=1 << 30)] = 100 << 20
    max_ratio: Annotated[int, Field(ge=2, le=10_000)] = 200
    types: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]{1,20}$")], ...] = ()
    """Endings of the files it may hold, `png` or `html`; by default all but programs."""
    programs: bool = False
    """It may hold programs and scripts, which are told by ending and by content."""
    scan: Scan | Literal["hook"] | None = None
    """What the pipeline's scanner said of this very package; or `hook`: the site's `scan` hook is asked."""

    @model_validator(mode="after")
    def _scan_is_of_the_package(self) -> Self:
        if isinstance(self.scan, Scan) and self.scan.sha256 != self.sha256:
            raise Unfit(OTHER_SCAN)
        return self

    @property
    def limits(self) -> Limits:
        """What the package may hold."""
        sizes = (self.max_entries, self.max_total_bytes, self.max_entry_bytes, self.max_ratio)
        return Limits(*sizes, frozenset(self.types), self.programs)


class ResourceImport(BaseStep):
    """Packages one after the other; three tries when the store does not answer."""

    takes: ClassVar[Takes] = frozenset({"resource_packages"})
    summary: ClassVar[str] = (
        "Resource packages (zip) with checksums, staged and reversible; parameter `resource_packages`"
    )

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = list(read.problems(parameters, "resource_packages", ResourcePackage))
        if not found:
            for number, package in enumerate(read.read_list(parameters, "resource_packages", ResourcePackage)):
                found += _bad_target(number, package)
        return tuple(found)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Import what is not imported."""
        return tried(context, cursor, lambda: _import(context), GIVEN_UP)

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Put back what was replaced, remove what was new, last package first."""
        packages = read.read_list(context.parameters, "resource_packages", ResourcePackage)
        for number in reversed(range(len(packages))):
            _Import(context, packages[number], number).undo()
        return done({"rolledBack": [package.package for package in packages]})


def _import(context: StepContext) -> Slice:
    packages = read.read_list(context.parameters, "resource_packages", ResourcePackage)
    results = []
    for number, rule in enumerate(packages):
        work = _Import(context, rule, number)
        scan = str(work.plan.get("scan")) if work.plan else _scanned(context, rule)
        if scan is None:
            return more({"package": number, "scan": "pending"}, wait_seconds=SCAN_WAIT_SECONDS)
        if not work.run(scan):
            return more({"package": number}, Progress(number, len(packages), "packages"))
        results.append(work.result())
        context.log("info", f"package {rule.package}: {len(work.plan['files'])} files imported")
    return done({"packages": results}, Progress(len(packages), len(packages), "packages"))


def _scanned(context: StepContext, rule: ResourcePackage) -> str | None:
    """Return by whom the package was scanned, None while the site's `scan` hook is at it.

    Raises:
        WorkFailed: the scanner found something, or there is no hook to ask.
    """
    if rule.scan is None:
        context.log("warning", f"package {rule.package} is imported without a declared security scan")
        return "none"
    if isinstance(rule.scan, Scan):
        return f"{rule.scan.scanner}, {rule.scan.scanned_at}"
    url = context.hooks.url("scan")
    if url is None:
        raise WorkFailed(NOT_CONFIGURED, what="`scan` hook", what_zh="scan 钩子")
    body = {"package": rule.package, "sha256": rule.sha256, "siteId": context.facts.site_id}
    answer = expect("scan", url, context.hooks.call("scan", "POST", url, body=body, key=f"scan-{rule.sha256}"))
    try:
        found = json.loads(answer.text)["result"]
    except (ValueError, KeyError, TypeError):
        found = "no result"
    if found == "pending":
        return None
    if found != "clean":
        raise WorkFailed(NOT_CLEAN, package=rule.package, found=str(found)[:200])
    return "the site's scan hook"


def _bad_target(number: int, package: ResourcePackage) -> list[Problem]:
    try:
        if package.target:
            site_path(package.target)
    except WorkFailed as failure:
        return [Problem(f"resource_packages.{number}.target", failure.text)]
    return []


class _Import:
    """One package."""

    def __init__(self, context: StepContext, rule: ResourcePackage, number: int) -> None:
        self.context = context
        self.files = context.ports.files
        self.rule = rule
        facts = context.facts
        self.folder = f"{OWN}/{facts.version}-{facts.step_id}-{number}-{rule.sha256[:12]}"
        self.plan: dict[str, Any] = self._read_plan()

    def run(self, scan: str) -> bool:
        """Stage, plan, move; True when all is in place. `scan` is by whom the package was scanned."""
        if not self.plan:
            if not self._stage():
                return False
            self._write_plan({"files": self.staged, "scan": scan, "done": False})
            self.context.point("planned")
        if not self.plan["done"]:
            for file in self.plan["files"]:
                self.files.move(f"{self.folder}/staged/{file['name']}", self._place(file["name"]))
                self.context.point("file moved")
            self._verify()
            self._write_plan({**self.plan, "done": True})
        return True

    def result(self) -> dict[str, Any]:
        """What the report says."""
        files = self.plan["files"]
        replaced = sum(1 for file in files if file["before"] is not None)
        facts = {"files": len(files), "replaced": replaced, "failed": 0, "scan": self.plan.get("scan")}
        return {"package": self.rule.package, **facts}

    def undo(self) -> None:
        """Repeatable: the plan goes last."""
        for file in self.plan.get("files", ()):
            kept = f"{self.folder}/replaced/{file['name']}"
            if file["before"] is None:
                self.files.delete(self._place(file["name"]))
            elif self._sha(self._place(file["name"])) != file["before"]:
                self._copy(kept, self._place(file["name"]))
            self.context.point("file put back")
        self.files.delete(f"{self.folder}/plan.json")
        for info in list(self.files.list(self.folder)):
            self.files.delete(info.path)

    def _stage(self) -> bool:
        """Unpack beside the target and store what will be replaced; what an earlier slice staged stays."""
        self._check_version()
        self.staged: list[dict[str, Any]] = []
        with self._opened() as package:
            entries = package.entries
            present = {info.path: info.size_bytes for info in self.files.list(f"{self.folder}/staged")}
            for number, entry in enumerate(entries, 1):
                with package.open(entry) as content:
                    fresh = self._stage_one(entry, content, present)
                if fresh and self.context.budget.spent and number < len(entries):
                    return False
        return True

    @contextmanager
    def _opened(self) -> Iterator[Package]:
        try:
            stream = self.context.ports.artifacts.open(self.rule.package)
        except FileMissing as error:
            raise WorkFailed(NO_PACKAGE, package=self.rule.package) from error
        with stream:
            found = sha256_of(stream)
            if found != self.rule.sha256:
                raise WorkFailed(WRONG_SUM, package=self.rule.package, found=found)
            yield Package(self.rule.package, stream, self.rule.limits)

    def _stage_one(self, entry: Entry, content: BinaryIO, present: Mapping[str, int]) -> bool:
        name, sha = entry.name, sha256_of(content)
        path, place = f"{self.folder}/staged/{name}", self._place(name)
        before = self._sha(place)
        self.staged.append({"name": name, "sha256": sha, "before": before})
        if present.get(path) == entry.size_bytes and self._sha(path) == sha:
            return False
        if before is not None:
            self._copy(place, f"{self.folder}/replaced/{name}")
        self.files.write(path, content)
        self.context.point("file staged")
        return True

    def _check_version(self) -> None:
        facts = self.context.facts
        if self.rule.version is not None and self.rule.version not in (facts.version, facts.target_version):
            raise WorkFailed(WRONG_VERSION, package=self.rule.package, found=self.rule.version, wanted=facts.version)

    def _verify(self) -> None:
        """Read every file where it is now; what differs is unpacked again, for the next try to move it."""
        wrong = [file["name"] for file in self.plan["files"] if self._sha(self._place(file["name"])) != file["sha256"]]
        if not wrong:
            return
        with self._opened() as package:
            for entry in package.entries:
                if entry.name in wrong:
                    with package.open(entry) as content:
                        self.files.write(f"{self.folder}/staged/{entry.name}", content)
        failed = [{**self.result(), "failed": len(wrong)}]
        raise WorkFailed(
            NOT_VERIFIED, retryable=True, result={"packages": failed}, file=", ".join(map(self._place, wrong[:5]))
        )

    def _place(self, name: str) -> str:
        place = f"{self.rule.target}/{name}" if self.rule.target else name
        site_path(place)
        return place

    def _sha(self, path: str) -> str | None:
        try:
            with self.files.open(path) as stream:
                return sha256_of(stream)
        except FileMissing:
            return None

    def _copy(self, path: str, target: str) -> None:
        with self.files.open(path) as stream:
            self.files.write(target, stream)

    def _read_plan(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.files.read(f"{self.folder}/plan.json")))
        except FileMissing:
            return {}

    def _write_plan(self, plan: dict[str, Any]) -> None:
        self.files.write(f"{self.folder}/plan.json", json.dumps(plan, sort_keys=True).encode())
        self.plan = plan
