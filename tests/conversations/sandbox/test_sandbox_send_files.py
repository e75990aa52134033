"""Files of sent messages: fetched from the address in the call, uploaded, or sent again by their ID."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from conversations.sandbox import Person, Thread
from conversations.sandbox.files.drawing import sticker
from conversations.sandbox.files.making import file_at

DAY = 86400
PNG = sticker(1)
JPEG = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x0b\x08\x00\x02\x00\x03\x01\x01\x11\x00\xff\xd9"
PDF = file_at("/1.pdf").content  # type: ignore[union-attr]  # it is there
WEBM = file_at("/t42/1.mp4").content  # type: ignore[union-attr]  # it is there
WAV = file_at("/1.mp4").content  # type: ignore[union-attr]  # it is there
FILES = {
    "/photo.png": ("image/png", PNG),
    "/photo.jpg": ("image/jpeg", JPEG),
    "/paper.pdf": ("application/pdf", PDF),
    "/clip.webm": ("video/webm", WEBM),
    "/voice.wav": ("audio/wav", WAV),
    "/page": ("text/html", b"<html></html>"),
    "/empty.png": ("image/png", b""),
    "/gr%C3%BC%C3%9Fe.txt": ("text/plain", b"hello"),
}


class FileServer(ThreadingHTTPServer):
    """A site with FILES, a redirect, a redirect in a circle, and a file that never ends."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["User-Agent"]))
        if self.path in FILES:
            media_type, content = FILES[self.path]
            self.answer(200, {"Content-Type": media_type, "Content-Length": str(len(content))}, content)
        elif self.path == "/moved":
            self.answer(302, {"Location": "/photo.png"})
        elif self.path == "/circle":
            self.answer(302, {"Location": "/circle"})
        elif self.path == "/elsewhere":
            self.answer(302, {"Location": "file:///etc/hostname"})
        elif self.path == "/endless":
            self.answer(200, {"Content-Type": "image/png"})
            while not self.server.ended.wait(0.02):
                self.wfile.write(PNG)
        else:
            self.answer(404, {})

    def answer(self, status: int, headers: dict[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(OSError):  # the sandbox has read enough
            super().handle()


@pytest.fixture
def site() -> Iterator[FileServer]:
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.002,), daemon=True)
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ana(world, page) -> Thread:
    return world.add_conversation(page, Person("7001", "Ana Test"), 1)


@pytest.fixture
def ig(world, page) -> Thread:
    return world.add_conversation(page, Person("8001", username="ana.test"), 1, platform="instagram")


@pytest.fixture
def call(sandbox, page):
    """Call an edge of the Page; returns the JSON, or (code, subcode) of an error."""

    def post(edge: str, **arguments: Any) -> Any:
        headers = {"Authorization": f"Bearer {page.token}"}
        answer = requests.post(f"{sandbox.url}/me/{edge}", headers=headers, timeout=60, **arguments).json()
        error = answer.get("error")
        return (error["code"], error.get("error_subcode")) if error else answer

    return post


@pytest.fixture
def send(call):
    def post(kind: str, payload: Any, person: str = "7001", **more: Any) -> Any:
        message = {"attachment": {"type": kind, "payload": payload}, **more}
        return call("messages", json={"recipient": {"id": person}, "message": message})

    return post


def newest(thread: Thread) -> dict[str, Any]:
    [message] = thread.history.newest(0, 1)
    [attachment] = message.fields["attachments"]
    return attachment


@pytest.mark.parametrize(
    ("kind", "path", "place"),
    [
        ("image", "/photo.png", ("image_data", "url")),
        ("video", "/clip.webm", ("video_data", "url")),
        ("audio", "/voice.wav", ("file_url",)),
        ("file", "/paper.pdf", ("file_url",)),
        ("file", "/gr%C3%BC%C3%9Fe.txt", ("file_url",)),
        ("image", "/moved", ("image_data", "url")),
    ],
)
def test_file_is_fetched_shown_and_served(sandbox, graph, site, send, ana, kind, path, place):
    sandbox.switches.serve_files = True
    answer = send(kind, {"url": site.url + path})
    assert set(answer) == {"recipient_id", "message_id"}
    [message] = graph(f"/{ana.id}/messages", fields="message,attachments", limit=1)["data"]
    assert message["message"] == ""
    [link] = message["attachments"]["data"]
    for name in place:
        link = link[name]
    media_type, content = FILES["/photo.png" if path == "/moved" else path]
    served = requests.get(link, timeout=60)
    assert (served.content, served.headers["Content-Type"]) == (content, media_type)
    assert "facebookexternalhit" in site.asked[0][1]


def test_picture_has_its_size(site, send, ana):
    send("image", {"url": f"{site.url}/photo.png"})
    shown = newest(ana)
    assert (shown["mime_type"], shown["name"], shown["size"]) == ("image/png", "photo.png", len(PNG))
    assert (shown["image_data"]["width"], shown["image_data"]["height"]) == (120, 120)
    send("image", {"url": f"{site.url}/photo.jpg"})
    assert (newest(ana)["image_data"]["width"], newest(ana)["image_data"]["height"]) == (3, 2)


def test_file_can_be_asked_for_more_than_once(sandbox, site, send, ana):
    sandbox.send.fetches = 2
    send("image", {"url": f"{site.url}/photo.png"})
    assert [path for path, _ in site.asked] == ["/photo.png"] * 2


