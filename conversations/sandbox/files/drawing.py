"""Pictures, each number another one: landscapes and stickers, as PNG."""

import math
import struct
import zlib
from colorsys import hsv_to_rgb
from functools import lru_cache

WIDTH, HEIGHT = 270, 360  # three to four, as a phone held upright
STICKER_SIZE = 120


@lru_cache(256)
def landscape(number: int, scale: int = 1) -> bytes:
    """Two hills under a sky with a sun; `scale` 2 is half as wide and high."""
    width, height = WIDTH // scale, HEIGHT // scale
    sun = (width * (0.2 + 0.6 * (number * 0.37 % 1)), height * 0.28, width * 0.11)
    far = [height * (0.58 + 0.07 * math.sin(x / width * 5 + number)) for x in range(width)]
    near = [height * (0.74 + 0.06 * math.sin(x / width * 4 + number * 2.3)) for x in range(width)]
    light = _color(number * 0.137 + 0.1, 0.25, 1)
    rows = []
    for y in range(height):
        sky = _color(number * 0.137 + 0.2 * y / height, 0.45, 0.95)
        hill = _color(number * 0.137 + 0.45, 0.5, 0.6)
        meadow = _color(number * 0.137 + 0.5, 0.6, 0.42)
        left, right = _span(sun, y)
        rows.append(
            b"\0"
            + b"".join(
                meadow if y > near[x] else hill if y > far[x] else light if left < x < right else sky
                for x in range(width)
            )
        )
    return _png(width, height, 2, b"".join(rows))


@lru_cache(64)
def sticker(number: int) -> bytes:
    """A round face on no ground."""
    size, middle = STICKER_SIZE, STICKER_SIZE / 2
    face, ink, nothing = _color(number * 0.137, 0.55, 1) + b"\xff", b"\x22\x2b\x3a\xff", bytes(4)

    def pixel(x: int, y: int) -> bytes:
        dx, dy = (x - middle) / middle, (y - middle) / middle
        distance = math.hypot(dx, dy)
        is_eye = math.hypot(abs(dx) - 0.33, dy + 0.2) < 0.1
        is_mouth = 0.42 < math.hypot(dx, dy - 0.05) < 0.52 and dy > 0.2
        return nothing if distance > 0.96 else ink if is_eye or is_mouth else face

    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(size)) for y in range(size))
    return _png(size, size, 6, rows)


def _span(sun: tuple[float, float, float], y: int) -> tuple[float, float]:
    """Where the sun begins and ends in this row."""
    x, middle, radius = sun
    half = math.sqrt(max(0.0, radius**2 - (y - middle) ** 2))
    return x - half, x + half


def _color(hue: float, saturation: float, value: float) -> bytes:
    return bytes(round(255 * part) for part in hsv_to_rgb(hue % 1, saturation, value))


def _png(width: int, height: int, color_type: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
