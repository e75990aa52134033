"""Starts and stops a real web process."""

import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import requests

ROOT = Path(__file__).parent.parent.parent
PORTS = 20_000, 32_000


class Web:
    """`uvicorn inbox.asgi:application` without further options, by default that of the checkout."""

    def __init__(
        self, environment: dict[str, str], *, python: str | Path = sys.executable, folder: Path = ROOT
    ):
        """`python` and `folder`: those of another installation, or of another version of the code."""
        self._folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment, self._python = environment, str(python)
        # uvicorn writes its access log to standard output, of which most tests want nothing.
        self._output = subprocess.PIPE if environment.get("LOG_FORMAT") else subprocess.DEVNULL
        self.start()

    def start(self) -> None:
        command = [self._python, "-m", "uvicorn", "inbox.asgi:application", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command,
            env=self._environment,
            cwd=self._folder,
            stdout=self._output,
            stderr=subprocess.PIPE,
        )
        self._lines: list[bytes] = []
        for pipe in filter(None, (self.process.stdout, self.process.stderr)):
            threading.Thread(target=self._read, args=[pipe], daemon=True).start()
        try:
            self.wait_until_up()
        except BaseException:  # nobody else can stop it yet
            self.process.kill()
            raise

    def _read(self, pipe) -> None:
        with pipe:
            self._lines.extend(pipe)

    @property
    def log(self) -> str:
        return b"".join(self._lines).decode()

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
