"""A load of some seconds runs as a whole: nothing is lost, and its part of the document is written."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.load.checks import check_webhooks, waits_of
from tests.load.sizes import Sizes

ROOT = Path(__file__).parents[2]
LOCUST = ROOT / ".venv-load" / "bin" / "locust"
TINY = {
    "MINUTES": "0.2",
    "CONVERSATIONS": "300",
    "STAFF": "2",
    "PAUSE": "0.5",
    "STREAMS": "2",
    "SYNCS": "1",
    "SYNCED": "100",
    "WEBHOOKS": "5",
}


def run(into: Path, **sizes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.load"]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | {"INTO": str(into)} | sizes, capture_output=True, text=True
    )


def test_a_small_load_loses_nothing_and_writes_its_part(tmp_path):
    if not LOCUST.exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(".venv-load is missing")
    path = tmp_path / "scale.md"
    path.write_text("# Scale\n\n<!-- load -->\nearlier\n<!-- end of load -->\n\nAfter\n")
    done = run(tmp_path, **TINY)
    assert done.returncode == 0, done.stdout + done.stderr
    text = path.read_text()
    assert "earlier" not in text
    assert text.startswith("# Scale")
    assert text.endswith("<!-- end of load -->\n\nAfter\n")
    for row in (
        "| each message of a webhook is stored once |",
        "| 1 of 1 complete with 20 conversations and 100 messages each | reached |",
        "| each tag was taken back |",
        "| tag |",
        "| PostgreSQL |",
    ):
        assert row in text
    assert re.search(r"^\| tag \|( [\d,.]+ \|){12}$", text, re.MULTILINE)  # also where the time goes
    for chart in ("load-memory", "load-latency", "load-processors"):
        ElementTree.parse(tmp_path / "scale" / f"{chart}.svg")  # noqa: S314 - our own


def test_a_size_that_is_none_is_refused_by_name(tmp_path):
    done = run(tmp_path, STAFF="many")
    assert done.returncode == 2
    assert done.stderr == "load: STAFF=many: it must be a number above 0\n"


def test_more_streams_than_users_may_have_are_refused(monkeypatch):
    monkeypatch.setenv("STREAMS", "41")
    monkeypatch.setenv("STAFF", "2")
    with pytest.raises(ValueError, match="a user may have 20, so raise STAFF"):
        Sizes.from_environment()


def test_missing_and_doubled_messages_are_found():
    seen = {"delivered": [(1.0, "m_1", 7), (2.0, "m_2", 7)], "refused": []}
    assert check_webhooks(seen, {"m_1": 1, "m_2": 1}, 0).is_met
    assert "1 missing" in check_webhooks(seen, {"m_1": 1}, 0).found
    assert "1 stored twice" in check_webhooks(seen, {"m_1": 1, "m_2": 2}, 0).found
    assert not check_webhooks(seen, {"m_1": 1, "m_2": 1}, 3).is_met


def test_an_event_counts_for_a_message_until_the_customer_writes_again():
    stream = {"opened": 0.5, "ended": [], "changed": [(1.5, 0), (4.0, 1), (4.5, 2)]}
    seen = {"delivered": [(1.0, "m_1", 7), (2.0, "m_2", 7), (3.0, "m_3", 7)], "streams": [stream]}
    assert waits_of(seen | {"events": [[7, 8], [9], [7]]}) == [0.5, float("inf"), 1.5]
    assert waits_of(seen | {"events": [[8], None, [7]]}) == [float("inf"), float("inf"), 1.0]
