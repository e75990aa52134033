"""Files of sent messages: fetched or uploaded, checked, kept, and shown by Graph as attachments."""

import itertools
import threading
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from conversations.sandbox.clock import WorldClock
from conversations.sandbox.files.making import File
from conversations.sandbox.files.signed_links import SignedLinks
from conversations.sandbox.request import Request, UploadedFile

from .file_fetching import FetchedFile, FetchError, FileTooLargeError, fetch
from .file_kinds import is_accepted, media_type_of, pixels
from .send_parameters import AskedFile
from .send_refusals import refusal
from .send_switches import DAY, SendSwitches

FIRST_ID = 1_700_000_000_000_000
SCONTENT, CDN = "https://scontent.example.fbcdn.net", "https://cdn.fbsbx.example"
Problem = Literal["not fetched", "not accepted", "too large"]


@dataclass
class SavedFile:
    """A file at Facebook, which messages show and, by its ID, later ones may send again."""

    id: str
    page_id: str
    platform: str
    type: str
    name: str
    media_type: str
    size: int
    saved_at: float
    is_reusable: bool
    pixels: tuple[int, int] | None = None
    is_used: bool = False

    @property
    def url(self) -> str:
        host = CDN if self.type in ("audio", "file") else f"{SCONTENT}/v"
        return f"{host}/sent/{self.id}/{quote(self.name, safe='.-_')}"

    def as_attachment(self) -> dict[str, Any]:
        """Return the attachment in the format of Graph's answers."""
        shown = {"id": self.id, "mime_type": self.media_type, "name": self.name, "size": self.size}
        return shown | self._links()

    def _links(self) -> dict[str, Any]:
        if self.type in ("audio", "file"):
            return {"file_url": self.url}
        width, height = self.pixels or (720, 1280)
        size = {"width": width, "height": height}
        links = {"url": self.url, "preview_url": f"{self.url}?preview=1", **size}
        if self.type == "video":
            return {"video_data": {**links, "length": 1, "rotation": 0, "video_type": 1}}
        largest = {"max_width": width, "max_height": height}
        return {"image_data": {**links, **largest, "image_type": 1, "render_as_sticker": False}}


class Uploads:
    """The files of all Pages. `links` serves them, the newest ones only."""

    def __init__(self, switches: SendSwitches, clock: WorldClock, links: SignedLinks) -> None:
        self.switches, self.clock, self.links = switches, clock, links
        self.saved: dict[str, SavedFile] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def file(self, asked: AskedFile, request: Request, page_id: str, platform: str) -> SavedFile:
        """Return the file that a message names; it may take some seconds. Raises GraphFailure."""
        if asked.attachment_id:
            return self._known(asked, page_id, platform)
        if asked.url:
            found: FetchedFile | UploadedFile = self._fetch(asked, platform)
        else:
            found = next(iter(request.files.values()))
        media_type = media_type_of(found.content, found.media_type)
        if len(found.content) > self._limit(asked, platform):
            raise self._refuse("too large", platform)
        if not is_accepted(asked.type, platform, media_type, len(found.content)):
            raise self._refuse("not accepted", platform)
        return self._save(asked, found, media_type, page_id, platform)

    def _known(self, asked: AskedFile, page_id: str, platform: str) -> SavedFile:
        saved, now = self.saved.get(asked.attachment_id or ""), self.clock.now()
        if (
            saved is None
            or (saved.page_id, saved.platform, saved.type) != (page_id, platform, asked.type)
            or now - saved.saved_at >= self.switches.attachment_days * DAY
            or (saved.is_used and not saved.is_reusable)
        ):
            raise refusal("unknown attachment")
        saved.is_used = True
        return saved

    def _limit(self, asked: AskedFile, platform: str) -> int:
        limit = self.switches.max_bytes[asked.type]
        is_uploaded = asked.type == "image" and asked.url is None and platform == "messenger"
        return max(limit, self.switches.max_uploaded_image) if is_uploaded else limit

    def _fetch(self, asked: AskedFile, platform: str) -> FetchedFile:
        is_video = asked.type == "video"
        seconds = self.switches.video_fetch_seconds if is_video else self.switches.fetch_seconds
        limit = self._limit(asked, platform)
        try:
            found = [
                fetch(asked.url or "", seconds=seconds, max_bytes=limit)
                for _ in range(max(1, self.switches.fetches))
            ]
        except FetchError:
            raise self._refuse("not fetched", platform) from None
        except FileTooLargeError:
            raise self._refuse("too large", platform) from None
        return found[-1]

    def _refuse(self, problem: Problem, platform: str) -> Exception:
        has_own = platform == "instagram" and self.switches.instagram_file_codes == "36000"
        return refusal(f"instagram {problem}" if has_own else problem)

    def _save(
        self,
        asked: AskedFile,
        found: FetchedFile | UploadedFile,
        media_type: str,
        page_id: str,
        platform: str,
    ) -> SavedFile:
        saved = SavedFile(
            str(FIRST_ID + next(self._numbers)),
            page_id,
            platform,
            asked.type,
            found.name,
            media_type,
            len(found.content),
            self.clock.now(),
            asked.is_reusable,
            pixels(found.content),
        )
        with self._lock:
            self.saved[saved.id] = saved
        self.links.keep(saved.url, File(media_type, found.content))
        return saved
