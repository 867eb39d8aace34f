"""Requests of /api/v1/settings/templates (CFG-13; the names are REQ-008 7.2.3's)."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from enghub.core import problems, wire
from enghub.core.i18n import Text
from enghub.core.multipart import Uploaded
from enghub.core.strictjson import parse_json, write_json
from enghub.settings.configs.model import Owner
from enghub.settings.templates import texts
from enghub.settings.templates.applying import Wanted
from enghub.settings.templates.blueprints import MAX_ITEMS
from enghub.settings.templates.errors import TemplateRefused
from enghub.settings.templates.model import FIRST, TemplateVersion

BASE = "/api/v1/settings/templates"
MAX_FILE_BYTES = 256 * 1024
VERSION = r"^(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})$"
_VERSIONS = Text("write a version of three numbers: 1.0.0", "请按 1.0.0 的形式填写版本号")
VersionName = Annotated[str, wire.form(VERSION, _VERSIONS, max_length=17)]
ID = r"^[a-z0-9][a-z0-9._-]*$"
_IDS = Text("write small letters, digits, dots, dashes", "请使用小写字母、数字、点或短横线")
TemplateId = Annotated[str, wire.form(ID, _IDS, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(wire.printable)]
Category = Annotated[str, Field(max_length=50), AfterValidator(wire.printable)]
Reason = Annotated[str, Field(max_length=500)]
Values = Annotated[dict[str, Any], Field(max_length=MAX_ITEMS)]


class TemplateRequest(wire.Request):
    """A template, or its next version; a version that is there already never changes."""

    template_name: Name
    template_category: Category = ""
    template_schema: dict[str, Any]
    """Items and groups of them as in annex B, or a JSON Schema of such an object."""
    default_values: Values = {}  # noqa: RUF012 - pydantic copies it
    """By key: ``password.minLength``."""
    validation_rules: Values = {}  # noqa: RUF012 - pydantic copies it
    """By key: rules beside what the schema says, in the form of an item's ``validationRule``."""
    description: Annotated[str, Field(max_length=2_000)] = ""
    version: VersionName = FIRST
    is_active: wire.Flag = True
    change_reason: Reason = ""

    def wanted(self, tenant_id: str, template_id: str) -> TemplateVersion:
        """Return the version as wanted."""
        return TemplateVersion(
            tenant_id,
            template_id,
            self.version,
            self.template_name,
            self.template_category,
            write_json(self.template_schema),
            write_json(self.default_values),
            write_json(self.validation_rules),
            self.description,
            reason=self.change_reason,
        )


class TemplateDocument(TemplateRequest):
    """A template as a file, as an export writes it."""

    template_id: TemplateId


class ImportTemplateRequest(wire.Request):
    """A file of one version of a template, as an export writes it (JSON)."""

    file: Uploaded
    change_reason: Reason = ""

    def document(self) -> TemplateDocument:
        """Return what the file says.

        Raises:
            TemplateRefused: it is no such file; the field is named.
        """
        try:
            said = parse_json(self.file.content.decode("utf-8"))
        except ValueError as error:
            raise TemplateRefused(field="file", problem=texts.NO_FILE.filled(why=str(error)[:200])) from error
        if not isinstance(said, dict):
            raise TemplateRefused(field="file", problem=texts.NO_GROUP)
        try:
            return TemplateDocument.model_validate(said)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"][:3])
            raise TemplateRefused(field=f"file.{place}"[:300], problem=problems.said(first)) from error


class FollowRequest(wire.Request):
    """What making items and upgrading them share."""

    version: VersionName | None = None
    """The latest by default."""
    values: Values = {}  # noqa: RUF012 - pydantic copies it
    """Values by key instead of the defaults, whatever was there."""
    dry_run: wire.Flag = False
    change_reason: Reason = ""
    break_glass: wire.Flag = False

    def wanted(self, owner: Owner, template_id: str) -> Wanted:
        """Return what is wanted."""
        return Wanted(
            owner,
            template_id,
            self.version,
            self.values,
            dry_run=self.dry_run,
            reason=self.change_reason,
            break_glass=self.break_glass,
        )


class ApplyRequest(FollowRequest):
    """Make a layer's items from a template: all or none."""

    overwrite_existing: wire.Flag = False
    """Whether items that are there are changed; else they stay."""

    def wanted(self, owner: Owner, template_id: str) -> Wanted:
        """Return what is wanted."""
        return replace(super().wanted(owner, template_id), overwrite=self.overwrite_existing)


class UpgradeRequest(FollowRequest):
    """Let items that follow a template follow a newer version of it; what the tenant changed stays."""
