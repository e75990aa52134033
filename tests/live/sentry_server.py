"""Plays the ingest endpoint of Sentry: keeps the bodies of envelopes, unpacked."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SentryServer:
    def __init__(self) -> None:
        self.envelopes: list[bytes] = []
        envelopes = self.envelopes

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_packed = self.headers.get("Content-Encoding") == "gzip"
                envelopes.append(gzip.decompress(body) if is_packed else body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *arguments: object) -> None:
                """Write nothing to the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://made-up-key@127.0.0.1:{self._server.server_port}/42"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def with_text(self, text: str) -> list[bytes]:
        return [each for each in self.envelopes if text.encode() in each]
