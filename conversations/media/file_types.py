"""What a file is, by its first bytes. What a sender or a server says about it is never asked."""

import re

HEAD_BYTES = 512  # enough to tell
UNKNOWN = "application/octet-stream"
# What a browser shows by itself and cannot run. Everything else is a download.
STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
)
RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
# The brand of an ISO media file, `....ftypBRND`; other brands are videos.
BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": UNKNOWN,  # browsers do not show it
    b"heix": UNKNOWN,
    b"mif1": UNKNOWN,
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
DOWNLOADS = ((b"%PDF-", "application/pdf"),)
MATROSKA, WEBM = b"\x1a\x45\xdf\xa3", re.compile(rb"\x42\x82.{0,8}?webm", re.DOTALL)


def type_of(head: bytes) -> str:
    """Return the media type of a file that begins with these bytes; UNKNOWN if it is none of ours."""
    for start, kind in (*STARTS, *DOWNLOADS):
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12], "video/mp4")
    if head.startswith(MATROSKA) and WEBM.search(head):
        return "video/webm"
    return UNKNOWN


def is_shown_in_place(media_type: str) -> bool:
    """Whether a browser may show it. Files of other types are saved, never opened."""
    return media_type.partition("/")[0] in ("image", "video", "audio")
