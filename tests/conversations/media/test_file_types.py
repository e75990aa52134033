"""Types of files by their first bytes, whatever anybody says about them."""

import pytest

from conversations.media.byte_range import ByteRange
from conversations.media.file_types import UNKNOWN, is_shown_in_place, type_of
from conversations.media.links import expiry_of, is_of_facebook, may_work

STARTS = {
    b"\xff\xd8\xff\xe0..JFIF": "image/jpeg",
    b"GIF89a": "image/gif",
    b"RIFF\0\0\0\0WEBPVP8 ": "image/webp",
    b"RIFF\0\0\0\0WAVEfmt ": "audio/wav",
    b"\0\0\0\x20ftypisom": "video/mp4",
    b"\0\0\0\x20ftypM4A ": "audio/mp4",
    b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm": "video/webm",
    b"%PDF-1.7": "application/pdf",
    b"<svg xmlns='http://www.w3.org/2000/svg'>": UNKNOWN,
    b"<!doctype html><script>": UNKNOWN,
    b"MZ\x90\0": UNKNOWN,
    b"": UNKNOWN,
}


@pytest.mark.parametrize(("start", "kind"), STARTS.items())
def test_type_is_that_of_the_first_bytes(start, kind):
    assert type_of(start) == kind
    assert is_shown_in_place(kind) == kind.startswith(("image/", "video/", "audio/"))


FACEBOOK = [
    "https://scontent-fra5-1.xx.fbcdn.net/v/t1.15752/7_n.jpg?oe=6900",
    "https://cdn.fbsbx.com/v/7.mp4",
    "https://lookaside.fbsbx.com:443/ig",
    "https://scontent.cdninstagram.com/v/7.jpg",
]
OTHERS = [
    "http://scontent.xx.fbcdn.net/7.jpg",
    "https://fbcdn.net.evil.example/7.jpg",
    "https://evilfbcdn.net/7.jpg",
    "https://fbcdn.net@127.0.0.1/7.jpg",
    "https://user@scontent.xx.fbcdn.net/7.jpg",
    "https://scontent.xx.fbcdn.net:8443/7.jpg",
    "https://scontent.xx.fbcdn.net:x/7.jpg",
    "https://127.0.0.1/7.jpg",
    "https://169.254.169.254/latest/meta-data/",
    "https://graph.facebook.com/me",
    "file:///etc/passwd",
    "https://[",
    "",
]


@pytest.mark.parametrize("url", FACEBOOK)
def test_links_of_facebooks_file_servers_are_followed(url):
    assert is_of_facebook(url)


@pytest.mark.parametrize("url", OTHERS)
def test_no_other_link_is_followed(url):
    assert not is_of_facebook(url)


def test_a_server_in_place_of_facebook_has_its_own_files_and_no_others(settings):
    settings.GRAPH_API_URL = "http://127.0.0.1:8001"
    assert is_of_facebook("http://127.0.0.1:8001/_sandbox/files/7.jpg")
    assert not is_of_facebook("http://127.0.0.1:80010/7.jpg")
    assert not is_of_facebook("http://127.0.0.1/7.jpg")


def test_link_tells_when_it_expires():
    assert expiry_of("https://x.fbcdn.net/a?oe=6900&oh=1") == 0x6900
    assert expiry_of("https://x.fbcdn.net/a?oe=soon") is None
    assert not may_work("https://x.fbcdn.net/a?oe=6900")
    assert may_work("https://x.fbcdn.net/a?oe=FFFFFFFF")
    assert may_work("https://cdn.fbsbx.com/a")


@pytest.mark.parametrize(
    ("header", "text", "within"),
    [
        ("bytes=0-", "bytes=0-", (0, 99)),
        ("bytes=10-19", "bytes=10-19", (10, 19)),
        ("bytes=-5", "bytes=-5", (95, 99)),
        ("bytes=90-500", "bytes=90-500", (90, 99)),
        ("bytes=100-", "bytes=100-", None),
    ],
)
def test_range_is_of_a_file(header, text, within):
    byte_range = ByteRange.parse(header)
    assert byte_range is not None
    assert (str(byte_range), byte_range.within(100)) == (text, within)


@pytest.mark.parametrize(
    "header", ["", "bytes=", "bytes=-", "bytes=5-1", "bytes=0-1,3-4", "pages=1-2", "bytes=x-"]
)
def test_other_ranges_are_ignored(header):
    assert ByteRange.parse(header) is None
