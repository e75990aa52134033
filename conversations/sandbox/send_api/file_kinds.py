"""What a file is, by its first bytes, and which files each platform takes."""

import struct

# Beginning of the content -> media type
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"#!AMR", "audio/amr"),
)
IMAGES = {"messenger": ("png", "jpeg", "gif", "webp"), "instagram": ("png", "jpeg", "gif")}


def media_type_of(content: bytes, said: str) -> str:
    """Return the media type by the content, else what its server said."""
    for beginning, media_type in SIGNATURES:
        if content.startswith(beginning):
            return media_type
    if content[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/avi"}.get(content[8:12], said)
    if content[4:8] == b"ftyp":
        is_audio = content[8:11] == b"M4A" or said.startswith("audio/")
        return "audio/mp4" if is_audio else "video/mp4"
    return said


def is_accepted(kind: str, platform: str, media_type: str, size: int) -> bool:
    """Whether the platform takes such a file as an attachment of this type."""
    main, _, sub = media_type.partition("/")
    if not size:
        return False
    if kind == "image":
        return main == "image" and sub in IMAGES[platform]
    if kind == "file":
        return platform == "messenger" or media_type == "application/pdf"
    return main == kind


def pixels(content: bytes) -> tuple[int, int] | None:
    """Return the width and height of a PNG, GIF or JPEG picture; None if they cannot be read."""
    try:
        if content.startswith(b"\x89PNG"):
            return struct.unpack(">II", content[16:24])
        if content.startswith(b"GIF8"):
            return struct.unpack("<HH", content[6:10])
        if content.startswith(b"\xff\xd8"):
            return _jpeg_pixels(content)
    except (struct.error, IndexError):
        pass
    return None


def _jpeg_pixels(content: bytes) -> tuple[int, int] | None:
    place = 2
    while content[place] == 0xFF:
        marker, length = content[place + 1], struct.unpack(">H", content[place + 2 : place + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + length
    return None
