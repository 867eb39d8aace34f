"""What somebody reads of a notice: its texts filled in, in the reader's language. No I/O."""

from collections.abc import Mapping
from typing import Any

from enghub.core.i18n import Text
from enghub.notices.catalogue.model import NoticeType, Texts
from enghub.notices.languages import Reads
from enghub.notices.templates.errors import TemplateRefused
from enghub.notices.templates.model import Rendered
from enghub.notices.templates.rendering import Format, TemplateWrong, render

SUBJECT_LENGTH = 200
EMPTY = Text("it is empty", "内容为空")


def rendered(texts: Texts, facts: Mapping[str, Any], reads: Reads, form: Format = Format.TEXT) -> Rendered:
    """Fill the texts in; who may read either language reads English, then Chinese.

    Raises:
        TemplateWrong
    """
    subject = texts.subject.get(reads)
    if subject is None:
        lines = dict.fromkeys(_line(texts.subject[language], facts) for language in reads.languages)
        one = " / ".join(lines)
    else:
        one = _line(subject, facts)
    body = "\n\n".join(render(texts.body[language], facts, form) for language in reads.languages)
    html = None
    if texts.html is not None and form is Format.TEXT:
        html = "\n<hr>\n".join(render(texts.html[language], facts, Format.HTML) for language in reads.languages)
    return Rendered(one[:SUBJECT_LENGTH], body, html)


def _line(source: str, facts: Mapping[str, Any]) -> str:
    return " ".join(render(source, facts, Format.TEXT).split())


def check(kind: NoticeType, texts: Texts) -> None:
    """Try texts with the samples of their type, in every format.

    Raises:
        TemplateRefused: one does not render; with its place, line and reason.
    """
    for place, source in texts.parts().items():
        formats = (Format.HTML,) if place.startswith("html") else tuple(Format)
        for facts in kind.samples():
            for form in formats:
                try:
                    written = render(source, facts, form)
                except TemplateWrong as wrong:
                    raise TemplateRefused(place, wrong.line, wrong.reason) from wrong
            if not written.strip() and place.startswith("subject"):
                raise TemplateRefused(place, 1, EMPTY)


def preview(kind: NoticeType, texts: Texts, facts: Mapping[str, Any] | None, reads: Reads) -> Rendered:
    """Return what somebody would read of given facts, or of the type's sample.

    Raises:
        TemplateRefused
    """
    check(kind, texts)
    try:
        return rendered(texts, kind.given(facts if facts is not None else kind.sample), reads)
    except TemplateWrong as wrong:
        raise TemplateRefused("facts", wrong.line, wrong.reason) from wrong
