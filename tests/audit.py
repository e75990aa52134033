"""python tests/audit.py: known vulnerabilities of the locked packages that docs/security.md does not accept.

pip-audit asks for the Python packages, npm for those of the browser code. Exits with 1 if there is one, and
with 2 if a service could not be asked, for example without the network.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "security.md"
LOCKED = (
    "requirements.txt",
    "requirements-s3.txt",
    "requirements-parquet.txt",
    "requirements-sentry.txt",
    "requirements-dev.txt",
    "requirements-sdk.txt",
    "requirements-load.txt",
    "requirements-audit.txt",
)
ROW = re.compile(r"^\| `(\S+)` \| `([\w.@/-]+)` \| (\d{4}-\d{2}-\d{2}) \| (\S.*) \|$", re.MULTILINE)


class Accepted(NamedTuple):
    """A row of the table: the ID of the advisory, the package, the last day and the reason."""

    advisory: str
    package: str
    until: date
    reason: str


def accepted() -> list[Accepted]:
    table = PAGE.read_text().partition("## Accepted vulnerabilities")[2].partition("\n## ")[0]
    return [
        Accepted(advisory, package, date.fromisoformat(day), why)
        for advisory, package, day, why in ROW.findall(table)
    ]


class NotAsked(Exception):
    """The text says which service did not answer, and why."""


def main() -> int:
    known = {row.advisory for row in accepted() if row.until >= date.today()}
    codes = [audit(name, partial(python_advisories, name, known)) for name in LOCKED]
    return max(*codes, audit("package-lock.json", partial(npm_advisories, known)))


def audit(name: str, find: Callable[[], list[str]]) -> int:
    """Print what is found in a file of locked packages. Return the exit code."""
    try:
        found = find()
    except NotAsked as error:
        print(f"{name}: not checked. {error}", flush=True)  # noqa: T201 - for who is at the terminal
        return 2
    print(f"{name}: {', '.join(found) or 'no known vulnerabilities'}", flush=True)  # noqa: T201 - the result
    return int(bool(found))


def python_advisories(requirements: str, known: set[str]) -> list[str]:
    """What pip-audit finds besides the known ones, each with its package. Raises NotAsked."""
    ignored = [word for advisory in sorted(known) for word in ("--ignore-vuln", advisory)]
    options = ["--strict", "--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off"]
    report = ask([sys.executable, "-m", "pip_audit", *options, "-r", requirements, *ignored])
    packages = report.get("dependencies", [])
    return [f"{one['name']} {vulnerability['id']}" for one in packages for vulnerability in one["vulns"]]


def npm_advisories(known: set[str]) -> list[str]:
    """What npm finds besides the known ones: the last part of an address, such as GHSA-…. Raises NotAsked."""
    report = ask([shutil.which("npm") or "npm", "audit", "--json"])
    if "vulnerabilities" not in report:
        raise NotAsked(report.get("message") or report.get("error") or report)
    found = [via for one in report["vulnerabilities"].values() for via in one["via"] if isinstance(via, dict)]
    return sorted({via["url"].rpartition("/")[2] for via in found} - known)


def ask(command: list[str]) -> dict:
    """The report that the command prints as JSON. Without the network it prints none."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotAsked(f"{command[0]} is not installed.") from None
    try:
        return json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines() or ["It printed nothing."]
        raise NotAsked(f"{lines[-1]} (This needs the network.)") from None


if __name__ == "__main__":
    sys.exit(main())
