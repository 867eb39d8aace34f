"""``enghub audit``: proves that the audit of every context is whole; anchors a day's links outside the tables."""

import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import boto3
import typer

from enghub.core.audit_proof import Anchor, Finding, Proof, sign
from enghub_cli import context
from enghub_cli.console import out
from enghub_cli.errors import Stop

audit = typer.Typer(no_args_is_help=True, help="The audit of all contexts: is it whole? Anchor a day's links.")
StageOption = Annotated[str, typer.Option(help="Which stage; `local` is the local cloud.")]
PlaceOption = Annotated[
    str | None, typer.Option("--anchors", help="Folder, or s3://bucket/prefix with versions and object lock.")
]
KmsOption = Annotated[str | None, typer.Option("--kms-key", help="Id of a KMS key of the kind HMAC_256.")]
KeyOption = Annotated[Path | None, typer.Option("--key-file", help="File with a key, where there is no KMS.")]


class Signer(Protocol):
    """Signs anchors with a key that writers of the tables do not hold."""

    def sign(self, anchor: Anchor) -> str:
        """Return the signature, as hex."""

    def holds(self, anchor: Anchor, signature: str) -> bool:
        """Tell whether a signature is this key's, over this anchor."""


@dataclass(frozen=True, slots=True)
class FileSigner:
    """A key from a file."""

    key: bytes

    def sign(self, anchor: Anchor) -> str:
        """See `Signer.sign`."""
        return sign(anchor, self.key)

    def holds(self, anchor: Anchor, signature: str) -> bool:
        """See `Signer.holds`."""
        return hmac.compare_digest(sign(anchor, self.key), signature)


@dataclass(frozen=True, slots=True)
class KmsSigner:
    """A key that never leaves KMS."""

    client: Any
    key_id: str

    def sign(self, anchor: Anchor) -> str:
        """See `Signer.sign`."""
        made = self.client.generate_mac(Message=anchor.digest, KeyId=self.key_id, MacAlgorithm="HMAC_SHA_256")
        return bytes(made["Mac"]).hex()

    def holds(self, anchor: Anchor, signature: str) -> bool:
        """See `Signer.holds`."""
        asked = {"Message": anchor.digest, "KeyId": self.key_id, "MacAlgorithm": "HMAC_SHA_256"}
        try:
            return bool(self.client.verify_mac(Mac=bytes.fromhex(signature), **asked)["MacValid"])
        except self.client.exceptions.KMSInvalidMacException:
            return False


class Place(Protocol):
    """Where anchors lie."""

    def put(self, name: str, content: str) -> None:
        """Keep an anchor; one that is there is not overwritten."""

    def all(self, prefix: str) -> Iterator[str]:
        """Yield the content of every anchor, of each the first that was ever put."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, for a copy on a medium that is written once."""

    path: Path

    def put(self, name: str, content: str) -> None:
        """See `Place.put`."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(content)

    def all(self, prefix: str) -> Iterator[str]:
        """See `Place.all`."""
        for file in sorted((self.path / prefix).glob("**/*.json")):
            yield file.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket with versions: who overwrites or deletes adds a version, the first one stays."""

    client: Any
    bucket: str
    prefix: str

    def put(self, name: str, content: str) -> None:
        """See `Place.put`."""
        self.client.put_object(Bucket=self.bucket, Key=f"{self.prefix}{name}", Body=content.encode(), IfNoneMatch="*")

    def all(self, prefix: str) -> Iterator[str]:
        """See `Place.all`."""
        pages = self.client.get_paginator("list_object_versions")
        first: dict[str, Any] = {}
        for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}{prefix}"):
            for version in page.get("Versions", ()):
                known = first.get(version["Key"])
                if known is None or version["LastModified"] <= known["LastModified"]:  # newest come first
                    first[version["Key"]] = version
        for key, version in sorted(first.items()):
            found = self.client.get_object(Bucket=self.bucket, Key=key, VersionId=version["VersionId"])
            yield found["Body"].read().decode()


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(audit, name="audit")
    audit.command("verify")(verify)
    audit.command("anchor")(anchor)


