"""Makes archives as Facebook and Instagram make them, with invented people."""

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

SHOP, ANA, OLD_SHOP = "Bäckerei Ohm", "Ána Söder", "Ohm & Söhne"
ANA_FOLDER = "anasoder_2717021725300001"
START = 1_714_550_400_000  # 2024-05-01 08:00 UTC
JPEG = b"\xff\xd8\xff\xe0 a picture"
PAGE_ROOT = "this_profile's_activity_across_facebook"

Files = dict[str, bytes]


def misread(value: Any) -> Any:
    """The value with each byte of UTF-8 as a character, in all texts: so are the archives."""
    if isinstance(value, str):
        return value.encode().decode("latin-1")
    if isinstance(value, list):
        return [misread(item) for item in value]
    return {key: misread(item) for key, item in value.items()} if isinstance(value, dict) else value


def message(sender: str, seconds: float, content: str | None = None, **fields: Any) -> dict[str, Any]:
    text = {} if content is None else {"content": content}
    noise = {"is_geoblocked_for_viewer": False, "is_unsent_image_by_messenger_kid_parent": False}
    return {"sender_name": sender, "timestamp_ms": START + round(seconds * 1000), **text, **fields, **noise}


def thread(messages: list[Any], people: tuple[str, ...] = (ANA, SHOP), **fields: Any) -> dict[str, Any]:
    """A file of a thread; the messages are given oldest first, and stand newest first."""
    return {
        "participants": [{"name": name} for name in people],
        "messages": messages[::-1],
        "title": people[0] if people else "",
        "is_still_participant": True,
        "magic_words": [],
        **fields,
    }


def as_json(value: Any) -> bytes:
    return json.dumps(misread(value), indent=1).encode()


def path_in(root: str, folder: str = ANA_FOLDER, number: int = 1, section: str = "inbox") -> str:
    return "/".join(filter(None, (root, "messages", section, folder, f"message_{number}.json")))


def page_files(messages: list[Any] | None = None, folder: str = ANA_FOLDER) -> Files:
    """An archive of a Page with one thread."""
    if messages is None:
        messages = [message(ANA, 0, "Grüß Gott"), message(SHOP, 1.5, "Hallo Ána 😀")]
    return {path_in(PAGE_ROOT, folder): as_json(thread(messages))}


def write_folder(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def write_zip(
    path: Path, files: Files | list[tuple[str | zipfile.ZipInfo, bytes]], *, stored=False, zip64=False
) -> Path:
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    items = list(files.items()) if isinstance(files, dict) else files
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
        warnings.simplefilter("ignore")  # a name may stand twice
        for name, content in items:
            with archive.open(name, "w", force_zip64=zip64) as file:
                file.write(content)
    return path
