"""The code of an older version, from the history of this repository, and its processes."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from django.conf import settings

from tests.live.process import Web

# The oldest commit whose processes serve while `migrate` runs, and go on to work on the new tables. The first
# release, 0.1.0, is a later one. Let it be a later one as soon as a change cannot do without, and say so in
# docs/upgrading.md.
BASE = "2561cb835901"
NEWEST_OF_BASE = {"accounts": "0001", "conversations": "0157", "tags": "0005"}  # its newest migrations
MISSING = f"the history of this clone does not have the commit {BASE}"


class OldVersion:
    """The code of BASE in a folder, run with the packages of this version."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.folder, self.environment = folder, os.environ | environment

    def manage(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def web(self) -> Web:
        return Web(self.environment, folder=self.folder)


def unpack(folder: Path) -> None:
    """Write the files of BASE into a folder. Without the history the test is skipped, in CI only if the clone
    is a shallow one.
    """
    done = git("archive", BASE)
    if done.returncode:
        is_shallow = git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        if os.environ.get("CI") == "true" and not is_shallow:
            pytest.fail(f"{MISSING}: {done.stderr.decode()}")
        pytest.skip(MISSING)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=settings.BASE_DIR, capture_output=True, check=False)  # noqa: S607 - the git of the developer
