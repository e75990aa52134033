"""Hostile zips and folders: nothing leaves the archive, and nothing takes without bound."""

import os
import stat
import struct
import zipfile

import pytest

from conversations.imports.archives.archive import Archive
from conversations.imports.archives.bounds import Limits
from conversations.imports.archives.threads import ArchiveError
from tests.conversations.imports.archives import made
from tests.conversations.imports.archives.made import PAGE_ROOT, SHOP, message, thread

FOLDER = "{}_1085463558100001"


def file_of(text: str) -> bytes:
    return made.as_json(thread([message(SHOP, 0, text)]))


def path_of(name: str) -> str:
    return made.path_in(PAGE_ROOT, f"{name}_1085463558{len(name):06}")


def read(path, limits=None):
    with Archive([path], limits) as archive:
        found = [one.text for each in archive.threads([SHOP]) for one in each.messages]
        return found, dict(archive.overview.skipped), archive.overview.problems


def special(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    return info


def test_names_that_lead_out_and_links_are_refused(tmp_path):
    path = made.write_zip(
        tmp_path / "x.zip",
        [
            (path_of("good"), file_of("good")),
            ("../../" + path_of("up"), file_of("up")),
            ("/" + path_of("absolute"), file_of("absolute")),
            ("a\\..\\..\\" + path_of("backslash"), file_of("backslash")),
            ("C:\\" + path_of("drive"), file_of("drive")),
            (special(path_of("link"), stat.S_IFLNK), b"/etc/passwd"),
            (special(path_of("pipe"), stat.S_IFIFO), b""),
            ("__MACOSX/" + path_of("junk").replace("message_1", "._message_1"), b"junk"),
        ],
    )
    found, skipped, problems = read(path)
    assert found == ["good"]
    assert skipped == {"unsafe_name": 4, "no_regular_file": 2}
    assert len(problems) == 6


def test_backslashes_of_old_programs_are_separators(tmp_path):
    info = zipfile.ZipInfo(path_of("good").replace("/", "\\"))
    assert read(made.write_zip(tmp_path / "x.zip", [(info, file_of("good"))]))[0] == ["good"]


def test_a_name_twice_hides_nothing(tmp_path):
    twice = [(path_of("twin"), file_of("first")), (path_of("twin"), file_of("second"))]
    assert sorted(read(made.write_zip(tmp_path / "x.zip", twice))[0]) == ["first", "second"]


def test_a_bomb_is_refused_while_it_is_read(tmp_path):
    bomb = file_of("x").replace(b'"x"', b'"x"' + b" " * 3_000_000)
    path = made.write_zip(tmp_path / "x.zip", {path_of("good"): file_of("good"), path_of("bomb"): bomb})
    found, skipped, problems = read(path)
    assert (found, skipped) == (["good"], {"too_compressed": 1})
    assert "compressed too much" in problems[0]


@pytest.mark.parametrize("stored", [True, False])
def test_sizes_in_the_header_prove_nothing(stored, tmp_path):
    path = made.write_zip(tmp_path / "x.zip", {path_of("good"): file_of("a" * 5000)}, stored=stored)
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    size = struct.unpack_from("<L", data, entry + 24)[0]
    struct.pack_into("<L", data, entry + 24, size - 4000)  # says that it is shorter
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match=r"1 (damaged|not complete)"):
        read(path)


def test_damaged_encrypted_and_strangely_compressed_entries_are_named(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("good", "locked", "broken"):
            archive.writestr(path_of(name), file_of(name * 50))
        archive.writestr(path_of("lzma"), file_of("lzma"), compress_type=zipfile.ZIP_LZMA)
        broken = archive.getinfo(path_of("broken"))
    data = bytearray(path.read_bytes())
    start = broken.header_offset + 30 + len(broken.filename.encode())
    data[start : start + 20] = b"\xff" * 20
    directory = data.index(b"PK\x01\x02", broken.header_offset)
    locked = data.index(path_of("locked").encode(), directory) - 46
    data[locked + 8] |= 1
    path.write_bytes(data)
    found, skipped, _ = read(path)
    assert found == ["good" * 50]
    assert skipped == {"encrypted": 1, "unknown_compression": 1, "damaged": 1}


def test_the_list_of_entries_is_bounded_before_it_is_loaded(tmp_path):
    files = {path_of("good"): file_of("good")} | {f"{number}.txt": b"" for number in range(50)}
    path = made.write_zip(tmp_path / "x.zip", files)
    for limits in (Limits(entries=20), Limits(directory_bytes=100)):
        with pytest.raises(ArchiveError, match="more than"):
            read(path, limits)


@pytest.mark.parametrize("keep", [0, 10, 100, -30, -1])
def test_a_cut_zip_is_refused(keep, tmp_path):
    path = made.write_zip(tmp_path / "x.zip", {path_of("good"): file_of("good")})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ArchiveError, match="not a zip file, or it is damaged"):
        read(path)


def test_links_and_pipes_in_a_folder_are_not_followed(tmp_path):
    made.write_folder(tmp_path / "outside", {path_of("secret"): file_of("secret")})
    folder = made.write_folder(tmp_path / "archive", {path_of("good"): file_of("good")})
    inbox = folder / PAGE_ROOT / "messages" / "inbox"
    (inbox / "linked_1085463558100077").symlink_to(tmp_path / "outside" / PAGE_ROOT / "messages/inbox")
    (inbox / "file_1085463558100078").mkdir()
    (inbox / "file_1085463558100078" / "message_1.json").symlink_to("/etc/passwd")
    os.mkfifo(inbox / "file_1085463558100078" / "message_2.json")
    found, skipped, _ = read(folder)
    assert (found, skipped) == (["good"], {"no_regular_file": 3})


def test_media_outside_of_the_archive_is_never_found(tmp_path):
    addresses = [
        "../../../etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://x.example/a.mp4?b",
        "a.jpg",
        "",
    ]
    files = made.page_files([message(SHOP, 0, photos=[{"uri": address} for address in addresses])])
    with Archive([made.write_folder(tmp_path, files)]) as archive:
        [[only]] = [one.messages for one in archive.threads([SHOP])]
    assert only.media == ("",) * 6
    assert [item["title"] for item in only.attachments] == [
        "passwd",
        "passwd",
        "passwd",
        "a.mp4",
        "a.jpg",
        "",
    ]


def test_a_file_of_media_is_bounded_while_it_is_read(tmp_path):
    name = made.path_in(PAGE_ROOT).replace("message_1.json", "photos/1.jpg")
    files = made.page_files([message(SHOP, 0, photos=[{"uri": name}])]) | {name: made.JPEG * 1000}
    path = made.write_zip(tmp_path / "x.zip", files)
    with Archive([path], Limits(media_bytes=1000)) as archive:
        [[only]] = [one.messages for one in archive.threads([SHOP])]
        with archive.open_media(only.media[0]) as file, pytest.raises(Exception, match="too_large"):
            file.read()
