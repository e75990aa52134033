"""A mail server and a web server of the tests, to which Inbox sends with its real clients."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from conversations.alerts import notices
from conversations.alerts.watch import watch
from conversations.models import AlertNotice
from inbox.setting_values import email
from tests.factories import NOON, PageFactory, UserFactory, member


@pytest.fixture
def page(db):
    """A Page that was synced just now, with a manager, a tagger and a superuser."""

    page = PageFactory(
        name="Demo Shop", access_token="EAAsecret", last_synced_at=timezone.now(), created_at=NOON
    )
    for role in ("manager", "tagger"):
        user = member(page, role)
        user.username, user.email = role, f"{role}@example.com"
        user.save()
    UserFactory(username="root", email="root@example.com", is_superuser=True)
    return page


class MailHandler(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs that sends a mail."""

    server: "MailSink"

    def handle(self) -> None:
        self.say("220 sink")
        recipients: list[str] = []
        while line := self.rfile.readline().strip():
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipients.append(line.decode().partition("<")[2].rstrip(">"))
            if verb == b"DATA":
                self.say("354 go on")
                self.server.take(recipients, self.body())
                recipients = []
            self.say("221 bye" if verb == b"QUIT" else "250 ok")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)


class MailSink(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailHandler)
        self.mails: list[tuple[str, Message]] = []

    def take(self, recipients: list[str], body: bytes) -> None:
        self.mails += [(one, message_from_bytes(body)) for one in recipients]


class PostHandler(BaseHTTPRequestHandler):
    server: "PostSink"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, dict(self.headers), body))
        status, headers = self.server.answer
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args) -> None:
        pass


class PostSink(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), PostHandler)
        self.posts: list[tuple[str, dict, bytes]] = []
        self.answer: tuple[int, dict[str, str]] = (204, {})


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def mail_sink(settings) -> Iterator[MailSink]:
    with serving(MailSink()) as server:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.server_address[1]}"
        for name, value in email(settings.EMAIL_URL).items():
            setattr(settings, name, value)
        yield server


@pytest.fixture
def post_sink(settings) -> Iterator[PostSink]:
    with serving(PostSink()) as server:
        settings.ALERT_URL = f"http://127.0.0.1:{server.server_address[1]}/hook?channel=ops"
        settings.ALERT_SECRET = "shared secret"
        yield server


@pytest.fixture
def run(db):
    """Do what the jobs do: watch, and send what is due."""

    def jobs(*, later: bool = False) -> None:
        if later:  # the next attempts are due
            AlertNotice.objects.exclude(next_at=None).update(next_at=NOON)
        watch()
        for notice in notices.claim_due():
            notices.deliver(notice)

    return jobs
