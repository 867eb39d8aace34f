"""The page behind a supplier's link: what is asked, and a form that sends files past us into the store (PLM-28).

The script is the same for everybody, so the policy names it by its hash and allows no other; whatever it is told is
shown as text.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from html import escape

from enghub.core.clock import to_text
from enghub.core.i18n import Language, Text
from enghub.plm.documents.media import LARGEST_BYTES, MEDIA_TYPES, MIB
from enghub.plm.ppaps.model import ELEMENTS, Ppap
from enghub.plm.supplier_links.model import SupplierLink

TITLE = Text("Documents for a production part approval", "生产件批准（PPAP）文件提交")
FOR = Text("{supplier}: part {product}, project {project}", "{supplier}：零件 {product}，项目 {project}")
UNTIL = Text("Open until {at}; {left} files may still be sent.", "截止 {at}；还可提交 {left} 个文件。")
KINDS = Text("{endings}; at most {most} MiB each, without macros.", "{endings}；每个不超过 {most} MiB，不得含宏。")
ARRIVED = Text("Arrived", "已收到")
MISSING = Text("Still missing", "待提交")
NOTHING = Text("Nothing more is asked for. Thank you.", "已无待提交的内容，谢谢。")
SEND = Text("Send", "提交")
SENDING = Text("Sending...", "正在提交……")
SCANNING = Text("Being scanned...", "正在扫描……")
DONE = Text("Arrived whole. Thank you.", "已完整收到，谢谢。")
TROUBLE = Text("The file could not be sent: try again.", "文件未能提交，请重试。")
NAMES_ZH: Mapping[int, str] = dict(
    enumerate(
        (
            "设计记录",
            "工程更改文件",
            "顾客工程批准",
            "设计 FMEA",
            "过程流程图",
            "过程 FMEA",
            "控制计划",
            "测量系统分析研究",
            "尺寸检验结果",
            "材料和性能试验结果",
            "初始过程研究",
            "合格实验室文件",
            "外观批准报告",
            "生产件样品",
            "标准样品",
            "检查辅具",
            "顾客特殊要求",
            "零件提交保证书",
        ),
        1,
    )
)
SCRIPT = """
const said = JSON.parse(document.getElementById("said").textContent);
const hex = bytes => Array.from(new Uint8Array(bytes), b => b.toString(16).padStart(2, "0")).join("");
const post = async (path, body) => {
  const answer = await fetch("supplier/" + path + location.search, {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
  const found = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(found.message), {code: (found.details || {}).error});
  return found.data;
};
const complete = async (upload, tell) => {
  for (let tries = 0; ; tries++) {
    try {
      return await post(`documents/${upload.documentId}/uploads/${upload.uploadId}/completion`, {});
    } catch (error) {
      if (error.code !== "SCAN_PENDING" || tries > 20) throw error;
      tell(said.scanning);
      await new Promise(done => setTimeout(done, 15000));
    }
  }
};
for (const form of document.forms) form.addEventListener("submit", async event => {
  event.preventDefault();
  const [file] = form.file.files, told = form.querySelector("output"), button = form.querySelector("button");
  if (!file) return;
  const tell = text => { told.textContent = text; };
  button.disabled = true;
  tell(said.sending);
  try {
    const content = await file.arrayBuffer();
    const ending = Object.keys(said.types).find(one => file.name.toLowerCase().endsWith(one));
    const upload = await post("uploads", {
      element: Number(form.dataset.element), fileName: file.name, mediaType: said.types[ending] || file.type || "-",
      sizeBytes: file.size, sha256: hex(await crypto.subtle.digest("SHA-256", content))});
    const {"Content-Length": _, ...headers} = upload.headers;
    const sent = await fetch(upload.url, {method: "PUT", headers, body: content});
    if (!sent.ok) throw new Error(said.trouble);
    await complete(upload, tell);
    tell(said.done);
    form.reset();
  } catch (error) {
    tell(error instanceof TypeError ? said.trouble : error.message);
  }
  button.disabled = false;
});
"""
_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
_STYLE = (
    "body{font:1.1rem sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}form{border-top:1px solid #ccc;"
    "padding:1rem 0}output{display:block;padding:.4rem 0}button{font-size:1.1rem}pre{white-space:pre-wrap;font:inherit}"
)


def headers(store: str) -> dict[str, str]:
    """Return the headers of the page; ``store`` is the origin that files are sent to."""
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_HASH}'; connect-src 'self' {store}; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }


def page(link: SupplierLink, ppap: Ppap, missing: Iterable[int], language: Language) -> str:
    """Return what is asked, with a form for each element that is still missing."""
    about = FOR.render(language, supplier=link.supplier, product=ppap.product_code, project=ppap.project_code)
    until = UNTIL.render(language, at=to_text(link.expires_at), left=link.left)
    endings = ", ".join(ending[1:].upper() for media in MEDIA_TYPES.values() for ending in media.endings)
    kinds = KINDS.render(language, endings=endings, most=LARGEST_BYTES // MIB)
    there = [use for use in link.taken if use.is_there]
    items = "".join(f"<li>{escape(_name(use.element, language))}: {escape(use.file_name)}</li>" for use in there)
    arrived = f"<h2>{_text(ARRIVED, language)}</h2><ul>{items}</ul>" if items else ""
    forms = "".join(_form(number, language) for number in missing) if link.left > 0 else ""
    open_ = f"<h2>{_text(MISSING, language)}</h2><p>{escape(kinds)}</p>{forms}" if forms else ""
    note = f"<pre>{escape(link.note)}</pre>" if link.note else ""
    content = f"<p><b>{escape(about)}</b></p>{note}<p>{escape(until)}</p>{arrived}"
    return _document(language, content + (open_ or f"<p>{_text(NOTHING, language)}</p>"))


def refused(reason: str, language: Language) -> str:
    """Return the page that says why not."""
    return _document(language, f"<p>{escape(reason)}</p>")


def _form(number: int, language: Language) -> str:
    label = escape(f"{number} {_name(number, language)}")
    return (
        f'<form data-element="{number}"><label><b>{label}</b><br><input type="file" name="file" required></label> '
        f"<button>{_text(SEND, language)}</button><output></output></form>"
    )


def _name(number: int, language: Language) -> str:
    return NAMES_ZH[number] if language == "zh" else ELEMENTS[number][0]


def _text(text: Text, language: Language) -> str:
    return escape(text.render(language))


def _document(language: Language, content: str) -> str:
    texts = {"sending": SENDING, "scanning": SCANNING, "done": DONE, "trouble": TROUBLE}
    types = {ending: media.name for media in MEDIA_TYPES.values() for ending in media.endings}
    said = json.dumps({**{name: text.render(language) for name, text in texts.items()}, "types": types})
    title = _text(TITLE, language)
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
        f'<h1>{title}</h1>{content}<script type="application/json" id="said">{said}</script>'
        f"<script>{SCRIPT}</script></html>"
    )
