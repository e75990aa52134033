"""A client of the streams of a web process."""

import json
import threading
from collections.abc import Callable
from contextlib import suppress

import requests


class Stream:
    """Reads a stream in a thread. `ended` is set when the server closes the stream.

    `states` are those of runs, `changes` what has changed of a Page, `presences` who has what open.
    """

    def __init__(self, method: str, url: str, headers: dict, body: dict | None = None):
        self.states: list[dict] = []
        self.changes: list[dict] = []
        self.presences: list[dict] = []
        self.text, self.ended = "", threading.Event()
        self._changed = threading.Condition()
        self.response = requests.request(method, url, headers=headers, json=body, stream=True, timeout=60)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        kind, lists = b"", {b"changed": self.changes, b"presence": self.presences}
        with suppress(requests.RequestException):
            for line in self.response.iter_lines(chunk_size=None):
                with self._changed:
                    self.text += line.decode() + "\n"
                    if line.startswith(b"event: "):
                        kind = line[7:]
                    if line.startswith(b"data: "):
                        lists.get(kind, self.states).append(json.loads(line[6:]))
                    self._changed.notify_all()
        self.ended.set()
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[dict], bool]) -> dict:
        """Wait for the first state, from the start on, for which `condition` is true."""
        return self._wait_for(condition, self.states)

    def wait_for_change(self, condition: Callable[[dict], bool]) -> dict:
        return self._wait_for(condition, self.changes)

    def wait_for_presence(self, condition: Callable[[dict], bool]) -> dict:
        return self._wait_for(condition, self.presences)

    def _wait_for(self, condition: Callable[[dict], bool], payloads: list[dict]) -> dict:
        with self._changed:
            found = self._changed.wait_for(
                lambda: next(filter(condition, payloads), None) or self.ended.is_set(), timeout=60
            )
        assert isinstance(found, dict), payloads
        return found

    def close(self) -> None:
        """End the reader first: closing a response while it is read would be an error in the reader."""
        if not self.ended.is_set():
            with suppress(ValueError, OSError):  # it has just been read to its end
                self.response.raw.shutdown()
        self._reader.join()
        self.response.close()
