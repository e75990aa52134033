"""A small pooler in transaction mode: each transaction gets another connection to the server."""

import socket
import threading
from contextlib import suppress

SSL_REQUESTS = (80877103, 80877104)


class TransactionPooler:
    """Forwards to the socket of a server. A client that prepares a statement is cut off."""

    def __init__(self, server_path: str):
        self._server_path = server_path
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.backends = 0

    def __enter__(self) -> "TransactionPooler":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, EOFError), client:
            startup = read_startup(client)
            is_first = True
            while True:
                with self._connect(startup, client if is_first else None) as backend:
                    self._transaction(client, backend)
                is_first = False

    def _transaction(self, client: socket.socket, backend: socket.socket) -> None:
        while True:
            kind, message = read_message(client)
            if kind == b"P" and message[5:6] != b"\0":
                raise EOFError  # a prepared statement would be on another connection the next time
            backend.sendall(message)
            if kind in b"QS" and self._answer(backend, client):
                return

    def _connect(self, startup: bytes, client: socket.socket | None) -> socket.socket:
        self.backends += 1
        backend = socket.socket(socket.AF_UNIX)
        backend.connect(self._server_path)
        backend.sendall(startup)
        self._answer(backend, client)
        return backend

    @staticmethod
    def _answer(backend: socket.socket, client: socket.socket | None) -> bool:
        """Forward an answer. Return whether no transaction is open after it."""
        while True:
            kind, message = read_message(backend)
            if client:
                client.sendall(message)
            if kind == b"Z":
                return message[5:6] == b"I"


def read_startup(client: socket.socket) -> bytes:
    while True:
        length = read(client, 4)
        rest = read(client, int.from_bytes(length, "big") - 4)
        if int.from_bytes(rest[:4], "big") not in SSL_REQUESTS:
            return length + rest
        client.sendall(b"N")


def read_message(source: socket.socket) -> tuple[bytes, bytes]:
    head = read(source, 5)
    return head[:1], head + read(source, int.from_bytes(head[1:], "big") - 4)


def read(source: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = source.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts
