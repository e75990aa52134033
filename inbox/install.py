"""Create .venv with the packages that requirements files lock: python3 inbox/install.py requirements.txt

What is optional has files of its own, which may be several: requirements-s3.txt requirements-sentry.txt

Three files have environments of their own: requirements-sdk.txt (the clients of Facebook that a test runs),
requirements-load.txt (`make load`) and requirements-audit.txt (`make audit`).

Needs nothing but Python; one that is too old still reaches the line that says so.
"""
# ruff: noqa: T201, UP036 - it prints to the terminal, and an old Python must reach the line that rejects it

import fcntl
import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

APART = {
    "requirements-sdk.txt": ".venv-sdk",
    "requirements-load.txt": ".venv-load",
    "requirements-audit.txt": ".venv-audit",
}
VENV = Path(next((APART[name] for name in sys.argv[1:] if name in APART), ".venv"))
PYTHON = VENV / "bin" / "python"
CONTAINING = {
    "requirements.txt": (
        "requirements-dev.txt",
        "requirements-parquet.txt",
        "requirements-s3.txt",
        "requirements-sentry.txt",
    ),
    "requirements-parquet.txt": ("requirements-dev.txt",),
    "requirements-sentry.txt": ("requirements-dev.txt",),
}
TRUST_THE_SYSTEM = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}  # the newer and the older name of uv


def main(*requirements: str) -> None:
    if sys.version_info < (3, 11):
        sys.exit(
            f"inbox: Python 3.11 or newer is needed, not {sys.version.split()[0]}: make PYTHON=python3.12 …"
        )
    with open(requirements[0]) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_whole() or not all(map(is_met, requirements)):
            install(*requirements)


def is_whole() -> bool:
    """Whether the environment works and its installation was completed."""
    finished = any(VENV.glob("requirements*.txt"))
    return finished and PYTHON.exists() and not run([PYTHON, "-c", "import requests"])


def is_met(requirements: str) -> bool:
    """Whether these packages are installed, maybe with more."""
    return any(is_installed(name) for name in (requirements, *CONTAINING.get(requirements, ())))


def is_installed(requirements: str) -> bool:
    mark = VENV / requirements
    return mark.exists() and filecmp.cmp(requirements, mark, shallow=False)


def install(*requirements: str) -> None:
    print(f"Installing the packages of {' and '.join(requirements)} into {VENV} …", flush=True)
    keep = is_whole()
    for mark in VENV.glob("requirements*.txt"):
        mark.unlink()  # an interrupted attempt leaves no mark, so the next one starts over
    # If uv fails, try pip: only pip knows the indexes that pip is configured with.
    files = [word for name in requirements for word in ("-r", name)]
    if failure := with_uv(files) and with_pip(files, keep):
        VENV.mkdir(exist_ok=True)
        (VENV / "install.log").write_text(failure)
        reason = "no connection" if "Retrying" in failure else failure.strip().splitlines()[-1]
        sys.exit(
            f"inbox: the packages could not be installed: {reason} (the whole story: {VENV}/install.log)"
        )
    for name in requirements:
        shutil.copy(name, VENV)


def with_uv(files: list[str]) -> str:
    uv = shutil.which("uv")
    if not uv:
        return "no uv"
    return run([uv, "venv", "--clear", "--python", sys.executable, VENV]) or run(
        [uv, "pip", "install", "--python", PYTHON, "--require-hashes", *files]
    )


def with_pip(files: list[str], keep: bool) -> str:
    try:
        import ensurepip  # noqa: F401 (a separate package in Debian)
    except ImportError:
        return "this Python has no venv; Debian: apt-get install python3-venv"
    pip = [PYTHON, "-m", "pip"]
    keep = keep and not run([*pip, "--version"])  # uv creates .venv without pip
    failure = "" if keep else run([sys.executable, "-m", "venv", "--clear", VENV])
    return failure or run([*pip, "install", "--disable-pip-version-check", "--require-hashes", *files])


def run(command: list) -> str:
    """Run a command and return its output if it failed. On a terminal, show the progress."""
    said = []
    with subprocess.Popen(
        command,
        env={**TRUST_THE_SYSTEM, **os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            if sys.stdout.isatty() and line.startswith(("Collecting", "Installing")):
                print(f"\r\033[K{line.strip()[:70]}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    return "".join([*said, ""] if said else ["it said nothing"]) if process.returncode else ""


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
