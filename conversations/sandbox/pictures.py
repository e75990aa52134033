"""Pictures that the sandbox serves itself, each another one: /_sandbox/pictures/7.png"""

import struct
import zlib
from colorsys import hsv_to_rgb

PATH = "/_sandbox/pictures/"
WIDTH, HEIGHT = 320, 240
MAX_NUMBER = 10_000


def picture_url(base: str, number: int) -> str:
    return f"{base}{PATH}{number % MAX_NUMBER}.png"


def picture(path: str) -> bytes | None:
    """Return the picture at this path; None if there is none."""
    name = path.removeprefix(PATH).removesuffix(".png")
    return png(int(name)) if name.isdecimal() and int(name) < MAX_NUMBER else None


def png(number: int) -> bytes:
    """A vertical gradient whose colors are those of the number."""
    rows = b"".join(b"\0" + _color(number, y / HEIGHT) * WIDTH for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _color(number: int, share: float) -> bytes:
    hue = (number * 0.137 + 0.25 * share) % 1
    return bytes(round(255 * part) for part in hsv_to_rgb(hue, 0.55, 0.95 - 0.4 * share))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