def test_what_cannot_be_fetched_is_refused(sandbox, site, send, ana):
    sandbox.send.fetch_seconds = 0.3
    urls = [f"{site.url}{path}" for path in ("/nothing", "/circle", "/elsewhere", "/endless")]
    urls += [
        "file:///etc/hostname",
        "ftp://127.0.0.1/x",
        "nonsense",
        "http://nobody.invalid/x",
        "http://127.0.0.1:9/x",
    ]
    urls += [site.url.replace("http:", "https:") + "/photo.png", "http://127.0.0.1:x/"]
    assert {url: send("image", {"url": url}) for url in urls} == dict.fromkeys(urls, (100, 2018008))
    assert len(ana.history) == 1


def test_size_and_type_are_checked(sandbox, site, send, ana, ig):
    for kind, path in (
        ("image", "/paper.pdf"),
        ("video", "/photo.png"),
        ("audio", "/page"),
        ("image", "/empty.png"),
    ):
        assert send(kind, {"url": site.url + path}) == (100, 2018047)
    assert send("file", {"url": f"{site.url}/clip.webm"}, "8001") == (100, 2018047)
    assert send("file", {"url": f"{site.url}/paper.pdf"}, "8001")["message_id"]
    sandbox.send.max_bytes["image"] = len(PNG) - 1
    assert send("image", {"url": f"{site.url}/photo.png"}) == (100, 2018109)
    assert send("image", {"url": f"{site.url}/endless"}) == (100, 2018109)
    sandbox.send.instagram_file_codes = "36000"
    assert send("image", {"url": f"{site.url}/photo.png"}, "8001") == (36000, None)
    assert send("image", {"url": f"{site.url}/paper.pdf"}, "8001") == (36001, None)
    assert send("image", {"url": f"{site.url}/nothing"}, "8001") == (9004, None)


def test_file_in_the_body_of_the_call(sandbox, call, ana):
    sandbox.send.max_bytes["image"] = 10  # by URL; in the body it may be larger
    data = {
        "recipient": '{"id":"7001"}',
        "message": '{"attachment":{"type":"image","payload":{"is_reusable":true}},"metadata":"1"}',
    }
    answer = call("messages", data=data, files={"filedata": ("über uns.png", PNG, "image/png")})
    assert set(answer) == {"recipient_id", "message_id", "attachment_id"}
    assert (newest(ana)["name"], newest(ana)["size"]) == ("über uns.png", len(PNG))
    sandbox.send.max_uploaded_image = 10
    files = {"filedata": ("a.png", PNG, "image/png")}
    assert call("messages", data=data, files=files) == (100, 2018109)


def test_uploaded_file_is_sent_by_its_id_until_it_ends(sandbox, site, call, send, ana, ig, world):
    def upload(**payload: Any) -> str:
        asked = {"message": {"attachment": {"type": "image", "payload": payload}}}
        return call("message_attachments", json=asked)["attachment_id"]

    id = upload(url=f"{site.url}/photo.png", is_reusable=True)
    for _ in range(2):
        assert send("image", {"attachment_id": id})["message_id"]
    assert newest(ana)["id"] == id
    assert send("video", {"attachment_id": id}) == (100, 2018074)
    assert send("image", {"attachment_id": id}, "8001") == (100, 2018074)  # uploaded for Messenger
    once = upload(url=f"{site.url}/photo.png")
    assert send("image", {"attachment_id": once})["message_id"]
    assert send("image", {"attachment_id": once}) == (100, 2018074)
    world.clock.advance(90 * DAY)
    world.add_message(ana, "Hello?")
    assert send("image", {"attachment_id": id}) == (100, 2018074)


def test_upload_for_instagram_and_in_the_body(sandbox, call, send, ig):
    message = '{"attachment":{"type":"image","payload":{"is_reusable":true}}}'
    files = {"filedata": ("a.png", PNG, "image/png")}
    answer = call("message_attachments", data={"message": message, "platform": "INSTAGRAM"}, files=files)
    assert list(answer) == ["attachment_id"]
    assert send("image", answer, "8001")["message_id"]
    assert call("message_attachments", data={"message": message}) == (100, None)
    assert call("message_attachments", data={}) == (100, None)


def test_several_pictures_are_one_message(site, call, ana):
    picture = {"type": "image", "payload": {"url": f"{site.url}/photo.png"}}
    paper = {"type": "file", "payload": {"url": f"{site.url}/paper.pdf"}}
    sent = {"recipient": {"id": "7001"}, "message": {"attachments": [picture] * 3}}
    assert call("messages", json=sent)["message_id"]
    assert len(ana.history.newest(0, 1)[0].fields["attachments"]) == 3
    assert call("messages", json=sent | {"message": {"attachments": [picture, paper]}}) == (100, 2534015)
    assert call("messages", json=sent | {"message": {"attachments": "x"}}) == (100, None)


def test_text_with_a_file_makes_two_messages_or_is_refused(sandbox, site, send, ana, ig):
    url = {"url": f"{site.url}/photo.png"}
    answer = send("image", url, text="Look")
    picture, text = ana.history.newest(0, 2)
    assert (picture.id, picture.message, text.message) == (answer["message_id"], "", "Look")
    sandbox.send.text_with_file = "refused"
    assert send("image", url, text="Look") == (100, None)
    assert send("image", url, "8001", text="Look") == (100, 2534015)


def test_call_can_come_in_chunks(sandbox, page, ana):
    body = b'{"recipient":{"id":"7001"},"message":{"text":"Hello"}}'
    headers = {"Authorization": f"Bearer {page.token}", "Content-Type": "application/json"}
    chunks = iter([body[:9], body[9:]])
    answer = requests.post(f"{sandbox.url}/me/messages", data=chunks, headers=headers, timeout=60)
    assert answer.json()["message_id"] == ana.history.newest(0, 1)[0].id
