"""The command: where the address comes from, what it prints, and its exit codes."""

import json

import pytest

from conversations.models import Conversation, Page
from tests.conversations.imports.legacy.conftest import url_of_copy
from tests.conversations.imports.legacy.forms import dump_of, write_csv


@pytest.fixture
def importlegacy(command):
    def run(*arguments: str, stdin: str = "", address: str = ""):
        return command("importlegacy", *arguments, stdin=stdin, LEGACY_DATABASE_URL=address)

    return run


@pytest.fixture(autouse=True)
def shops(transactional_db):
    for number in ("1", "2"):
        Page.objects.create(facebook_page_id=f"90000000000000{number}", name=f"Shop {number}")


def summary(result) -> dict:
    return json.loads(result.stdout.strip().splitlines()[-1])


MAP = ("--page", "900000000000009=900000000000002")


def test_report_is_json_and_names_what_was_left(importlegacy, database):
    result = importlegacy("--json", address=database)
    report = summary(result)
    assert result.returncode == 1
    assert (report["status"], report["page"], report["dryRun"]) == ("complete_with_errors", None, False)
    assert report["conversations"] == {"matched": 0, "suggested": 0, "new": 5}
    assert {name: report["messages"][name] for name in ("added", "known", "adopted")} == {
        "added": 2,
        "known": 0,
        "adopted": 0,
    }
    assert report["messages"]["skipped"]["seeded"] == 2
    assert report["conversationTags"] == {"added": 4, "known": 0}
    assert report["left"]["pages"] == [{"page": "900000000000009", "name": "", "conversations": 1}]
    assert report["dropped"]["contact_interaction_events"]["message_opened"] == {"test": 1}
    assert "Unknown Page 900000000000009: 1 conversation left" in result.stderr
    assert "EAAB" not in result.stdout + result.stderr


def test_address_on_standard_input_and_a_mapping_complete_it(importlegacy, database):
    result = importlegacy(*MAP, stdin=f"{database}\n")
    assert result.returncode == 0, result.stderr
    assert "Shop 1: 4 people, 4 of them new" in result.stdout
    assert result.stdout.count("Replace them") == 1
    assert Conversation.objects.count() == 6
    again = importlegacy(*MAP, "--json", address=database)
    assert summary(again)["conversations"] == {"matched": 6, "suggested": 0, "new": 0}
    assert summary(again)["messages"]["added"] == 0


def test_files_bring_the_same(importlegacy, database, tmp_path):
    expected = summary(importlegacy("--json", "--dry-run", address=database))
    dump = tmp_path / "legacy.sql"
    dump.write_text(dump_of(database))
    folder = tmp_path / "csv"
    folder.mkdir()
    write_csv(database, folder)
    for arguments in (("--dump", str(dump)), ("--csv", str(folder))):
        report = summary(importlegacy("--json", "--dry-run", *arguments))
        for name in (
            "conversations",
            "messages",
            "conversationTags",
            "notes",
            "tags",
            "dropped",
            "left",
            "rows",
        ):
            assert report[name] == expected[name], (arguments, name)
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Set LEGACY_DATABASE_URL"),
        (("--page", "nonsense"), "write UUID_OR_ID=FACEBOOK_PAGE_ID"),
        (("--dump", "/nowhere/legacy.sql"), "cannot be opened"),
        (("--csv", "/nowhere"), "does not exist"),
        (("--dump", "a", "--csv", "b"), "not allowed with"),
    ],
)
def test_wrong_usage(importlegacy, arguments, words):
    result = importlegacy(*arguments)
    assert result.returncode == 2
    assert words in result.stderr


def test_unknown_target_is_wrong_usage(importlegacy, database):
    result = importlegacy("--page", "1=77", address=database)
    assert (result.returncode, "No Page with the ID '77'" in result.stderr) == (2, True)


def test_hidden_rows_are_an_error(importlegacy, stranger):
    result = importlegacy("--json", address=stranger)
    assert result.returncode == 1
    assert summary(result)["status"] == "error"
    assert "bypassrls" in result.stderr
    assert not Conversation.objects.exists()


def test_address_is_never_printed(importlegacy):
    result = importlegacy("--json", address="postgresql://u:s3cret@127.0.0.1:1/postgres")
    assert result.returncode == 1
    assert "s3cret" not in result.stdout + result.stderr


def without_tags(database: str, tmp_path) -> dict[str, str]:
    """A dump, files and a database that lack the tags."""
    tables = ("facebook_pages", "messenger_conversations")
    (tmp_path / "csv").mkdir()
    (tmp_path / "legacy.sql").write_text(dump_of(database, tables=tables))
    return {
        "--csv": str(write_csv(database, tmp_path / "csv", tables)),
        "--dump": str(tmp_path / "legacy.sql"),
    }


@pytest.mark.parametrize("form", ["--csv", "--dump", "live"])
def test_tables_that_are_missing_are_named(importlegacy, database, changed_database, tmp_path, form):
    changed_database.execute("DROP TABLE conversation_tags, tags")
    files = without_tags(database, tmp_path)
    arguments = (form, files[form]) if form in files else ()
    result = importlegacy(*MAP, "--json", *arguments, address=url_of_copy(database))
    assert (result.returncode, summary(result)["status"]) == (1, "complete_with_errors")
    assert summary(result)["left"]["tables"] == ["tags", "conversation_tags"]
    assert "The table conversation_tags is not there: nothing of it was imported." in result.stderr
