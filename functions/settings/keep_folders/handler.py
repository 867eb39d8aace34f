"""Makes a layer of settings as a folder of files says, at one moment; shows it before; says it as files (CFG-32).

Trigger: GET and POST /api/v1/settings/folder. Runbook: docs/runbooks/settings-folders.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.settings import rights
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import Space, answered, origin_in, require
from enghub.settings.configs.api import CREATE, UPDATE
from enghub.settings.configs.model import Layer, Owner
from enghub.settings.folders import wiring
from enghub.settings.folders.api import FOLDER, MAX_BODY_BYTES, FolderContentResponse, FolderRequest, FolderResponse
from enghub.settings.folders.model import Folder

app = http.resolver(max_body_bytes=MAX_BODY_BYTES)

SpaceNamed = Annotated[Space, Query(alias="layer")]
READ = (rights.READ_CONFIG, rights.READ_FLAG, rights.READ_RULE)
FLAGS = (rights.CHANGE_FLAG, rights.CHANGE_GLOBAL_FLAG)
RULES = (rights.CHANGE_RULE, rights.CHANGE_GLOBAL_RULE)
CONFIGS = (*CREATE.values(), *UPDATE.values())


@app.get(FOLDER, right=READ)
def read_folder(layer: SpaceNamed = "tenant") -> FolderContentResponse:
    """Answer everything of a layer in the form that makes it so; the audit keeps who took it."""
    call = http.call(app)
    for right in READ:
        call.require(right)
    return FolderContentResponse.of(layer, wiring.folders().content(_owner(call, layer), origin_in(call, layer)))


@app.post(FOLDER, right=(*CONFIGS, *FLAGS, *RULES))
def apply_folder(
    request: FolderRequest, layer: SpaceNamed = "tenant"
) -> Response[FolderResponse | ChangeRequestResponse]:
    """Make configuration, flags, segments and rules of a layer as said, all at one moment or none; what is not named
    stays. With ``dryRun`` only say what would change, whom it would hit, whether people have to agree."""
    call = http.call(app)
    _check_rights(call, request, layer)
    folder = Folder(_owner(call, layer), request.rows(), request.wanted())
    origin, folders, reason = origin_in(call, layer), wiring.folders(), request.change_reason
    if request.dry_run:
        made = folders.plan(folder, origin, reason, call.principal.tenant_id)
        return answered(made, origin.at, lambda found: FolderResponse.of(layer, found, dry_run=True))
    done = folders.apply(folder, origin, reason, break_glass=request.break_glass)
    return answered(done, origin.at, lambda found: FolderResponse.of(layer, found, dry_run=False))


def _owner(call: http.Call, layer: Space) -> Owner:
    return Owner.of(Layer(layer), call.principal.tenant_id, call.principal.user_id)


def _check_rights(call: http.Call, request: FolderRequest, layer: Space) -> None:
    if request.configs or not (request.flags or request.segments or request.rules):
        call.require(CREATE[Layer(layer)])
        call.require(UPDATE[Layer(layer)])
    if request.flags or request.segments:
        require(call, layer, *FLAGS)
    if request.rules:
        require(call, layer, *RULES)


lambda_handler = entrypoints.http(app)
