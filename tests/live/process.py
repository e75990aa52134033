"""Starts and stops a real web process."""

import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import requests
from django.conf import settings

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
