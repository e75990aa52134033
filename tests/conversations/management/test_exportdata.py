"""`manage.py exportdata`: all data in Parquet, month by month; only what has changed is written again."""

import json
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations.actions.notes import add_note
from conversations.actions.tagging import tag_conversations
from conversations.exports import data_folder
from conversations.exports.data_tables import TABLES
from conversations.models import Conversation, InteractionEvent
from conversations.models.audit import AuditEntry
from conversations.models.message_headers import MessageHeader
from conversations.privacy.forget_person import delete_person
from tests.factories import (
    ConversationFactory,
    EventFactory,
    PageFactory,
    SyncRunFactory,
    TagFactory,
    UserFactory,
    superuser,
)
from tests.parquet_files import NEEDS_PYARROW, rows_of

pytestmark = [NEEDS_PYARROW, pytest.mark.django_db(transaction=True)]

MARCH, APRIL, MAY = (datetime(2024, month, 17, 12, tzinfo=UTC) for month in (3, 4, 5))
TOKEN = "EAAsecretTokenOfThePage"


@pytest.fixture
def page():
    return PageFactory(name="Demo Shop", access_token=TOKEN)


@pytest.fixture
def rows(page):
    """Two conversations with messages in March and April, and in April and May."""
    rows = [ConversationFactory(page=page, sender_name=name, last_message_time=time)
            for name, time in (("Ana", APRIL), ("Ben", MAY))]  # fmt: skip
    for row, times in zip(rows, ((MARCH, APRIL), (APRIL, MAY)), strict=True):
        for time in times:
            EventFactory(conversation=row, occurred_at=time, text=f"{row.sender_name} in {time:%B}")
    return rows


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "data"


def export(folder: Path, *options: str) -> dict[str, str]:
    """Export, and return what is said of each table."""
    out = StringIO()
    call_command("exportdata", str(folder), *options, stdout=out)
    return dict(line.split(": ", 1) for line in out.getvalue().splitlines())


def read(folder: Path, path: str) -> list[dict]:
    """Read a file, or all files of a table."""
    file = folder / f"{path}.parquet"
    return rows_of(file if file.exists() else folder / path)


