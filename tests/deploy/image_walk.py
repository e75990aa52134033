"""make image-test: the image is built and started, read-only and unprivileged; its worker syncs a Page.

Not among the other tests, because it installs Debian and all packages into images (some minutes). The
containers share the network of one of them, which has no other; the database is reached through its socket.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from conversations.models import Conversation, Page
from conversations.tasks import request_sync
from inbox.postgres import Server, throwaway
from tests.servers import django_connected_to

BASE, CONVERSATIONS, TOKEN = "debian:bookworm-slim", 30, "EAAsandboxPageToken"
PAGE_ID = "900000000000001"
SANDBOX = ["sandbox", "--page-id", PAGE_ID, "--token", TOKEN, "--conversations", str(CONVERSATIONS)]
NEEDED = ("buildah", "podman", "mmdebstrap")
LIMITS = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n'
# crun knows one hierarchy of control groups, some machines have both: it sees the newer one.
ONE_HIERARCHY = (
    'if [ -d /sys/fs/cgroup/unified ]; then mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup; fi; exec "$@"'
)
RESTRICTED = "--read-only --cap-drop=all --security-opt=no-new-privileges --tmpfs=/tmp"


def run(*command: str | Path, **options) -> subprocess.CompletedProcess[str]:
    wrapped = ["unshare", "--mount", "sh", "-c", ONE_HIERARCHY, "sh", *command]
    return subprocess.run(wrapped, capture_output=True, text=True, check=False, **options)


def succeed(*command: str | Path, **options) -> str:
    done = run(*command, **options)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def storage() -> Iterator[None]:
    """Images are kept in a folder of their own: the second run builds only what has changed."""
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = Path(tempfile.gettempdir()) / "inbox-containers"
    folder.mkdir(exist_ok=True)
    (folder / "containers.conf").write_text(LIMITS)
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\nrunroot = "{folder}/run"\ngraphroot = "{folder}/images"\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_CONF", str(folder / "containers.conf"))
        if "CONTAINERS_STORAGE_CONF" not in os.environ:
            patch.setenv("CONTAINERS_STORAGE_CONF", str(folder / "storage.conf"))
        yield


@pytest.fixture(scope="module")
def image(storage, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("image")
    if run("podman", "image", "exists", BASE).returncode:
        packed = folder / "base.tar"
        # As small as the image of this name, which has no documentation.
        small = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man")]
        succeed("mmdebstrap", "--quiet", "--variant=minbase", *small, "bookworm", packed, *sources())
        succeed("podman", "import", "--quiet", packed, BASE)
    build("inbox", *own_indexes(folder))
    return "inbox"


def build(target: str, *options: str) -> None:
    command = ["buildah", "bud", "--isolation=chroot", "--network=host", "--format=docker", "--layers"]
    command += [*options, f"--target={target}", "--file=deploy/Containerfile", f"--tag={target}", "."]
    succeed(*command, cwd=settings.BASE_DIR)


def sources() -> list[Path]:
    return sorted(Path("/etc/apt").glob("sources.list.d/debian.sources"))


def own_indexes(folder: Path) -> list[str]:
    """The configuration of pip, as a secret of the build, and mounts of the folders that it names."""
    listed = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=False).stdout  # noqa: S607 - found by PATH, as the user of the machine would
    lines = [line.removeprefix("global.") for line in listed.splitlines() if line.startswith("global.")]
    values = dict(line.replace("'", "").split("=", 1) for line in lines)
    mounts = [f"--volume={path}:{path}:ro" for path in folders_of(values)]
    if "cert" in values:
        mounts.append(f"--volume={Path(values['cert']).parent}:/run/certificates:ro")
        values["cert"] = f"/run/certificates/{Path(values['cert']).name}"
    values.pop("constraint", None)  # versions are locked
    secret = folder / "pip.conf"
    secret.write_text("\n".join(["[global]", *(f"{name} = {value}" for name, value in values.items())]))
    return [f"--secret=id=pip,src={secret}", *mounts]


def folders_of(values: dict[str, str]) -> set[Path]:
    named = " ".join(values.get(name, "") for name in ("find-links", "extra-index-url", "index-url")).split()
    paths = [Path(name.removeprefix("file://").removesuffix("/simple")) for name in named]
    return {path for path in paths if path.is_absolute() and path.is_dir()}


@pytest.fixture
def start(image) -> Iterator[Callable]:
    """Start a container in the background, and return its name; all end after the test."""
    names: list[str] = []

    def begin(*command: str, network: str = "none", **variables: str) -> str:
        name = f"inbox-test-{uuid4().hex[:8]}"
        names.append(name)
        options = [f"--env={key}={value}" for key, value in variables.items()]
        socket = f"--volume={variables['DATABASE_URL'].split('host=')[1].replace('%2F', '/')}"
        socket += f":{socket.removeprefix('--volume=')}"
        options += [f"--name={name}", "--detach", "--cgroups=disabled", f"--network={network}", socket]
        succeed("podman", "run", *options, *RESTRICTED.split(), image, *command)
        return name

    yield begin
    for name in reversed(names):  # the first one has the network of the others
        run("podman", "rm", "--force", "--time=5", name)


def until(condition: Callable[[], object], name: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, run("podman", "logs", name).stderr[-3000:]
        time.sleep(0.2)


def with_password(server: Server, name: str) -> str:
    """Let the user of the image, who is none of this machine, connect with a password; return the URL."""
    server.socket_folder.chmod(0o711)
    next(server.socket_folder.glob(".s.PGSQL.*[0-9]")).chmod(0o777)
    rules = server.home / "pg_hba.conf"
    rules.write_text(f"local {name} {server.role} scram-sha-256\n{rules.read_text()}")
    with server.connect() as admin:
        admin.execute(f"ALTER ROLE {server.role} PASSWORD 'of-the-image'")
        admin.execute("SELECT pg_reload_conf()")
    return server.url(name).replace("@:", ":of-the-image@:")


def test_image_runs_with_a_read_only_root_and_syncs_a_page(start, django_db_blocker):
    with throwaway(only="wheel") as server, django_db_blocker.unblock():
        server.create_database("image")
        variables = {
            "DATABASE_URL": with_password(server, "image"),
            "GRAPH_API_URL": "http://127.0.0.1:8001",
            "SECRET_KEY": "only-for-the-test-of-the-image-of-inbox-0123456789",
            "PAGE_ACCESS_TOKEN": TOKEN,
        }
        web = start(**variables)

        def inside(*command: str) -> subprocess.CompletedProcess[str]:
            return run("podman", "exec", web, *command)

        until(lambda: inside("/opt/inbox/share/inbox/healthcheck", "web").returncode == 0, web)
        assert inside("inbox", "migrate", "--verbosity", "0").stderr == ""
        read = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000{}').read().decode())"
        assert '"ok"' in inside("python3", "-c", read.format("/healthz")).stdout
        assert "<svg" in inside("python3", "-c", read.format("/static/inbox/icon.svg")).stdout
        assert inside("id", "-u").stdout.strip() == "10001"
        assert "Read-only file system" in inside("touch", "/opt/inbox/new").stderr
        for program in ("gcc", "cc", "pip"):
            assert inside("sh", "-c", f"command -v {program}").returncode != 0, program

        other = f"container:{web}"
        sandbox = start("inbox", *SANDBOX, "--port", "8001", network=other, **variables)
        assert inside("/opt/inbox/share/inbox/healthcheck", "worker").returncode == 1  # there is none yet
        worker = start("inbox", "runworker", network=other, **variables)
        until(lambda: inside("inbox", "connectpage", PAGE_ID).returncode == 0, sandbox)
        until(lambda: inside("/opt/inbox/share/inbox/healthcheck", "worker").returncode == 0, worker)
        with django_connected_to(variables["DATABASE_URL"]):
            request_sync(Page.objects.get(), trigger="admin")
            until(lambda: Conversation.objects.count() == CONVERSATIONS, worker)


def test_image_of_backups_has_its_programs(image):
    """On Debian's image, which lacks pg_dump: the usual one is PostgreSQL's, which is not at hand."""
    build("backup", f"--build-arg=POSTGRES={BASE}")
    command = ["podman", "run", "--rm", "--cgroups=disabled", "--network=none", "--read-only", "backup"]
    assert "backup: DATABASE_URL is not set" in run(*command, "backup").stderr
    assert run(*command, "age", "--version").returncode == 0
    assert run(*command, "id", "-u").stdout.strip() == "10001"
