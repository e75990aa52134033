"""The OS user that runs the server and owns its data. PostgreSQL refuses root, so root uses another user."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .exceptions import PostgresError

MADE_FOR_US = "inbox-postgres"


@dataclass(frozen=True)
class Owner:
    uid: int
    gid: int
    name: str

    @property
    def is_someone_else(self) -> bool:
        return self.uid != os.geteuid()

    def run(self, *command: str | Path, **options) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, with only PATH from the environment of the caller."""
        if self.is_someone_else:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        # From "/", because this user may not be able to enter the current folder.
        return subprocess.run(
            command, cwd="/", env=environment, stdin=subprocess.DEVNULL, text=True, check=False, **options
        )

    def can_enter(self, folder: Path) -> bool:
        return self.run("/bin/sh", "-c", 'cd "$0"', folder, stderr=subprocess.DEVNULL).returncode == 0

    def make_folder(self, folder: Path) -> None:
        """Create a folder that only this user (and root) can enter."""
        folder.mkdir(mode=0o700)
        if self.is_someone_else:
            os.chown(folder, self.uid, self.gid)


def of_data(data: Path) -> Owner:
    """The owner of the data runs the server."""
    if not data.exists():
        return of_new_data()
    owner = of_uid(data.stat().st_uid)
    if owner.is_someone_else and os.geteuid() != 0:
        raise PostgresError(f"{data} belongs to {owner.name}: run this as {owner.name} or as root")
    return owner


def of_new_data() -> Owner:
    return for_root() if os.geteuid() == 0 else of_uid(os.geteuid())


def for_root() -> Owner:
    for name in ("postgres", MADE_FOR_US):
        if found := of_name(name):
            return found
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not useradd:
        raise PostgresError(
            "PostgreSQL does not run as root: make an OS user named postgres, or use another than root"
        )
    subprocess.run(
        [useradd, "--system", "--no-create-home", "--shell", "/bin/false", MADE_FOR_US], check=False
    )
    if made := of_name(MADE_FOR_US):
        return made
    raise PostgresError(f"PostgreSQL does not run as root, and `useradd --system {MADE_FOR_US}` failed")


def of_name(name: str) -> Owner | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Owner(entry.pw_uid, entry.pw_gid, name)


def of_uid(uid: int) -> Owner:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise PostgresError(f"PostgreSQL needs a name for the OS user {uid}: add it to /etc/passwd") from None
    return Owner(entry.pw_uid, entry.pw_gid, entry.pw_name)
