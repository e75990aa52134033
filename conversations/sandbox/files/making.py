"""Makes the file behind a link: a picture, a sticker, a clip, a voice message or a document."""

import math
import re
import struct
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from .drawing import landscape, sticker

SAMPLES_PER_SECOND = 8000
NOTES = (392.0, 523.3, 659.3, 523.3)  # of a voice message, each for half a second
MAX_NUMBER = 10_000


class File(NamedTuple):
    media_type: str
    content: bytes


def file_at(path: str, *, is_small: bool = False) -> File | None:
    """Return the file at this path of a file server; None if there is none. `is_small`: its preview."""
    for pattern, make in FILES:
        if re.search(pattern, path):
            return make(_number(path), is_small)
    return None


def _number(path: str) -> int:
    digits = re.findall(r"\d+", path)
    return int(digits[-1][-12:]) % MAX_NUMBER if digits else 0


def _picture(number: int, is_small: bool) -> File:
    return File("image/png", landscape(number, 2 if is_small else 1))


def _sticker(number: int, is_small: bool) -> File:
    return File("image/png", sticker(number))


@cache
def _clip(number: int, is_small: bool) -> File:
    return File("video/webm", Path(__file__).with_name("clip.webm").read_bytes())


@lru_cache(16)
def _voice(number: int, is_small: bool) -> File:
    """A short melody as WAV: 8 bits, mono."""
    count = SAMPLES_PER_SECOND // 2
    samples = bytes(
        round(128 + 90 * math.exp(-3 * n / count) * math.sin(2 * math.pi * note * n / SAMPLES_PER_SECOND))
        for note in NOTES[number % 4 :] + NOTES[: number % 4]
        for n in range(count)
    )
    form = struct.pack("<HHIIHH", 1, 1, SAMPLES_PER_SECOND, SAMPLES_PER_SECOND, 1, 8)
    chunks = b"WAVE" + _riff(b"fmt ", form) + _riff(b"data", samples)
    return File("audio/wav", _riff(b"RIFF", chunks))


def _riff(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data


def _document(number: int, is_small: bool) -> File:
    """A page of PDF with one line."""
    text = f"BT /F1 24 Tf 72 720 Td (Invoice {number}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, starts = b"%PDF-1.4\n", []
    for place, content in enumerate(objects, start=1):
        starts.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (place, content)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    end = b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return File("application/pdf", body + end % (table, len(body)))


FILES: tuple[tuple[str, Callable[[int, bool], File]], ...] = (
    (r"_sticker\.png$", _sticker),
    (r"\.pdf$", _document),
    (r"/t42/\d+\.mp4$", _clip),
    (r"\.mp4$", _voice),
    (r"\.(jpg|png|gif|webp)$", _picture),
    (r"^/lookaside/", _picture),
)
