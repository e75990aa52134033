"""The files of an archive go into the archive of files where that is on, and are shown like any other."""

import pytest

from conversations.imports import archive_files, decisions
from conversations.imports.staged_rows import time_of
from conversations.media.archive_tasks import work
from conversations.models import ArchivedPart, ImportedThread, InteractionEvent, MediaFile
from conversations.privacy.forget_person import delete_person
from conversations.sync.service import sync_conversations
from tests.conversations.imports.in_memory import START, said, store, thread_of
from tests.factories import ConversationFactory, EventFactory, UserFactory, api, member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("folder")]

PICTURE = b"\xff\xd8\xff" + bytes(1000)
IMAGE = {"type": "image", "title": "a.jpg"}
FILES = {"photos/a.jpg": PICTURE, "files/b.exe": b"MZ" + bytes(600)}


def picture(second: float = 1, *keys: str):
    given = keys or ("photos/a.jpg",)
    return said(second, "", attachments=(IMAGE,) * len(given), media=given)


def test_files_of_an_archive_are_kept_and_shown(page):
    assert store(page, thread_of("1", picture()), files=FILES).files == 1
    event = InteractionEvent.objects.get()
    viewer = api(member(page, "viewer"))
    events = viewer.get(f"/api/conversations/{event.conversation_id}/events").json()["events"]
    [shown] = events[0]["display_attachments"]
    assert (shown["kind"], shown["name"], shown["show"]) == ("Image", "a.jpg", "picture")
    for name in ("content", "preview"):
        answer = viewer.get(shown[name])
        assert (answer["Content-Type"], answer.getvalue()) == ("image/jpeg", PICTURE)
    assert store(page, thread_of("1", picture()), files=FILES).files == 0
    work(lambda: False)
    assert ArchivedPart.objects.get().state == "kept"


def test_file_that_browsers_could_run_is_a_download(page):
    store(page, thread_of("1", picture(1, "files/b.exe")), files=FILES)
    event = InteractionEvent.objects.get()
    viewer = api(member(page, "viewer"))
    answer = viewer.get(f"/api/conversations/{event.conversation_id}/events/{event.pk}/attachments/0/content")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.getvalue() == FILES["files/b.exe"]


def test_missing_and_large_files_cost_only_themselves(page, monkeypatch):
    monkeypatch.setattr(archive_files, "MAX_BYTES", 1010)
    files = FILES | {"photos/big.jpg": PICTURE + bytes(100)}
    made = picture(1, "photos/gone.jpg", "photos/big.jpg", "photos/a.jpg", "")
    assert store(page, thread_of("1", made), files=files).files == 1
    states = dict(ArchivedPart.objects.values_list("index", "state"))
    assert states == {0: "missing", 1: "missing", 2: "kept"}
    kept = [item.get("kept", False) for item in InteractionEvent.objects.get().attachments]
    assert kept == [False, False, True, False]


def test_no_file_is_read_where_none_is_kept(page, settings):
    settings.MEDIA_ARCHIVE = False
    assert store(page, thread_of("1", picture()), files={}).files == 0
    assert not ArchivedPart.objects.exists()


def test_file_stays_when_facebook_shows_the_message(page, world, shop):
    thread = world.add_conversation(shop, "Ana", messages=[])
    for n, text in enumerate(["Good morning", "Is it still there?"]):
        world.add_message(thread, text, created_time=START - 9 + n, id=f"m_{n}")
    sync_conversations(page)
    words = [said(-9, "Good morning"), said(-8, "Is it still there?")]
    store(page, thread_of("1", *words, picture()), files=FILES)
    image = {"id": "1", "mime_type": "image/jpeg", "image_data": {"url": "https://scontent.fbcdn.net/old"}}
    world.add_message(thread, "", created_time=START + 1, id="m_picture", attachments=[image])
    sync_conversations(page, full=True)
    event = InteractionEvent.objects.get(graph_id="m_picture")
    assert ArchivedPart.objects.get(event=event).state == "kept"
    viewer = api(member(page, "viewer"))
    answer = viewer.get(f"/api/conversations/{event.conversation_id}/events/{event.pk}/attachments/0/content")
    assert answer.getvalue() == PICTURE


def test_files_go_with_the_person(page, folder):
    store(page, thread_of("1", picture()), files=FILES)
    delete_person(InteractionEvent.objects.get().conversation, actor=None)
    assert not MediaFile.objects.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_files_come_along_when_a_thread_is_joined(page):
    """Also where Facebook's link has expired."""
    row, hello = ConversationFactory(page=page, sender_name="Ana"), said(9, "hello")
    EventFactory(conversation=row, text="hello", graph_id="m_1", occurred_at=time_of(hello))
    shown = EventFactory(
        conversation=row, text="", attachments=[IMAGE], graph_id="m_2", occurred_at=time_of(picture(10))
    )
    ArchivedPart.objects.create(page=page, event=shown, index=0, part="content", state="missing")
    store(page, thread_of("77", hello, picture(10), name="Ben"), files=FILES)
    decisions.accept(ImportedThread.objects.get(), row, actor=UserFactory())
    part = ArchivedPart.objects.get()
    assert (part.event, part.state) == (shown, "kept")
    assert InteractionEvent.objects.filter(kind__startswith="message_").count() == 2
