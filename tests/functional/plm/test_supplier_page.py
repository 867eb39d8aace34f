"""The script of the suppliers' page, run by Node: it hashes, announces, sends, completes, waits for scans."""

import hashlib
import json
import subprocess
from typing import Any

from enghub.plm.supplier_links.page import SCRIPT

AROUND = """
const calls = [], told = {textContent: ""}, texts = [];
Object.defineProperty(told, "textContent", {set: text => texts.push(text)});
let submit;
const content = Buffer.from("hello");
const file = {name: "Plan.PDF", size: 5, type: "x", arrayBuffer: async () => content};
const form = {
  file: {files: [file]}, dataset: {element: "7"}, reset() { texts.push("reset"); },
  querySelector: what => what === "output" ? told : {disabled: false},
  addEventListener: (_, done) => { submit = done; }};
globalThis.location = {search: "?token=t"};
globalThis.document = {forms: [form], getElementById: () => ({textContent: JSON.stringify({
  sending: "sending", scanning: "scanning", done: "done", trouble: "trouble", types: {".pdf": "application/pdf"}})})};
globalThis.setTimeout = done => done();
globalThis.crypto ??= require("node:crypto").webcrypto;
const answers = ANSWERS;
globalThis.fetch = async (url, options) => {
  calls.push([options.method, url, options.headers, options.method === "PUT" ? String(options.body) : options.body]);
  const [ok, body] = answers.shift();
  return {ok, json: async () => body};
};
"""
AFTER = "submit({preventDefault() {}}).then(() => console.log(JSON.stringify({calls, texts})));"
UPLOAD = {
    "uploadId": "U",
    "documentId": "D",
    "url": "https://store/x",
    "headers": {"Content-Length": "5", "x-amz-checksum-sha256": "c"},
}


def run(*answers: tuple[bool, Any]) -> Any:
    program = AROUND.replace("ANSWERS", json.dumps(answers)) + SCRIPT + AFTER
    done = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_a_file_is_hashed_announced_sent_and_completed_once_the_scan_is_over() -> None:
    pending = {"message": "being scanned", "details": {"error": "SCAN_PENDING"}}
    found = run((True, {"data": UPLOAD}), (True, {}), (False, pending), (True, {"data": {}}))
    ask, put, *completions = found["calls"]
    assert ask[:2] == ["POST", "supplier/uploads?token=t"]
    assert json.loads(ask[3]) == {
        "element": 7,
        "fileName": "Plan.PDF",
        "mediaType": "application/pdf",
        "sizeBytes": 5,
        "sha256": hashlib.sha256(b"hello").hexdigest(),
    }
    assert put == ["PUT", "https://store/x", {"x-amz-checksum-sha256": "c"}, "hello"]
    assert [one[1] for one in completions] == ["supplier/documents/D/uploads/U/completion?token=t"] * 2
    assert found["texts"] == ["sending", "scanning", "done", "reset"]


def test_a_refusal_is_shown_as_it_was_said() -> None:
    assert run((False, {"message": "macros"}))["texts"] == ["sending", "macros"]
    assert run((True, {"data": UPLOAD}), (False, {}))["texts"] == ["sending", "trouble"]
