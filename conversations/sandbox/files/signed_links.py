"""Links of files: signed, for some time, each answer with new ones. The sandbox serves what they lead to.

Without `switches.serve_files` the links lead to made-up hosts, as tests of forms want them.
"""

import re
import threading
from hashlib import blake2b
from hmac import compare_digest
from urllib.parse import parse_qs, urlsplit

from conversations.sandbox.clock import WorldClock
from conversations.sandbox.request import Answer
from conversations.sandbox.switches import Switches

from .making import File, file_at

PATH = "/_sandbox/files"
HOSTS = {
    "scontent.example.fbcdn.net": "/scontent",
    "cdn.fbsbx.example": "/cdn",
    "lookaside.fbsbx.example": "/lookaside",
}
NAMES = "|".join(re.escape(name) for name in HOSTS)
# In JSON, whose slashes may be escaped.
LINK = re.compile(rf'"https:(?:\\?/){{2}}(?:{NAMES})(?:[^"\\]|\\/)*"')
MAX_KEPT_BYTES = 200_000_000  # of files that are not made when they are asked for; then the oldest ones go
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class SignedLinks:
    def __init__(self, switches: Switches, clock: WorldClock) -> None:
        self._switches, self._clock = switches, clock
        self._kept: dict[str, File] = {}
        self._lock = threading.Lock()

    def keep(self, url: str, file: File) -> None:
        """Have this file behind a link of one of HOSTS."""
        with self._lock:
            self._kept[_path(url)] = file
            while (
                len(self._kept) > 1
                and sum(len(each.content) for each in self._kept.values()) > MAX_KEPT_BYTES
            ):
                del self._kept[next(iter(self._kept))]

    def sign(self, text: str, base_url: str) -> str:
        """Return the JSON with links that work from now on, for `switches.file_seconds`."""
        if not self._switches.serve_files:
            return text

        def replace(found: re.Match[str]) -> str:
            is_escaped = "\\/" in found[0]
            link = self.link(found[0][1:-1].replace("\\/", "/"), base_url)
            return '"' + (link.replace("/", "\\/") if is_escaped else link) + '"'

        return LINK.sub(replace, text)

    def link(self, url: str, base_url: str) -> str:
        path = _path(url)
        ends = f"{int(self._clock.now() + self._switches.file_seconds):x}"
        small = "&preview=1" if "preview=1" in urlsplit(url).query else ""
        return f"{base_url}{PATH}{path}?oh={_signature(path, ends)}&oe={ends}{small}"

    def answer(self, target: str, byte_range: str) -> Answer:
        """Answer a request for a file, or for a part of it: 403 for a link that has ended or is not ours."""
        parts = urlsplit(target)
        path, query = parts.path.removeprefix(PATH), parse_qs(parts.query)
        signature, ends = (query.get(name, [""])[0] for name in ("oh", "oe"))
        if not compare_digest(signature, _signature(path, ends)):
            return Answer(403, {"Content-Type": "text/plain"}, b"Bad URL hash")
        if int(ends, 16) < self._clock.now():
            return Answer(403, {"Content-Type": "text/plain"}, b"URL signature expired")
        file = self._kept.get(path) or file_at(path, is_small="preview" in query)
        if file is None:
            return Answer(404, {"Content-Type": "text/plain"}, b"Not found")
        return _part(Answer(200, {"Content-Type": file.media_type}, file.content), byte_range)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return HOSTS[parts.hostname or ""] + parts.path


def _part(answer: Answer, wanted: str) -> Answer:
    found, total = RANGE.fullmatch(wanted), len(answer.body)
    answer.headers["Accept-Ranges"] = "bytes"
    if not found or not (found[1] or found[2]):
        return answer
    first = int(found[1]) if found[1] else max(0, total - int(found[2]))
    last = min(int(found[2]), total - 1) if found[1] and found[2] else total - 1
    if first > last:
        return Answer(416, {"Content-Range": f"bytes */{total}"})
    answer.status, answer.body = 206, answer.body[first : last + 1]
    answer.headers["Content-Range"] = f"bytes {first}-{last}/{total}"
    return answer


def _signature(path: str, ends: str) -> str:
    return blake2b(f"{path} {ends}".encode(), digest_size=12, key=b"sandbox").hexdigest()
