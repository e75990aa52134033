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


def test_ready_page_is_reported_in_plain_lines(manage, page):
    result = manage("checkpage", page.facebook_page_id)
    assert result.returncode == 0, result.stderr
    assert "ok    Access token: valid, the Page's own (Demo Shop)" in result.stdout
    assert "Demo Shop can be synced. 12 calls to Facebook." in result.stdout
    assert result.stderr == ""
    assert page.access_token not in result.stdout


def test_required_action_is_printed_to_standard_error(command, page, world):
    world.break_token(page.access_token, 463)
    result = command("checkpage", page.facebook_page_id)
    assert result.returncode == 1
    assert (
        "Action required. Access token: The access token has expired. Connect the Page again."
        in result.stderr
    )
    assert "cannot be synced" in result.stdout
    assert page.access_token not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_json_is_one_line(command, page):
    result = command("checkpage", page.facebook_page_id, "--json")
    assert result.returncode == 0, result.stderr
    [line] = result.stdout.splitlines()
    report = json.loads(line)
    assert (report["page"], report["ready"], report["calls"]) == (page.facebook_page_id, True, 12)
    finding = {"key": "version", "subject": "Graph API", "answer": "v26.0, as requested", "mark": "ok"}
    assert finding in report["findings"]
    page.refresh_from_db()
    assert report["learnt"] == page.capabilities


def test_json_is_printed_with_exit_code_1_too(command, page, world):
    world.break_token(page.access_token, 460)
    result = command("checkpage", page.facebook_page_id, "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["ready"] is False


@pytest.mark.parametrize("page_id", ["77", "me", ""])
def test_unknown_page_is_wrong_usage(command, page_id):
    result = command("checkpage", page_id)
    assert result.returncode == 2
    assert "is connected" in result.stderr


def test_missing_id_is_wrong_usage(command):
    assert command("checkpage").returncode == 2


def test_waits_are_reported(command, page, sandbox):
    sandbox.faults.add(faults.unavailable(), path="folder=spam")
    result = command("checkpage", page.facebook_page_id)
    assert result.returncode == 0, result.stderr
    assert "Retrying in" in result.stderr


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_gets_a_table_without_markup_from_facebook(page, world, shop, capsys):
    shop.name = "[red]Shop\x1b[31m"
    call_command("checkpage", page.facebook_page_id, stdout=Terminal())
    shown = capsys.readouterr().out
    assert "✓" in shown
    assert "[red]Shop [31m" in shown
    assert "\x1b[31m" not in shown
