"""Check the browser code with Biome, the linter and formatter: python3 tests/biome.py check
and its types with tsc: python3 tests/biome.py types

Installs both with npm, as package-lock.json says, when they are missing or out of date. Where that is
impossible, prints the reason and succeeds; with CI=true it fails.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "package-lock.json"
INSTALLED = ROOT / "node_modules" / ".package-lock.json"  # npm writes it at the end of an installation
PROGRAMS = ROOT / "node_modules" / ".bin"
# All modules, and those that docs/frontend.md describes with a type for each parameter.
PROJECTS = ["tsconfig.json", "tsconfig.core.json"]


def main(arguments: list[str]) -> int:
    if reason := install():
        print(f"inbox: browser code not checked: {reason}", file=sys.stderr)  # noqa: T201 - for the user at the terminal
        return int(os.environ.get("CI") == "true")
    if arguments == ["types"]:
        return max(run("tsc", "--project", project) for project in PROJECTS)
    return run("biome", *arguments)


def run(program: str, *arguments: str) -> int:
    return subprocess.run([str(PROGRAMS / program), *arguments], cwd=ROOT, check=False).returncode


def install() -> str:
    """Install the programs if needed. Returns why that was not possible; "" when they are there."""
    if is_installed():
        return ""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "npm is missing (Debian: apt-get install npm)"
    command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return f"npm ci failed: {result.stderr.strip()[-500:]}" if result.returncode else ""


def is_installed() -> bool:
    return shutil.which("node") is not None and is_current() and (PROGRAMS / "biome").exists()


def is_current() -> bool:
    return INSTALLED.exists() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
