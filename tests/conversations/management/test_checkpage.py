import json
from io import StringIO

import pytest
from django.core.management import call_command

from conversations.models import Page
from conversations.sandbox import faults


@pytest.fixture
def page(transactional_db, world, shop, sandbox):
    sandbox.switches.updated_ms = "honoured"
    for number in range(30):
        world.add_conversation(shop, updated_time=world.clock.now() - 60 * number)
    return Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


def test_page_that_can_be_synced_is_told_in_plain_lines(manage, page):
    done = manage("checkpage", page.facebook_page_id)
    assert done.returncode == 0, done.stderr
    assert "ok    Access token: valid, the Page's own (Demo Shop)" in done.stdout
    assert "Demo Shop can be synced. 12 calls to Facebook." in done.stdout
    assert done.stderr == ""
    assert page.access_token not in done.stdout


def test_what_a_person_must_do_is_on_standard_error(command, page, world):
    world.break_token(page.access_token, 463)
    done = command("checkpage", page.facebook_page_id)
    assert done.returncode == 1
    assert (
        "A person must act. Access token: The access token has expired. Connect the Page again."
        in done.stderr
    )
    assert "cannot be synced" in done.stdout
    assert page.access_token not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_json_is_one_line_for_programs(command, page):
    done = command("checkpage", page.facebook_page_id, "--json")
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    told = json.loads(line)
    assert (told["page"], told["ready"], told["calls"]) == (page.facebook_page_id, True, 12)
    assert {"key": "version", "subject": "Graph API", "answer": "v26.0, as asked for", "mark": "ok"} in told[
        "findings"
    ]
    page.refresh_from_db()
    assert told["learnt"] == page.learnt


def test_json_comes_with_exit_1_too(command, page, world):
    world.break_token(page.access_token, 460)
    done = command("checkpage", page.facebook_page_id, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["ready"] is False


@pytest.mark.parametrize("page_id", ["77", "me", ""])
def test_unknown_page_is_wrong_usage(command, page_id):
    done = command("checkpage", page_id)
    assert done.returncode == 2
    assert "is connected" in done.stderr


def test_missing_id_is_wrong_usage(command):
    assert command("checkpage").returncode == 2


def test_waits_are_told(command, page, sandbox):
    sandbox.faults.add(faults.unavailable(), path="folder=spam")
    done = command("checkpage", page.facebook_page_id)
    assert done.returncode == 0, done.stderr
    assert "Asking again in" in done.stderr


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_gets_a_table_and_no_markup_of_facebooks(page, world, shop, capsys):
    shop.name = "[red]Shop\x1b[31m"
    call_command("checkpage", page.facebook_page_id, stdout=Terminal())
    shown = capsys.readouterr().out
    assert "✓" in shown
    assert "[red]Shop [31m" in shown
    assert "\x1b[31m" not in shown
