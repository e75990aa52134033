"""python tests/audit.py: known vulnerabilities of the locked packages that docs/security.md does not accept.

pip-audit asks for the Python packages, npm for those of the browser code. Exits with 1 if there is one.
"""

import json
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "security.md"
LOCKED = ("requirements.txt", "requirements-dev.txt", "requirements-sdk.txt", "requirements-audit.txt")
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


def main() -> int:
    known = {row.advisory for row in accepted() if row.until >= date.today()}
    failed = [name for name in LOCKED if not is_free(name, known)]
    advisories = npm_advisories() - known
    for advisory in sorted(advisories):
        print(f"npm: {advisory}")  # noqa: T201 - for who is at the terminal
    return int(bool(failed or advisories))


def is_free(requirements: str, known: set[str]) -> bool:
    """Whether pip-audit could check each package and finds nothing else. It prints what it finds."""
    ignored = [word for advisory in sorted(known) for word in ("--ignore-vuln", advisory)]
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--strict",
        "--disable-pip",
        "--require-hashes",
        "-r",
        requirements,
    ]
    print(f"{requirements}:", flush=True)  # noqa: T201 - at a terminal
    return subprocess.run([*command, *ignored], cwd=ROOT, check=False).returncode == 0


def npm_advisories() -> set[str]:
    """The advisories of npm: the last part of their addresses, such as GHSA-…."""
    npm = shutil.which("npm") or "npm"
    done = subprocess.run([npm, "audit", "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    if "vulnerabilities" not in report:
        raise SystemExit(f"npm audit: {report.get('message') or report.get('error') or report}")
    found = [via for one in report["vulnerabilities"].values() for via in one["via"] if isinstance(via, dict)]
    return {via["url"].rpartition("/")[2] for via in found}


if __name__ == "__main__":
    sys.exit(main())
