"""Fixtures that start real web processes with the database and the sandbox of the test."""

import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import requests
from django.conf import settings
from django.db import connection
from rest_framework.authtoken.models import Token

from conversations.models import Page
from tests.conftest import environment_of

PORTS = 20_000, 32_000


class Web:
    """`uvicorn inbox.asgi:application` without further options."""

    def __init__(self, environment: dict[str, str]):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = environment
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "inbox.asgi:application", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command,
            env=self._environment,
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._errors: list[bytes] = []
        threading.Thread(target=self._read_errors, args=[self.process.stderr], daemon=True).start()
        try:
            self.wait_until_up()
        except BaseException:  # nobody else can stop it yet
            self.process.kill()
            raise

    def _read_errors(self, pipe) -> None:
        with pipe:
            self._errors.extend(pipe)

    @property
    def log(self) -> str:
        return b"".join(self._errors).decode()

    def wait_until_up(self) -> None:
        self._poll("/healthz")

    def wait_until_ready(self) -> None:
        """Wait until listener and worker have started, too."""
        self._poll("/readyz")

    def _poll(self, path: str) -> None:
        while self.process.poll() is None:
            with suppress(requests.ConnectionError):
                if requests.get(self.url + path, timeout=60).ok:
                    return
            time.sleep(0.1)  # leave processor time to the process
        raise AssertionError(self.log)

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(60)


def free_port() -> int:
    """Return a free port that is not ephemeral, so that no connection takes it before the process listens."""
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@pytest.fixture
def start_web(transactional_db, sandbox, open_stream) -> Iterator[Callable[..., Web]]:
    # Streams end after the processes: closing one during a read is an error in the reader.
    started: list[Web] = []

    def start(**variables: str) -> Web:
        web = Web(environment_of(sandbox) | {"SYNC_EVERY_MINUTES": "0"} | variables)
        started.append(web)
        return web

    yield start
    for web in started:
        web.process.kill()
        web.process.wait()
    with connection.cursor() as cursor:  # not a table that Django truncates
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.fixture
def web(start_web) -> Web:
    web = start_web()
    web.wait_until_ready()
    return web


@pytest.fixture
def page(transactional_db, shop) -> Page:
    return Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


@pytest.fixture
def key(transactional_db, django_user_model) -> dict[str, str]:
    """The authentication header of a superuser."""
    user = django_user_model.objects.create_superuser("boss")
    return {"Authorization": f"Token {Token.objects.create(user=user).key}"}


class Stream:
    """Reads a stream in a thread: `states` grows, `ended` is set when the server closes the stream."""

    def __init__(self, method: str, url: str, headers: dict, body: dict | None = None):
        self.states: list[dict] = []
        self.text, self.ended = "", threading.Event()
        self._changed = threading.Condition()
        self.response = requests.request(method, url, headers=headers, json=body, stream=True, timeout=60)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with suppress(requests.RequestException):
            for line in self.response.iter_lines(chunk_size=None):
                with self._changed:
                    self.text += line.decode() + "\n"
                    if line.startswith(b"data: "):
                        self.states.append(json.loads(line[6:]))
                    self._changed.notify_all()
        self.ended.set()
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[dict], bool]) -> dict:
        """Wait for the first state, from the start on, for which `condition` is true."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: next(filter(condition, self.states), None) or self.ended.is_set(), timeout=60
            )
        assert isinstance(found, dict), self.states
        return found


@pytest.fixture
def open_stream() -> Iterator[Callable[..., Stream]]:
    opened: list[Stream] = []

    def start(*arguments, **options) -> Stream:
        opened.append(Stream(*arguments, **options))
        return opened[-1]

    yield start
    for stream in opened:
        stream.response.close()
