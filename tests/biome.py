"""Run Biome, the linter and formatter of the browser code: python3 tests/biome.py check

Installs it with npm, as package-lock.json says, when it is missing or out of date. Where that is impossible,
prints the reason and succeeds; with CI=true it fails.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "package-lock.json"
INSTALLED = ROOT / "node_modules" / ".package-lock.json"  # npm writes it at the end of an installation
BIOME = ROOT / "node_modules" / ".bin" / "biome"


def main(arguments: list[str]) -> int:
    if reason := install():
        print(f"inbox: browser code not checked: {reason}", file=sys.stderr)  # noqa: T201 - for the user at the terminal
        return int(os.environ.get("CI") == "true")
    return subprocess.run([str(BIOME), *arguments], cwd=ROOT, check=False).returncode


def install() -> str:
    """Install Biome if needed. Returns why it could not be installed; "" when it is there."""
    if is_installed():
        return ""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "npm is missing (Debian: apt-get install npm)"
    command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return f"npm ci failed: {result.stderr.strip()[-500:]}" if result.returncode else ""


def is_installed() -> bool:
    return shutil.which("node") is not None and is_current() and BIOME.exists()


def is_current() -> bool:
    return INSTALLED.exists() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
