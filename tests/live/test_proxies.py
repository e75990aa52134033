"""The examples for nginx and Caddy in deploy/ work, with other names, ports and certificates."""

import getpass
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import Client

from conversations.models import AuditEntry
from tests.factories import ConversationFactory, superuser
from tests.live.process import Web, free_port

DEPLOY = settings.BASE_DIR / "deploy"
HOST = "inbox.example.com"
API = "/api/conversations"
NGINX = """
user {user}; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
include {folder}/inbox.conf;
proxy_cache_path {folder}/cache keys_zone=cache:1m;
server {{ listen 127.0.0.1:{caching}; location / {{ proxy_pass http://inbox;
proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
proxy_cache cache; proxy_cache_valid any 10m; add_header X-Cache $upstream_cache_status always; }} }} }}
"""
CADDY = "{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n\tstorage file_system {folder}\n}}\n"


@pytest.fixture
def certificate(tmp_path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now, address = datetime.now(UTC), x509.IPAddress(ip_address("127.0.0.1"))
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    made = made.add_extension(x509.SubjectAlternativeName([address, x509.DNSName(HOST)]), critical=False)
    signed = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )
    pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    paths = tmp_path / "inbox.pem", tmp_path / "inbox.key"
    paths[0].write_bytes(signed.public_bytes(pem))
    paths[1].write_bytes(key.private_bytes(pem, kind, serialization.NoEncryption()))
    return paths


def nginx(
    folder: Path, certificate: tuple[Path, Path], web: Web, http: int, https: int, caching: int
) -> list[str]:
    """`caching`: the port of a second site, which keeps all answers that it may."""
    text = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{web.port}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{http};")
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{https} ssl;")
    for before, path in zip((f"/etc/ssl/{HOST}.pem", f"/etc/ssl/{HOST}.key"), certificate, strict=True):
        text = text.replace(before, str(path))
    (folder / "inbox.conf").write_text(text)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=getpass.getuser(), caching=caching))
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, certificate: tuple[Path, Path], web: Web, http: int, https: int, _: int) -> list[str]:
    text = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{web.port}")
    site = f"{HOST} {{\n\ttls {certificate[0]} {certificate[1]}"
    text = CADDY.format(http=http, https=https, folder=folder) + text.replace(f"{HOST} {{", site, 1)
    (folder / "Caddyfile").write_text(text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@contextmanager
def running(command: list[str], url: str, session: requests.Session) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, f"{command[0]} did not start"
            try:
                session.get(f"{url}/healthz", timeout=5).raise_for_status()
                break
            except requests.RequestException:
                assert time.monotonic() < deadline, f"{command[0]} does not answer"
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:  # it waits for open connections
            process.kill()
            process.wait()


@pytest.mark.parametrize("configure", [nginx, caddy], ids=["nginx", "Caddy"])
def test_example_of_a_proxy_works(configure: Callable, certificate, tmp_path, start_web, page, key):
    if shutil.which(configure.__name__) is None:
        pytest.skip(f"{configure.__name__} is not installed")
    web = start_web(HTTPS="1", ALLOWED_HOSTS=f"127.0.0.1,{HOST}")
    http, https, caching = free_port(), free_port(), free_port()
    url = f"https://{HOST}:{https}"
    session = requests.Session()
    session.mount(f"https://{HOST}", ToLoopback(str(certificate[0])))
    session.headers.update(key)
    tmp_path.chmod(0o755)
    with running(configure(tmp_path, certificate, web, http, https, caching), url, session):
        assert session.get(f"{url}/api/pages", timeout=60).json()["pages"]
        assert "Strict-Transport-Security" in session.get(f"{url}/login", timeout=60).headers
        plain = f"http://127.0.0.1:{http}/login"
        moved = requests.get(plain, headers={"Host": HOST}, allow_redirects=False, timeout=60)
        assert (moved.status_code // 100, moved.headers["Location"][:6]) == (3, "https:")
        refused = session.post(f"{url}/api/tags", data=b"x" * 2_700_000, timeout=60)
        assert (refused.status_code, "error" in refused.json()) == (413, True)
        spoofed = {"X-Forwarded-For": "203.0.113.9", "Authorization": "", "Cookie": "sessionid=x"}
        assert session.post(f"{url}/login", headers=spoofed, timeout=60).status_code == 403
        assert AuditEntry.objects.latest("pk").address == "127.0.0.1"
        # The proxy is on this machine, which does not make the client a program of it.
        assert session.get(f"{url}/metrics", timeout=60).status_code == 403
        assert requests.get(f"{web.url}/metrics", timeout=60).status_code == 200
        passes_streams(session, url, page.facebook_page_id)
        if configure is nginx:
            hands_nothing_private_on(f"http://127.0.0.1:{caching}", key)


def hands_nothing_private_on(url: str, key: dict[str, str]) -> None:
    """A cache keeps public files, but neither what somebody asked with a key nor a page of a session."""
    ConversationFactory(sender_name="Ada Musterfrau")
    user = superuser()
    browser = Client()
    browser.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    session = {"Cookie": f"__Host-sessionid={browser.cookies[name].value}"}
    files = [f"{API}/export", f"{API}/export?format=ndjson", API, "/api/schema"]
    pages = ["/admin/conversations/conversation/", "/", "/account/sessions", "/login"]
    for address, headers in [*((one, key) for one in files), *((one, session) for one in pages)]:
        for _ in range(2):
            answer = requests.get(url + address, headers=headers, timeout=60)
            assert (answer.status_code, answer.headers["X-Cache"]) == (200, "MISS"), address
        stranger = requests.get(url + address, allow_redirects=False, timeout=60)
        assert stranger.headers["X-Cache"] == "MISS"
        assert "Ada Musterfrau" not in stranger.text
    cached = [requests.get(f"{url}/static/inbox/icon.svg", timeout=60).headers["X-Cache"] for _ in range(2)]
    assert cached == ["MISS", "HIT"]  # otherwise this proves nothing


def passes_streams(session: requests.Session, url: str, facebook_page_id: str) -> None:
    """Events arrive at once and uncompressed; HEAD ends, and the connection can be used again."""
    for _ in range(2):
        head = session.head(f"{url}/api/events", timeout=60)
        assert (head.status_code, head.headers["Content-Type"]) == (200, "text/event-stream")
        assert session.get(f"{url}/api/pages", timeout=60).status_code == 200
    with session.get(f"{url}/api/events", stream=True, timeout=60) as stream:
        assert next(stream.iter_lines(chunk_size=None)) == b": open"
        assert "Content-Encoding" not in stream.headers
    body = {"facebookPageId": facebook_page_id}
    with session.post(f"{url}/api/conversations/sync-stream", json=body, stream=True, timeout=60) as stream:
        assert "Content-Encoding" not in stream.headers
        lines = [line for line in stream.iter_lines(chunk_size=None) if line]
    assert b'"status": "complete"' in lines[-1]


class ToLoopback(requests.adapters.HTTPAdapter):
    """Connects to 127.0.0.1 whatever the host is, and trusts one certificate."""

    def __init__(self, authority: str):
        super().__init__()
        self.authority = authority

    def build_connection_pool_key_attributes(self, request, verify, cert=None):
        host, options = super().build_connection_pool_key_attributes(request, self.authority, cert)
        name = host["host"]
        return host | {"host": "127.0.0.1"}, options | {"assert_hostname": name, "server_hostname": name}

    def send(self, request, *args, **kwargs):
        return super().send(request, *args, **kwargs | {"verify": self.authority})

    def add_headers(self, request, **kwargs):
        request.headers["Host"] = HOST