def verify(  # noqa: PLR0917 - options
    contexts: Annotated[list[str] | None, typer.Argument(help="mes, plm, upgrade ...; all when none is named.")] = None,
    anchors: PlaceOption = None,
    kms_key: KmsOption = None,
    key_file: KeyOption = None,
    stage: StageOption = context.STAGE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Read every entry of the audit and say what does not hold; exit with 1 when something does not."""
    client = _clients(stage)
    signer = _signer(client, kms_key, key_file)
    place = _place(client, anchors)
    report = {}
    for name in contexts or _contexts(client("dynamodb"), stage):
        proof = proof_of(client("dynamodb"), f"enghub-{stage}-{name}")
        found = list(proof.findings(read_anchors(place, signer, name)))
        report[name] = {"chains": len(proof.chains), "findings": [_shown(one) for one in found]}
    if as_json:
        out.print_json(json.dumps(report))
    else:
        _print(report, anchored=place is not None)
    if any(one["findings"] for one in report.values()):
        raise typer.Exit(1)


def anchor(  # noqa: PLR0917 - options
    name: Annotated[str, typer.Argument(metavar="CONTEXT", help="mes, plm, upgrade ...")],
    day: Annotated[str, typer.Option(help="UTC day that is over, YYYY-MM-DD.")],
    anchors: PlaceOption = None,
    kms_key: KmsOption = None,
    key_file: KeyOption = None,
    stage: StageOption = context.STAGE,
) -> None:
    """Sign the links of a day and keep them outside the table: every night, as somebody who cannot write there."""
    client = _clients(stage)
    signer, place = _signer(client, kms_key, key_file), _place(client, anchors)
    if place is None or signer is None:
        message = "Say where anchors lie (--anchors) and with which key they are signed (--kms-key or --key-file)"
        raise Stop(message)
    proof = proof_of(client("dynamodb"), f"enghub-{stage}-{name}")
    for tenant in sorted({tenant for tenant, _ in proof.chains}):
        made = proof.anchor(tenant, day)
        place.put(f"{name}/{tenant}/{day}.json", written(made, signer))
        out.print(f"{name} {tenant} {day}: {made.entries} entries of {len(made.links)} subjects")


def proof_of(client: Any, table: str) -> Proof:
    """Read a whole table."""
    proof = Proof()
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            proof.take(item)
    return proof


def written(made: Anchor, signer: Signer) -> str:
    """Return an anchor with its signature, as it is kept."""
    body = {"tenant": made.tenant_id, "day": made.day, "entries": made.entries, "links": made.links}
    return json.dumps({**body, "signature": signer.sign(made)}, ensure_ascii=False, sort_keys=True)


def read_anchors(place: Place | None, signer: Signer | None, name: str) -> list[tuple[Anchor, bool]]:
    """Return the anchors of a context, each with whether its signature holds."""
    found: list[tuple[Anchor, bool]] = []
    if place is None or signer is None:
        return found
    for content in place.all(f"{name}/"):
        data = json.loads(content)
        links = {subject: (int(link[0]), str(link[1])) for subject, link in data["links"].items()}
        one = Anchor(data["tenant"], data["day"], links, data["entries"])
        found.append((one, signer.holds(one, data["signature"])))
    return found


def _clients(stage: str) -> Callable[[str], Any]:
    if stage == context.STAGE:
        return context.connect().client
    aws: Any = boto3
    made: Callable[[str], Any] = aws.client
    return made


def _contexts(client: Any, stage: str) -> list[str]:
    prefix = f"enghub-{stage}-"
    names = (name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"])
    return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def _signer(client: Callable[[str], Any], kms_key: str | None, key_file: Path | None) -> Signer | None:
    if kms_key is not None:
        return KmsSigner(client("kms"), kms_key)
    return None if key_file is None else FileSigner(key_file.read_bytes().strip())


def _place(client: Callable[[str], Any], anchors: str | None) -> Place | None:
    if anchors is None:
        return None
    if not anchors.startswith("s3://"):
        return Folder(Path(anchors))
    bucket, _, prefix = anchors.removeprefix("s3://").partition("/")
    return Bucket(client("s3"), bucket, f"{prefix.rstrip('/')}/" if prefix else "")


def _shown(found: Finding) -> dict[str, Any]:
    return {
        "tenantId": found.tenant_id,
        "subject": found.subject,
        "sequence": found.sequence,
        "finding": found.kind,
        "detail": found.detail,
    }


def _print(report: dict[str, Any], *, anchored: bool) -> None:
    for name, one in report.items():
        out.print(f"{name}: {one['chains']} chains, {len(one['findings'])} findings")
        for found in one["findings"]:
            where = " ".join(filter(None, (found["tenantId"], found["subject"], found["detail"])))
            out.print(f"  {where} #{found['sequence']}: {found['finding']}", soft_wrap=True)
    if not anchored:
        out.print("Without --anchors a chain that was computed anew together with its aggregate is not found")
