"""The HTTP/1.1 side of a sandbox: one thread per connection, and connections that break on purpose."""

import socket
import ssl
import struct
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Protocol

from . import control
from .faults import CLOSING, Fault
from .files import signed_links
from .request import Answer, Request
from .responses.login import Login


class Sandbox(control.Sandbox, Protocol):
    """What is served."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    login: Login
    files: signed_links.SignedLinks
    stopping: threading.Event

    def answer(self, request: Request) -> tuple[Answer, Fault | None]: ...


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece
    disable_nagle_algorithm = True
    server: "HttpServer"

    def do_GET(self) -> None:
        began = time.monotonic()
        sandbox = self.server.sandbox
        body = self._body()
        if self.path.startswith(signed_links.PATH):
            self._send(sandbox.files.answer(self.path, self.headers.get("Range", "")))
            return
        if self.path.startswith("/_sandbox/"):
            self._send(control.answer(sandbox, self.command, self.path, body))
            return
        if self.path.partition("?")[0].endswith("/dialog/oauth"):
            self._send(sandbox.login.dialogue(self.path))
            return
        host = f"{sandbox.host}:{sandbox.port}"
        answer, fault = sandbox.answer(Request.read(self.command, self.path, self.headers, host, body))
        sandbox.stopping.wait(max(0.0, began + answer.seconds - time.monotonic()))
        try:
            if fault and fault.kind in CLOSING:
                self._break_off(fault, answer)
            else:
                self._send(answer)
            self.wfile.flush()
        finally:
            follow(answer)

    do_POST = do_DELETE = do_PUT = do_GET

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, answer: Answer, size: int | None = None) -> None:
        self._send_head(answer, size or len(answer.body))
        self.end_headers()
        self.wfile.write(answer.body)

    def _send_head(self, answer: Answer, size: int) -> None:
        # One that has a clock of its own; otherwise http.server adds the time of this machine.
        start = self.send_response_only if "Date" in answer.headers else self.send_response
        start(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(size))

    def _break_off(self, fault: Fault, answer: Answer) -> None:
        self.close_connection = True
        if fault.kind in ("hang", "drip"):
            follow(answer)  # there is no end of the answer to wait for
        if fault.kind == "hang":
            self.server.sandbox.stopping.wait(fault.seconds)
        elif fault.kind == "drip":
            self._send_slowly(fault, answer)
        elif fault.kind == "cut off":
            size = len(answer.body)
            answer.body = answer.body[: size // 2]
            self._send(answer, size)
        else:
            self.server.reset(self.connection)

    def _send_slowly(self, fault: Fault, answer: Answer) -> None:
        self._send_head(answer, len(answer.body))
        if fault.where == "headers":
            self.flush_headers()
            self.wfile.write(b"X-Long: ")
        else:
            self.end_headers()
        drops = b"x" * 60_000 if fault.where == "headers" else answer.body
        for drop in drops:
            self.wfile.write(bytes([drop]))
            self.wfile.flush()
            if self.server.sandbox.stopping.wait(fault.seconds):
                return

    def log_message(self, format: str, *args: object) -> None:
        pass


def follow(answer: Answer) -> None:
    """Let happen what comes after an answer, once."""
    after, answer.after = answer.after, ()
    for act in after:
        act()


class HttpServer(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.resets: set[socket.socket] = set()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._ending = threading.Event()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        super().__init__(address, Handler)

    def start(self) -> None:
        self._accepting.start()

    def _accept(self) -> None:
        """Unlike serve_forever(), which asks every so often whether it shall end, this costs nothing idle."""
        while not self._ending.is_set():
            self.handle_request()

    def finish_request(self, request: Any, client_address: Any) -> None:
        tls = self.sandbox.tls
        if tls is None:
            super().finish_request(request, client_address)
            return
        with tls.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Return whether the connection stays; the others are reset."""
        if self._ending.is_set():  # the connection of end(), or one that came too late
            return False
        stays = self.sandbox.faults.takes_connection()
        if not stays:
            self.reset(request)
        return stays

    def reset(self, connection: socket.socket) -> None:
        """Let the connection end with a reset when it is closed."""
        # Closing with nothing to linger for sends a reset instead of an orderly end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.resets.add(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        if request in self.resets:
            self.resets.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)
        self._open.pop(request, None)

    def end(self) -> None:
        self._ending.set()
        with suppress(OSError), socket.create_connection((self.sandbox.host, self.sandbox.port), 1):
            pass  # wakes the thread that waits for a connection
        self._accepting.join()
        self.server_close()
        for connection, thread in list(self._open.items()):
            self._wake(connection)
            thread.join(timeout=2)

    def _wake(self, connection: socket.socket) -> None:
        """Let a thread that waits in a read or a write continue and end."""
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that disconnected or a sandbox that stopped; print every other error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
