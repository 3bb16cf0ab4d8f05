"""A small hub on loopback: the answers of the API that huggingface_hub asks for, from a folder, with faults on demand.

Model information with sizes and hashes, and files with `Range`: https://huggingface.co/docs/hub/api and
https://huggingface.co/docs/huggingface_hub/guides/download.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REVISION = "1f" * 20


@dataclass
class Hub:
    """`cut`: a file's name, and after how many bytes its next answer breaks off. `sent`: bytes of each file.

    `others`: further repositories and their folders.
    """

    folder: Path
    repository: str
    others: dict[str, Path] = field(default_factory=dict)
    url: str = ""
    cut: dict[str, int] = field(default_factory=dict)
    stall: dict[str, threading.Event] = field(default_factory=dict)
    """Files whose next answer waits for the event just before its end."""
    at_work: int = 0
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What it says of a file that is not so."""
    gated: bool = False
    there: bool = True
    sent: dict[str, int] = field(default_factory=dict)

    def siblings(self, repository: str = "") -> list[dict[str, Any]]:
        folder = self.others.get(repository, self.folder)
        return [self._sibling(path, folder) for path in sorted(folder.rglob("*")) if path.is_file()]

    def _sibling(self, path: Path, folder: Path) -> dict[str, Any]:
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        said: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
        if path.suffix == ".safetensors":
            said["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
        claim = self.claims.get(name, {})
        if "lfs" in claim:
            return said | claim | {"lfs": said["lfs"] | claim["lfs"]}
        return said | claim


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        hub = self.hub
        path = self.path.partition("?")[0]
        folders = {hub.repository: hub.folder} | hub.others
        repository = next((one for one in folders if f"/{one}/" in f"{path}/"), "")
        if not hub.there or not repository:
            self._refuse(404, "RepoNotFound")
        elif path.startswith("/api/models/"):
            asked = path.partition("/revision/")[2]
            if asked not in ("", "main", REVISION):
                self._refuse(404, "RevisionNotFound")
                return
            info = {"id": repository, "sha": REVISION, "siblings": hub.siblings(repository), "gated": hub.gated}
            self._send(200, json.dumps(info).encode(), {"Content-Type": "application/json"})
        elif hub.gated:
            self._refuse(403, "GatedRepo")
        elif path.startswith(f"/{repository}/resolve/{REVISION}/"):
            self._file(folders[repository], path.removeprefix(f"/{repository}/resolve/{REVISION}/"))
        else:
            self._refuse(404, "EntryNotFound")

    def _file(self, folder: Path, name: str) -> None:
        content = (folder / name).read_bytes()
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        headers = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": REVISION}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        end = min(len(content), start + self.hub.cut.pop(name, len(content)))
        self.hub.at_work += 1
        try:
            self._send(206 if start else 200, content[start:end], headers, len(content) - start, name)
        finally:
            self.hub.at_work -= 1

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": code})

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], length: int | None = None, name: str = ""
    ) -> None:
        self.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(body) if length is None else length)}).items():
            self.send_header(key, value)
        self.end_headers()
        for part, wait in ((body[:-1], None), (body[-1:], self.hub.stall.pop(name, None))):
            if wait is not None:
                wait.wait(10)
            with suppress(ConnectionError):
                self.wfile.write(part)
            if name:
                self.hub.sent[name] = self.hub.sent.get(name, 0) + len(part)
        self.close_connection = length is not None and length != len(body)


@contextmanager
def small_hub(folder: Path, repository: str) -> Iterator[Hub]:
    hub = Hub(folder, repository)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
