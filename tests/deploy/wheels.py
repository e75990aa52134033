"""Builds the wheel of the checkout, and installs it into an environment of its own."""

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel and the packages of ours, and the empty folder in which it is used."""

    environment: Path
    folder: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    def inbox(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [self.environment / "bin" / "inbox", *arguments]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def build(folder: Path) -> Path:
    """Build it with the packages that are there: nothing is downloaded."""
    succeed(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    [wheel] = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Installation:
    made = Installation(folder / "environment", folder / "empty")
    made.folder.mkdir()
    succeed(sys.executable, "-m", "venv", "--without-pip", made.environment)
    packages = made.environment / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"))
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", made.python, "install", "--quiet"]
    succeed(*pip, "--disable-pip-version-check", "--no-deps", "--no-index", wheel)
    return made


def succeed(*command: str | Path) -> None:
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