def files(folder: Path) -> dict[str, int]:
    """When each file was written."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}


def changed_by(folder: Path, *options: str) -> set[str]:
    """The files that an export writes or removes."""
    before = files(folder)
    export(folder, *options)
    return {path for path, _ in before.items() ^ files(folder).items()}


def manifest(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


# -- what is in it -----------------------------------------------------------------------------------------
def test_each_month_of_a_table_is_a_file(page, rows, folder):
    said = export(folder)
    assert said["messages"] == "3 of 3 files written, 4 rows."
    assert [row["text"] for row in read(folder, "messages/2024-04")] == ["Ana in April", "Ben in April"]
    assert [row["sender_name"] for row in read(folder, "conversations/2024-05")] == ["Ben"]
    [shop] = read(folder, "pages")
    assert (shop["page_id"], shop["name"]) == (page.facebook_page_id, "Demo Shop")
    assert shop["platforms"] == ["messenger"]
    assert {row["page_id"] for row in read(folder, "messages")} == {shop["page_id"]}


def test_every_table_has_its_rows(page, rows, folder):
    anna, tag = UserFactory(username="anna"), TagFactory(name="VIP")
    tag_conversations([rows[0].pk], [tag], actor=anna)
    add_note(rows[0], "Call her", colleagues=[], actor=anna)
    run = SyncRunFactory(page=page, created_at=MAY, inserted=7)
    Conversation.objects.filter(pk=rows[1].pk).update(
        assignee=anna, referral={"ad_id": "23"}, last_message_time=None, last_message_kind="message_sent"
    )
    MessageHeader.objects.create(conversation=rows[0], key=7, data={"from": {"id": "1"}})
    event = EventFactory(
        conversation=rows[0], occurred_at=MAY, header=7, attachments=[{"name": "a"}], data={"x": 1}
    )
    EventFactory(conversation=rows[0], occurred_at=MAY, data={"stub": True})
    export(folder)
    assert sorted(one.stem for one in folder.glob("*.parquet")) == ["pages", "tags"]
    [unknown] = read(folder, "conversations/unknown")
    assert (unknown["assignee"], json.loads(unknown["referral"])) == ("anna", {"ad_id": "23"})
    assert (unknown["last_message_from"], unknown["last_message_time"]) == ("page", None)
    [message] = [row for row in read(folder, "messages/2024-05") if row["conversation_id"] == rows[0].pk]
    event.header_data = {"from": {"id": "1"}}
    assert json.loads(message["data"]) == event.full_data
    assert json.loads(message["attachments"]) == [{"name": "a"}]
    assert message["occurred_at"] == MAY
    [tagged] = read(folder, "conversation_tags")
    assert (tagged["tag_id"], tagged["actor"]) == (tag.pk, "anna")
    assert [row["name"] for row in read(folder, "tags")] == ["VIP"]
    assert [(row["kind"], row["text"]) for row in read(folder, "events")] == [
        ("tag_added", ""),
        ("note_added", "Call her"),
    ]
    [stored] = read(folder, "sync_runs/2024-05")
    assert (stored["id"], stored["inserted"], stored["ended_at"]) == (run.pk, 7, run.ended_at)


def test_manifest_tells_what_is_there(page, rows, folder):
    export(folder)
    content = manifest(folder)
    assert (content["format"], content["complete"]) == ("inbox-data", True)
    assert content["pages"] == [page.facebook_page_id]
    assert {one["path"] for one in content["files"]} == files(folder).keys()
    [may] = [one for one in content["files"] if one["path"] == "messages/2024-05.parquet"]
    content = (folder / may["path"]).read_bytes()
    assert (may["rows"], may["bytes"], may["month"]) == (1, len(content), "2024-05")
    assert may["sha256"] == data_folder.sha256_of(folder / may["path"])
    assert {path.stat().st_mode & 0o077 for path in folder.rglob("*.parquet")} == {0}


def test_tokens_are_in_no_file(page, rows, folder):
    export(folder)
    page.refresh_from_db()
    columns = {name for table in TABLES for name in table.columns}
    assert not {name for name in columns if "token" in name}
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert TOKEN.encode() not in content


def test_chosen_pages_alone(page, rows, folder):
    other = EventFactory(occurred_at=MARCH, text="other").conversation.page
    export(folder, "--page", page.facebook_page_id)
    assert "other" not in [row["text"] for row in read(folder, "messages")]
    export(folder, "--page", other.facebook_page_id)
    assert [row["text"] for row in read(folder, "messages")] == ["other"]
    assert [row["page_id"] for row in read(folder, "pages")] == [other.facebook_page_id]
    export(folder)
    assert len(read(folder, "messages")) == 5


# -- again -------------------------------------------------------------------------------------------------
def test_nothing_is_written_when_nothing_has_changed(rows, folder):
    export(folder)
    assert changed_by(folder) == set()


def test_only_months_that_changed_are_written(rows, folder):
    export(folder)
    EventFactory(conversation=rows[0], occurred_at=MAY, text="new")
    assert changed_by(folder) == {"messages/2024-05.parquet"}
    InteractionEvent.objects.filter(text="Ana in March").update(text="edited")
    assert changed_by(folder) == {"messages/2024-03.parquet"}
    assert [row["text"] for row in read(folder, "messages/2024-03")] == ["edited"]
    Conversation.objects.filter(pk=rows[0].pk).update(conversation_status="done")
    assert changed_by(folder) == {"conversations/2024-04.parquet"}
    InteractionEvent.objects.filter(text="edited").update(occurred_at=MAY)
    assert changed_by(folder) == {"messages/2024-03.parquet", "messages/2024-05.parquet"}
    assert not (folder / "messages" / "2024-03.parquet").exists()


def test_what_syncs_note_on_a_page_changes_no_file(page, rows, folder):
    export(folder)
    page.last_delivery_at = timezone.now()
    page.save()
    assert changed_by(folder) == set()
    page.name = "New name"
    page.save()
    assert changed_by(folder) == {"pages.parquet"}


def test_file_that_is_gone_or_damaged_is_written_again(rows, folder):
    export(folder)
    (folder / "messages" / "2024-03.parquet").unlink()
    (folder / "messages" / "2024-04.parquet").write_bytes(b"half")
    assert changed_by(folder) == {"messages/2024-03.parquet", "messages/2024-04.parquet"}
    assert len(read(folder, "messages")) == 4


def test_deleted_people_leave_with_the_next_export(page, rows, folder):
    export(folder)
    delete_person(rows[0], actor=superuser())
    export(folder)
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"Ana" not in content
    assert [row["text"] for row in read(folder, "messages")] == ["Ben in April", "Ben in May"]
    assert not (folder / "messages" / "2024-03.parquet").exists()


def test_interrupted_export_continues(rows, folder, monkeypatch):
    whole, written = data_folder.write_rows, []

    def failing(table, path, *rest):
        if table.name == "messages" and written:
            raise KeyboardInterrupt
        written.extend([path.name] * (table.name == "messages"))
        return whole(table, path, *rest)

    monkeypatch.setattr(data_folder, "write_rows", failing)
    with pytest.raises(KeyboardInterrupt):
        export(folder)
    assert not manifest(folder)["complete"]
    assert list(folder.rglob("*.part")) == []
    first, *_ = (path for path in files(folder) if path.startswith("messages"))
    monkeypatch.undo()
    (folder / "messages" / ".2024-05.parquet.part").write_bytes(b"of a process that was killed")
    (folder / "messages" / "1999-01.parquet").write_bytes(b"of which the manifest does not tell")
    assert first not in changed_by(folder)
    assert len(read(folder, "messages")) == 4
    assert not list(folder.rglob("*.part"))
    assert manifest(folder)["complete"]


# -- refusals ----------------------------------------------------------------------------------------------
def refused(folder: Path, *options: str) -> CommandError:
    with pytest.raises(CommandError) as error:
        export(folder, *options)
    return error.value


def test_folder_of_something_else_stays_as_it_is(rows, folder):
    folder.mkdir()
    (folder / "letters.txt").write_text("mine")
    error = refused(folder)
    assert (error.returncode, "is not empty" in str(error)) == (2, True)
    assert [path.name for path in folder.iterdir()] == ["letters.txt"]
    (folder / "manifest.json").write_text('{"name": "an app"}')
    assert "is not the manifest" in str(refused(folder))


def test_two_exports_into_one_folder_are_refused(rows, folder):
    with data_folder.opened(folder, []):
        assert "Another process is writing" in str(refused(folder))


def test_unknown_page_is_a_wrong_usage(rows, folder):
    error = refused(folder, "--page", "123")
    assert (error.returncode, "'123'" in str(error)) == (2, True)
    assert not folder.exists()


def test_place_that_cannot_be_written_is_named(rows, tmp_path):
    (tmp_path / "file").write_text("")
    assert "file" in str(refused(tmp_path / "file"))


def test_without_the_package_it_says_how_to_get_it(rows, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "inbox/install.py requirements-parquet.txt" in str(refused(folder))


def test_audit_log_has_the_export(page, rows, folder):
    export(folder)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.details["what"]) == ("exported", "data")
    assert entry.details["pages"] == [page.facebook_page_id]
