"""The progress of a sync on a terminal and elsewhere."""

import io
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings

from conversations.management.progress_display import progress_displays
from conversations.models import Page
from conversations.sync.progress import SyncProgress
from tests.conftest import environment_of
from tests.machine import in_time

STATE = SyncProgress(
    page_id="55",
    status="syncing",
    message="",
    run=7,
    inserted=100,
    total=100,
    events_created=250,
    requests=3,
)
WAITING = replace(STATE, status="waiting", message="Facebook says: slow down.", seconds=40)
NOTED = replace(STATE, notes=("Run 6 was abandoned.",))


class Terminal(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._changed:
            self._changed.notify_all()
            return super().write(text)

    def wait_until(self, condition: Callable[[str], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.getvalue()), timeout=120)


def counts_down(text: str, name: str) -> bool:
    """Return whether the text shows the wait of this Page with different seconds."""
    return len(set(re.findall(rf"{name}[^\r\n]*?Waiting for Facebook, ((?:\d+ min )?\d+ s)", text))) > 1


@pytest.fixture
def terminal(monkeypatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    return Terminal()


def lines_of(*states: SyncProgress, **options) -> list[str]:
    stream = io.StringIO()
    with progress_displays(stream, **options) as open_display:
        show = open_display(Page(pk=3, name="Shop"))
        for state in states:
            show(state)
    return stream.getvalue().splitlines()


def test_each_new_status_prints_a_line():
    assert lines_of(STATE, STATE, WAITING, replace(STATE, status="complete")) == [
        "[Shop] syncing: 100 threads, 250 new messages, 3 requests",
        "[Shop] waiting: Waiting for Facebook, 40 s. Facebook says: slow down.",
    ]


def test_end_is_printed_while_other_syncs_go_on():
    assert "complete: 100 threads" in lines_of(replace(STATE, status="complete"), show_end=True)[-1]


def test_each_note_is_printed_once(terminal):
    more = replace(NOTED, notes=(*NOTED.notes, "[b]The list was restarted."))
    notes = [line for line in lines_of(NOTED, NOTED, more, more) if "syncing" not in line]
    assert notes == ["[Shop] Run 6 was abandoned.", "[Shop] [b]The list was restarted."]
    with progress_displays(terminal) as open_display:
        show = open_display(Page(pk=3, name="Shop"))
        for state in (NOTED, NOTED, more):
            show(state)
    assert terminal.getvalue().count("Shop: Run 6 was abandoned.") == 1
    assert terminal.getvalue().count("Shop: [b]The list was restarted.") == 1


def test_seconds_of_a_wait_count_down_on_the_bar(terminal):
    with progress_displays(terminal) as open_display:
        open_display(Page(pk=3, name="Shop"))(WAITING)
        terminal.wait_until(lambda text: counts_down(text, "Shop"))
    assert "s. Facebook says: slow down." in terminal.getvalue()


def test_each_page_has_a_bar_and_its_name_is_not_markup(terminal):
    with progress_displays(terminal) as open_display:
        for name in ("One [/b] shop", "Another"):
            open_display(Page(pk=3, name=name))(STATE)
        terminal.wait_until(lambda text: "One [/b] shop" in text and "Another" in text)


def test_command_draws_a_bar_for_each_page_and_counts_down_on_a_terminal(
    transactional_db, world, shop, sandbox
):
    other = world.add_page("900000000000002", "Other shop")
    for one in (shop, other):
        Page.objects.create(facebook_page_id=one.id, name=one.name, access_token=one.token)
        sandbox.limits.block(one.id, "messenger", 120, sandbox.clock.monotonic(), code=613)
    controller, terminal = pty.openpty()
    environment = environment_of(sandbox) | {"TERM": "xterm", "COLUMNS": "160"}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "syncconversations"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=terminal)
    os.close(terminal)
    output = ""
    while not all(counts_down(output, name) for name in ("Demo Shop", "Other shop")):
        output += os.read(controller, 4096).decode(errors="replace")
    process.terminate()
    in_time(5, process.wait)
    os.close(controller)
    assert process.returncode == 1
