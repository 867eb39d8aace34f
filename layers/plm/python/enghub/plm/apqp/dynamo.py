"""APQP projects in DynamoDB: ``T#<tenant>#APQP#<project>`` / ``PROJECT``; ``gsi1`` lists a tenant's by code."""

from typing import Any

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, parts
from enghub.plm.apqp.errors import ProjectExists
from enghub.plm.apqp.model import Project
from enghub.plm.apqp.repository import FoundProjects


def _key(tenant_id: str, project_code: str) -> Key:
    return key("T", tenant_id, "APQP", project_code), "PROJECT"


def _tenant(pk: str, _: str) -> dict[str, Any]:
    return {"tenant_id": parts(pk)[1]}


PROJECTS = Aggregate(
    Project,
    "APQP_PROJECT",
    key=lambda project: _key(project.tenant_id, project.project_code),
    layout=Layout(given=("tenant_id",), of_key=_tenant),
    more=lambda project: {
        "gsi1pk": key("T", project.tenant_id, "APQP-PROJECTS"),
        "gsi1sk": key(project.project_code),
    },
    name="apqp_project",
    identity=lambda project: project.project_code,
    shows=("product_code", "deliverables", "gates", "plm_phase"),
    exists=lambda project: ProjectExists(project_code=project.project_code),
)


class DynamoProjects:
    """The Projects of ``repository`` on the context's table."""

    def get(self, tenant_id: str, project_code: str) -> Kept[Project] | None:
        """See Projects."""
        return PROJECTS.read(_key(tenant_id, project_code))

    def save(self, commit: Commit[Project]) -> Kept[Project]:
        """See Projects."""
        return PROJECTS.save(commit)

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> FoundProjects:
        """See Projects."""
        page = PROJECTS.page(key("T", tenant_id, "APQP-PROJECTS"), index="gsi1", limit=limit, cursor=cursor)
        return FoundProjects(page.items, page.cursor)
