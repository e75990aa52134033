"""IDs in Facebook's formats. The ID of a generated message contains its thread and position."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

PLACE = struct.Struct(">QI")


def thread_id(platform: str, number: int) -> str:
    if platform == "messenger":
        return f"t_{100000000000000 + number}"
    return urlsafe_b64encode(f"ig_thread:{number:020}".encode().ljust(54, b":")).decode()


def message_digest(seed: str, number: int, index: int) -> bytes:
    """52 bytes, the same in every process, from which the content of a generated message is drawn."""
    return blake2b(f"{seed}:{number}:{index}".encode(), digest_size=52).digest()


def message_id(platform: str, digest: bytes, number: int, index: int) -> str:
    tail = PLACE.pack(number, index)
    if platform == "messenger":
        return "m_" + urlsafe_b64encode(digest + tail).decode().rstrip("=")
    return urlsafe_b64encode(b"ig_item:" + digest + digest[:40] + tail).decode().rstrip("=")


def old_message_id(digest: bytes) -> str:
    """The form of some years ago. Webhooks showed such an ID without `m_`."""
    return "m_mid.$cAAF" + urlsafe_b64encode(digest[:24]).decode()


def place_of(id: str) -> tuple[str, int] | None:
    """Thread ID and index (from the oldest) of a generated message."""
    platform = "messenger" if id.startswith("m_") else "instagram"
    body = id.removeprefix("m_")
    try:
        tail = urlsafe_b64decode(body + "=" * (-len(body) % 4))[-PLACE.size :]
        number, index = PLACE.unpack(tail)
    except (ValueError, struct.error):
        return None
    return thread_id(platform, number), index
