"""What can go wrong with a document and its files."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class DocumentNotFound(NotFound):
    """No such document for this tenant."""

    text = Text("Document {document_id} does not exist", "文档 {document_id} 不存在")


class DocumentVersionNotFound(NotFound):
    """The document has no such version."""

    text = Text("Document {document_id} has no version {number}", "文档 {document_id} 没有版本 {number}")


class UploadNotFound(NotFound):
    """No such upload was allowed, or it is over for days."""

    text = Text("Upload {upload_id} does not exist: ask for a new one", "上传 {upload_id} 不存在：请重新申请上传")


class NotUploaded(Conflict):
    """The file is not there yet."""

    text = Text(
        "{file_name} has not arrived: send the file to the address of the upload, then complete it",
        "{file_name} 尚未到达：请先将文件上传到给定地址，再确认完成",
    )


class ScanPending(Conflict):
    """The store's scan for malware has not answered yet."""

    text = Text(
        "{file_name} is being scanned for malware: complete the upload again in a minute",
        "{file_name} 正在进行恶意软件扫描：请一分钟后再次确认完成",
    )


class FileDamaged(RuleViolated):
    """What arrived is not what was announced."""

    text = Text(
        "{file_name} arrived damaged: {problem}. It was not kept; ask for a new upload",
        "{file_name} 在传输中损坏：{problem}。文件未保存，请重新申请上传",
    )


class ContentRefused(RuleViolated):
    """What arrived is not of the kind that was announced, or holds what no file here may hold."""

    text = Text("{file_name} is refused: {problem}. It was not kept", "{file_name} 被拒绝：{problem}。文件未保存")


class DocumentWithdrawn(Conflict):
    """The document is withdrawn; what it was can only be read when that is asked for."""

    text = Text("Document {document_id} is withdrawn: {reason}", "文档 {document_id} 已撤回：{reason}")


class FileNameRefused(Invalid):
    """The name of a file is not one that every system can keep."""

    text = Text("{field}: {problem}", "{field}：{problem}")


class LinkedUnknown(RuleViolated):
    """A document is linked to what there is not."""

    text = Text("{field}: {kind} {id} does not exist", "{field}：{kind} {id} 不存在")
