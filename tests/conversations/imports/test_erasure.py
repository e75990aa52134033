"""What is erased leaves nothing of an import behind, and no import, sync or webhook brings it back."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from conversations.imports import decisions
from conversations.models import (
    ArchivedPart,
    Conversation,
    ImportedMessage,
    ImportedThread,
    ImportSuggestion,
    InteractionEvent,
    MediaFile,
    Page,
    SavedView,
    Thread,
)
from conversations.models.privacy import MessageFingerprint
from conversations.privacy import forget_person
from conversations.privacy.erase_old import erase_old
from conversations.privacy.erase_page import erase, start_erasure
from conversations.privacy.forget_person import delete_person
from conversations.search.index.message_index import index_pending
from conversations.sync.coverage import take_coverage
from conversations.sync.service import sync_conversations
from tests.conversations.imports.in_memory import START, messages_of, said, store, thread_of
from tests.conversations.imports.test_archive_files import FILES, IMAGE, picture
from tests.conversations.imports.test_store import ARCHIVE, MATCHED, QUESTION, at_facebook, counts_of
from tests.factories import UserFactory

pytestmark = pytest.mark.usefixtures("folder")

DAY = 86_400
OLD = said(-60 * DAY, "A secret wish")


def full_sync(page):
    assert sync_conversations(Page.objects.get(pk=page.pk), full=True).status == "complete"


def skipped(result) -> dict[str, int]:
    return result.as_json()["messages"]["skipped"]


# -- people ------------------------------------------------------------------------------------------------
@pytest.fixture
def ana(page, world, shop):
    at_facebook(world, shop, (0, QUESTION), (5, "Yes, until six", True), (9, "Thank you"))
    sync_conversations(page)
    return page.conversations.get()


@pytest.mark.parametrize("is_matched", [True, False])
def test_deleted_person_leaves_no_trace_of_an_import(page, world, shop, is_matched, traces):
    if is_matched:
        at_facebook(world, shop, (0, QUESTION), (5, "Yes, until six", True), (9, "Thank you"))
        sync_conversations(page)
    store(page, thread_of("7755501234", OLD, *ARCHIVE, name="Guinevere"))
    SavedView.objects.create(name="Hers", owner=UserFactory(), query={"search": "guinevere"})
    index_pending()
    for text in ("Guinevere", "7755501234", "ecret wish"):
        assert traces(text), text
    delete_person(Conversation.objects.get(), actor=None)
    index_pending()
    for text in ("Guinevere", "7755501234", "ecret wish"):
        assert traces(text) == [], text
    for model in (ImportedThread, ImportedMessage, ImportSuggestion, SavedView):
        assert not model.objects.exists()
    assert Page.objects.get().import_months == {}


def test_name_of_a_thread_that_was_taken_out_goes_with_its_person(page, ana, traces):
    store(page, thread_of("77", OLD, *ARCHIVE, name="Guinevere"))
    own = decisions.take_out(ImportedThread.objects.get(), actor=UserFactory())
    delete_person(own, actor=None)
    assert traces("Guinevere") == traces("ecret wish") == []
    full_sync(page)
    assert len(messages_of(ana)) == 3, "the other person stays"
    assert Conversation.objects.get() == ana


def test_suggestion_of_a_deleted_person_is_none_any_more(page, world, shop):
    at_facebook(world, shop, (9, "hello"))
    sync_conversations(page)
    store(page, thread_of("77", OLD, said(9, "hello")))
    assert ImportedThread.objects.get().state == "suggested"
    delete_person(ImportSuggestion.objects.get().conversation, actor=None)
    assert ImportedThread.objects.get().state == "own"


def test_months_of_a_deleted_person_leave_the_ledger(page, ana):
    store(page, thread_of("77", OLD, *ARCHIVE), thread_of("78", said(-60 * DAY, "Another one"), name="Ben"))
    assert take_coverage(Page.objects.get())["archives"] == {"2024-03": [2, 0]}
    delete_person(ana, actor=None)
    assert take_coverage(Page.objects.get())["archives"] == {"2024-03": [1, 0]}


@pytest.mark.parametrize("texts", [("hello",), ("hello", "And a second one")])
def test_person_of_few_words_stays_away(page, world, shop, texts):
    at_facebook(world, shop, *enumerate(texts))
    sync_conversations(page)
    delete_person(Conversation.objects.get(), actor=None)
    own = thread_of("77", *(said(n, text) for n, text in enumerate(texts)))
    assert skipped(store(page, own)) == {"person_deleted": len(texts)}
    assert not Conversation.objects.exists()


def test_one_text_among_many_is_somebody_else(page, world, shop):
    at_facebook(world, shop, (0, "Get started"))
    sync_conversations(page)
    delete_person(Conversation.objects.get(), actor=None)
    own = thread_of("77", said(0, "Get started"), said(7, "What does it cost?"), said(9, "And the red one?"))
    assert skipped(store(page, own)) == {}
    assert len(messages_of(Conversation.objects.get())) == 3


def test_archive_of_long_ago_is_recognized(page, world, shop, monkeypatch):
    monkeypatch.setattr(forget_person, "MAX_FINGERPRINTS", 2)
    at_facebook(world, shop, *((n, f"Message number {n}") for n in range(9)))
    sync_conversations(page)
    delete_person(Conversation.objects.get(), actor=None)
    assert MessageFingerprint.objects.count() == 4
    early = thread_of("77", *(said(n, f"Message number {n}") for n in range(3)))
    assert skipped(store(page, early)) == {"person_deleted": 3}


@pytest.mark.parametrize("messages", [ARCHIVE, ARCHIVE[:1]], ids=["several", "one"])
def test_sync_does_not_bring_back_whom_an_archive_alone_had(page, world, shop, messages, traces):
    store(page, thread_of("77", *messages))
    delete_person(Conversation.objects.get(), actor=None)
    listed = [(one.time_ms // 1000 - START, one.text, *[True] * one.is_from_page) for one in messages]
    thread = at_facebook(world, shop, *listed)
    page.refresh_from_db()
    assert sync_conversations(page).status == "complete"
    assert not Conversation.objects.exists()
    assert traces(QUESTION) == traces(thread.customer.id) == []
    world.add_message(thread, "I am back")
    full_sync(page)
    assert not Conversation.objects.exists()


def test_sync_goes_on_with_people_whose_thread_was_deleted(page, ana, world, shop):
    """Who deletes what an archive brought of somebody does not lose the person."""
    store(page, thread_of("77", OLD, *ARCHIVE))
    delete_person(decisions.take_out(ImportedThread.objects.get(), actor=UserFactory()), actor=None)
    world.add_message(next(iter(shop.threads.values())), "Still there?")
    full_sync(page)
    assert [text for *_, text in messages_of(ana)][-1] == "Still there?"


# -- a Page ------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_nothing_of_an_import_is_left_of_a_page(page, world, shop, folder):
    at_facebook(world, shop, (9, "hello"))
    sync_conversations(page)
    store(page, thread_of("77", OLD, said(9, "hello"), picture()), files=FILES)
    assert (ImportSuggestion.objects.count(), ArchivedPart.objects.count()) == (1, 1)
    erase(start_erasure(page, keep_page=True, actor=None))
    for model in (ImportedThread, ImportedMessage, ImportSuggestion, InteractionEvent, ArchivedPart):
        assert not model.objects.exists(), model
    page.refresh_from_db()
    assert (page.has_imports, page.import_months) == (False, {})
    assert store(page, thread_of("77", OLD)).added == 1


# -- RETENTION_DAYS ----------------------------------------------------------------------------------------
@pytest.fixture
def retention(settings):
    """Once a test calls it, what is older than thirty days before START is erased."""
    age = (timezone.now() - datetime.fromtimestamp(START, UTC)).days + 30
    return lambda: setattr(settings, "RETENTION_DAYS", age)


def test_import_stores_nothing_old(page, retention):
    retention()
    result = store(page, thread_of("77", OLD, *ARCHIVE), thread_of("78", OLD, name="Ben"))
    assert skipped(result) == {"too_old": 2}
    assert counts_of(result)[1] == (3, 0, 0)
    assert not InteractionEvent.objects.filter(text=OLD.text).exists()
    assert (
        ImportedThread.objects.get().first_at
        == Conversation.objects.get().events.oldest_first()[0].occurred_at
    )
    assert store(page, thread_of("77", OLD, *ARCHIVE)).known == 3


@pytest.mark.parametrize("is_matched", [True, False])
def test_old_messages_of_imports_are_erased_and_stay_away(page, world, shop, retention, is_matched, traces):
    if is_matched:
        at_facebook(world, shop, (0, QUESTION), (5, "Yes, until six", True), (9, "Thank you"))
        sync_conversations(page)
    threads = thread_of("77", OLD, *ARCHIVE), thread_of("7855501234", OLD, name="Guinevere")
    store(page, *threads)
    retention()
    erase_old()
    index_pending()
    for text in ("ecret wish", "Guinevere", "7855501234"):
        assert traces(text) == [], text
    thread, row = ImportedThread.objects.get(), Conversation.objects.get()
    assert (thread.thread_id, thread.message_count, row.message_count) == ("77", 3, 3)
    assert thread.first_at.timestamp() >= START
    assert ImportedMessage.objects.count() == 3
    if is_matched:
        assert Thread.objects.get().held_count == 3
    assert Page.objects.get().import_months == ({} if is_matched else {"2024-05": [3, 0]})
    before = messages_of(row)
    again = store(page, *threads)
    assert (again.added, again.known, skipped(again)) == (0, 3, {"too_old": 2})
    full_sync(page)
    assert messages_of(row) == before


def test_thread_of_old_messages_alone_leaves_its_conversation(page, ana, retention, traces):
    texts = [said(-60 * DAY + n, f"Message number {n}") for n in range(2)]
    own = thread_of("77", *texts, *ARCHIVE, name="Guinevere")
    store(page, own)
    ImportedMessage.objects.filter(event_id__in=ana.events.exclude(graph_id=None).values("pk")).delete()
    retention()
    erase_old()
    assert not ImportedThread.objects.exists()
    assert traces("Guinevere") == []
    assert len(messages_of(ana)) == 3


@pytest.mark.django_db(transaction=True)
def test_files_of_old_messages_go(page, ana, retention, folder):
    own = said(-60 * DAY, "", attachments=(IMAGE,), media=("photos/a.jpg",))
    store(page, thread_of("77", own, *ARCHIVE), files=FILES)
    assert (ArchivedPart.objects.count(), MediaFile.objects.count()) == (1, 1)
    retention()
    erase_old()
    assert (ArchivedPart.objects.count(), MediaFile.objects.count()) == (0, 0)
    assert [each for each in folder.rglob("*") if each.is_file()] == []
    again = store(page, thread_of("77", own, *ARCHIVE), files=FILES)
    assert (again.files, counts_of(again)[0]) == (0, MATCHED)


def test_person_whose_known_messages_are_too_old_is_still_recognized(page, world, shop, retention):
    """Whose messages were erased is decided before old messages are left out."""
    at_facebook(world, shop, (-60 * DAY, "A secret wish"), (-60 * DAY + 5, "Please forget me"))
    sync_conversations(page)
    delete_person(Conversation.objects.get(), actor=None)
    retention()
    own = thread_of(
        "77", OLD, said(-60 * DAY + 5, "Please forget me"), said(0, "Later"), said(5, "Later still")
    )
    assert skipped(store(page, own)) == {"person_deleted": 4}
    assert not Conversation.objects.exists()
