"""docs/security.md: nothing is accepted past its date, and each requirement has a test or a reason."""

import re
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.audit import PAGE, accepted, ask, audit

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| ([\d., ]+) \| (.+) \|$", re.MULTILINE)
REQUIREMENTS = 253  # of levels 1 and 2 in ASVS 5.0


def section(title: str) -> str:
    return PAGE.read_text().partition(f"## {title}")[2].partition("\n## ")[0]


def test_nothing_is_accepted_longer_than_its_date():
    assert [row for row in accepted() if row.until < date.today()] == []
    lines = [line for line in section("Accepted vulnerabilities").splitlines() if line.startswith("| `")]
    assert len(lines) == len(accepted()), "a row is: | `advisory` | `package` | 2030-12-31 | reason |"


def test_every_requirement_has_a_test_that_exists_or_a_reason():
    rows = ROW.findall(section("ASVS"))
    ids = [one.strip() for row, _ in rows for one in row.split(",")]
    assert len(ids) == len(set(ids))
    assert len(ids) == REQUIREMENTS
    named = {path for _, answer in rows for path in re.findall(r"`(tests/[\w/.]+)`", answer)}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    "command", [["no-such-program"], [sys.executable, "-c", "print('<html>')"], [sys.executable, "-c", "1/0"]]
)
def test_audit_without_an_answer_is_not_one_without_vulnerabilities(command, capsys):
    assert audit("requirements.txt", lambda: ask(command)) == 2
    assert capsys.readouterr().out.startswith("requirements.txt: not checked. ")
    assert (audit("a", list), audit("a", lambda: ["CVE-1"])) == (0, 1)
