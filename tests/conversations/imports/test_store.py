"""Threads of an archive become rows of a Page, each message once."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from conversations.imports import store as module
from conversations.imports.store import ImportRefused
from conversations.lib.locks import sync_lock
from conversations.models import (
    AuditEntry,
    Conversation,
    ImportedMessage,
    ImportedThread,
    ImportSuggestion,
    InteractionEvent,
)
from conversations.privacy.forget_person import delete_person
from conversations.search.index.message_index import index_pending
from conversations.sync.service import sync_conversations
from tests.conversations.imports.in_memory import (
    START,
    all_rows,
    counts_of,
    messages_of,
    said,
    store,
    thread_of,
)
from tests.factories import api, member

QUESTION = "Is the shop open today?"
NEW = {"matched": 0, "suggested": 0, "new": 1}
MATCHED = {"matched": 1, "suggested": 0, "new": 0}
SUGGESTED = {"matched": 0, "suggested": 1, "new": 0}


def at_facebook(world, shop, *messages: tuple, name: str = "Ana", **fields):
    """A thread with messages (second, text, whether the Page wrote it), and IDs m_NAME0, m_NAME1 …"""
    thread = world.add_conversation(shop, name, messages=[], **fields)
    for number, (second, text, *from_page) in enumerate(messages):
        world.add_message(
            thread, text, from_page=bool(from_page), created_time=START + second, id=f"m_{name}{number}"
        )
    return thread


@pytest.fixture
def ana(page, world, shop):
    """Ana wrote twice, and was answered; all of it is stored."""
    at_facebook(world, shop, (0, QUESTION), (5, "Yes, until six", True), (9, "Thank you"))
    sync_conversations(page)
    return page.conversations.get()


ARCHIVE = (said(0.25, QUESTION), said(5.5, "Yes, until six", page=True), said(9.999, "Thank you"))


# -- a thread that nobody knows ----------------------------------------------------------------------------
def test_unknown_thread_becomes_a_conversation_of_its_own(page):
    result = store(page, thread_of("77", *ARCHIVE))
    assert counts_of(result) == (NEW, (3, 0, 0))
    row = Conversation.objects.get()
    assert (row.sender_id, row.sender_name, row.can_reply) == ("archive:77", "Ana", False)
    assert (row.last_message, row.last_message_kind) == ("Thank you", "message_received")
    assert row.last_message_time == datetime.fromtimestamp(START + 9.999, UTC)
    assert (row.message_count, row.unread_count, row.conversation_status) == (3, 0, "active")
    assert messages_of(row) == [
        (None, "customer", QUESTION),
        (None, "page", "Yes, until six"),
        (None, "customer", "Thank you"),
    ]
    first = row.events.oldest_first().first()
    assert first.data == {"source": "archive", "ms": 250}
    assert first.occurred_at == datetime.fromtimestamp(START + 0.25, UTC)


def test_second_import_adds_nothing(page):
    threads = [thread_of("77", *ARCHIVE), thread_of("78", said(3, "Hello"), name="")]
    store(page, *threads)
    before = all_rows()
    assert counts_of(store(page, *threads)) == (NEW | {"new": 2}, (0, 4, 0))
    assert all_rows() == before


def test_equal_messages_are_as_many_as_the_archive_with_most_has(page):
    store(page, thread_of("77", said(1, "ok"), said(1, "ok")))
    assert counts_of(store(page, thread_of("77", said(1, "ok"))))[1] == (0, 1, 0)
    assert counts_of(store(page, thread_of("77", *[said(1, "ok")] * 3)))[1] == (1, 2, 0)
    assert InteractionEvent.objects.filter(text="ok").count() == 3


def test_later_archive_adds_what_is_new_under_another_name(page):
    store(page, thread_of("77", *ARCHIVE))
    result = store(page, thread_of("77", *ARCHIVE, said(60, "One more thing"), name="Ana Maria"))
    assert counts_of(result) == (NEW, (1, 3, 0))
    row = Conversation.objects.get()
    assert (row.sender_name, row.last_message, row.message_count) == ("Ana Maria", "One more thing", 4)


def test_folder_that_was_renamed_is_one_thread(page):
    both = [thread_of("77", *ARCHIVE[:2], name="Ana"), thread_of("77", *ARCHIVE[1:], name="Ana Maria")]
    assert counts_of(store(page, *both))[1] == (3, 0, 0)
    assert Conversation.objects.count() == 1


def test_dry_run_stores_nothing(page, ana):
    before = all_rows()
    result = store(page, thread_of("1", *ARCHIVE), thread_of("2", said(3, "Hello")), dry_run=True)
    assert counts_of(result) == ({"matched": 1, "suggested": 0, "new": 1}, (1, 0, 3))
    assert all_rows() == before
    assert not ImportedThread.objects.exists()
    page.refresh_from_db()
    assert not page.has_imports


def test_what_cannot_be_stored_is_counted_by_reason(page):
    group = thread_of("1", said(1, "Hello all"), said(2, "Hi"), is_group=True)
    empty = thread_of("2")
    odd = thread_of("3", said(1, "Fine"), said(-START - 1, "Before all time"))
    result = store(page, group, empty, odd).as_json()
    assert result["messages"]["skipped"] == {"group": 2, "no_time": 1}
    assert result["messages"]["added"] == 1


def test_odd_texts_are_stored_as_they_are(page):
    texts = ["tab\there", "line\nbreak", "back\\slash \\N", "e\u0301 and \u00e9", "😀", "\\."]
    store(page, thread_of("1", *(said(n, text) for n, text in enumerate(texts))))
    assert list(InteractionEvent.objects.oldest_first().values_list("text", flat=True)) == texts


def test_old_conversations_of_an_archive_are_open(page, settings):
    settings.HISTORY_DONE_BEFORE = 30
    store(page, thread_of("77", *ARCHIVE))
    assert Conversation.objects.get().conversation_status == "active"


def test_import_waits_for_a_sync_and_then_refuses(page, monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0)
    with sync_lock(page.pk), pytest.raises(ImportRefused, match="being synced"):
        store(page, thread_of("77", *ARCHIVE))
    assert not InteractionEvent.objects.exists()


def test_import_is_in_the_audit_log(page):
    store(page, thread_of("77", *ARCHIVE))
    entry = AuditEntry.objects.get(action="archive_imported")
    assert entry.details["messages"] == {"added": 3, "known": 0, "adopted": 0, "skipped": {}}


def test_interrupted_import_goes_on(page, monkeypatch):
    monkeypatch.setattr(module, "MESSAGES", 3)
    threads = [thread_of(str(n), *(said(n + 0.1 * k, f"{n} {k}") for k in range(3))) for n in range(4)]

    def broken():
        yield from threads[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store_from(page, broken)
    stored = InteractionEvent.objects.count()
    assert stored == 3  # the second was not a whole batch yet
    assert counts_of(store(page, *threads))[1] == (9, 3, 0)


def store_from(page, threads) -> None:
    class Archive:
        overview = type("Overview", (), {"threads": 4})()

        def threads(self, names):
            return threads()

        def open_media(self, key):
            raise KeyError(key)

    module.import_threads(page, Archive(), [], dry_run=False, progress=lambda done, total: None)


# -- matching ----------------------------------------------------------------------------------------------
def test_two_proofs_match_and_each_message_is_stored_once(page, ana):
    before = all_rows()
    result = store(page, thread_of("77", said(-60, "Good morning"), *ARCHIVE, name="Somebody else"))
    assert counts_of(result) == (MATCHED, (1, 0, 3))
    assert messages_of(ana)[0] == (None, "customer", "Good morning")
    assert len(messages_of(ana)) == 4
    assert all_rows()[: len(before)] == before
    ana.refresh_from_db()
    assert (ana.sender_name, ana.last_message, ana.message_count) == ("Ana", "Thank you", 3)


def test_one_long_proof_is_enough_if_the_name_agrees(page, world, shop):
    at_facebook(world, shop, (0, QUESTION))
    sync_conversations(page)
    assert counts_of(store(page, thread_of("1", said(0, QUESTION), name="ANA")))[0] == MATCHED


@pytest.mark.parametrize("name", ["Ben", "", "Facebook user"])
def test_one_long_proof_is_not_enough_under_another_name(page, world, shop, name):
    at_facebook(world, shop, (0, QUESTION), name=name or "Facebook user")
    sync_conversations(page)
    other = "Ana" if name == "Ben" else name
    assert counts_of(store(page, thread_of("1", said(0, QUESTION), name=other)))[0] == SUGGESTED


def test_one_short_proof_is_not_enough(page, world, shop):
    at_facebook(world, shop, (9, "hello"))
    sync_conversations(page)
    assert counts_of(store(page, thread_of("1", said(9, "hello"))))[0] == SUGGESTED
    suggestion = ImportSuggestion.objects.get()
    assert (suggestion.proofs, suggestion.texts, suggestion.found) == (1, 1, 1)
    assert suggestion.conversation.sender_name == "Ana"
    assert Conversation.objects.filter(sender_id="archive:1").exists()


def test_name_alone_proves_nothing(page, ana):
    other = thread_of("1", said(100, "Something else entirely"), said(200, "And that"))
    assert counts_of(store(page, other))[0] == NEW
    assert not ImportSuggestion.objects.exists()


def test_words_of_the_business_prove_nothing(page, world, shop):
    answer = "Hi! Thanks for contacting us."
    at_facebook(world, shop, (0, answer, True), (1, answer, True), (2, answer, True))
    sync_conversations(page)
    own = [said(n, answer, page=True) for n in range(3)]
    assert counts_of(store(page, thread_of("1", *own)))[0] == NEW


def test_short_texts_and_sentences_of_meta_prove_nothing(page, world, shop):
    at_facebook(world, shop, (0, "ok"), (1, "Ana sent a photo."), (2, "no"))
    sync_conversations(page)
    own = [said(0, "ok"), said(1, "Ana sent a photo.", is_prose=True), said(2, "no")]
    assert counts_of(store(page, thread_of("1", *own)))[0] == NEW


def test_text_that_several_wrote_in_one_second_proves_nothing(page, world, shop):
    for name in ("Ana", "Ben"):
        at_facebook(world, shop, (0, "Get started"), (1, "What does it cost?"), name=name)
    sync_conversations(page)
    own = [said(0, "Get started"), said(1, "What does it cost?")]
    assert counts_of(store(page, thread_of("1", *own)))[0] == NEW


def test_proofs_of_two_conversations_are_a_question(page, world, shop):
    at_facebook(world, shop, (0, "Hello there"), (1, "Is it still there?"))
    at_facebook(world, shop, (2, "And this one?"), name="Ben")
    sync_conversations(page)
    own = [said(0, "Hello there"), said(1, "Is it still there?"), said(2, "And this one?")]
    assert counts_of(store(page, thread_of("1", *own)))[0] == SUGGESTED
    proofs = ImportSuggestion.objects.order_by("-proofs").values_list("proofs", flat=True)
    assert list(proofs) == [2, 1]


@pytest.mark.parametrize(("missing", "expected"), [(1, MATCHED), (2, SUGGESTED)])
def test_nine_of_ten_texts_are_found(page, world, shop, missing, expected):
    texts = [(n, f"Message {n}") for n in range(10)]
    kept = [one for one in texts if one[0] not in range(4, 4 + missing)]
    at_facebook(world, shop, *kept)
    sync_conversations(page)
    assert counts_of(store(page, thread_of("1", *(said(n, text) for n, text in texts))))[0] == expected


def test_texts_outside_the_time_that_both_hold_do_not_count(page, ana):
    older = [said(-1000 + n, f"Long ago {n}") for n in range(30)]
    assert counts_of(store(page, thread_of("1", *older, *ARCHIVE)))[0] == MATCHED


def test_one_second_of_rounding_is_allowed(page, ana):
    own = [said(-0.4, QUESTION), said(5.5, "Yes, until six", page=True), said(10.2, "Thank you")]
    assert counts_of(store(page, thread_of("1", *own))) == (MATCHED, (0, 0, 3))


def test_other_platform_never_matches(page, ana):
    assert counts_of(store(page, thread_of("1", *ARCHIVE, platform="instagram")))[0] == NEW


def test_two_threads_may_be_of_one_conversation(page, ana):
    result = store(page, thread_of("1", *ARCHIVE), thread_of("a2", said(-9, "Before"), *ARCHIVE))
    assert counts_of(result) == ({"matched": 2, "suggested": 0, "new": 0}, (1, 0, 6))
    assert len(messages_of(ana)) == 4


def test_thread_that_only_an_archive_knows_can_be_matched(page):
    store(page, thread_of("1", *ARCHIVE))
    assert counts_of(store(page, thread_of("a2", said(-9, "Before"), *ARCHIVE))) == (
        {"matched": 1, "suggested": 0, "new": 0},
        (1, 0, 3),
    )
    assert Conversation.objects.count() == 1


def test_equal_messages_are_paired_one_by_one(page, world, shop):
    at_facebook(world, shop, (0, QUESTION), (1, "ok"), (1, "ok"), (9, "Thank you"))
    sync_conversations(page)
    own = [said(0, QUESTION), *[said(1, "ok")] * 3, said(9, "Thank you")]
    assert counts_of(store(page, thread_of("1", *own)))[1] == (1, 0, 4)
    assert [text for _, _, text in messages_of(page.conversations.get())].count("ok") == 3


def test_message_that_was_taken_back_does_not_come_back(page, ana):
    secret = ana.events.get(text="Thank you")
    InteractionEvent.objects.filter(pk=secret.pk).update(text="", data={"deleted": True})
    own = [*ARCHIVE[:2], said(3, "A third proof"), ARCHIVE[2]]
    InteractionEvent.objects.create(
        conversation=ana,
        kind="message_received",
        graph_id="m_x",
        occurred_at=datetime.fromtimestamp(START + 3, UTC),
        text="A third proof",
    )
    store(page, thread_of("1", *own))
    assert not InteractionEvent.objects.filter(text="Thank you").exists()


def test_newer_message_of_the_customer_opens_the_conversation(page, ana):
    Conversation.objects.update(conversation_status="done")
    store(page, thread_of("1", *ARCHIVE, said(999, "Are you there?")))
    ana.refresh_from_db()
    assert (ana.conversation_status, ana.last_message) == ("active", "Are you there?")
    Conversation.objects.update(conversation_status="done")
    store(page, thread_of("1", said(-5, "Old"), *ARCHIVE, said(999, "Are you there?")))
    ana.refresh_from_db()
    assert ana.conversation_status == "done"


# -- counters, search, deleted people ----------------------------------------------------------------------
def test_counters_and_search_know_imported_messages(page):
    store(page, thread_of("77", *ARCHIVE))
    index_pending()
    with connection.cursor() as cursor:
        cursor.execute("SELECT messages FROM conversations_messagecount WHERE page_id = %s", [page.pk])
        assert cursor.fetchone() == (3,)
    viewer = api(member(page, "viewer"))
    found = viewer.get("/api/conversations", {"search": "until six", "search_in": "messages"}).json()
    assert [row["sender_id"] for row in found["conversations"]] == ["archive:77"]
    row = page.conversations.get()
    events = viewer.get(f"/api/conversations/{row.pk}/events").json()["events"]
    assert next((one["graph_id"], one["text"]) for one in events) == (None, "Thank you")
    assert ImportedMessage.objects.filter(proof__isnull=False).count() == 2


@pytest.mark.parametrize("is_matched", [True, False])
def test_deleted_person_is_not_imported_again(page, world, shop, is_matched):
    if is_matched:
        at_facebook(world, shop, (0, QUESTION), (5, "Yes, until six", True), (9, "Thank you"))
        sync_conversations(page)
    store(page, thread_of("77", *ARCHIVE))
    delete_person(Conversation.objects.get(), actor=None)
    assert not ImportedThread.objects.exists()
    assert not ImportedMessage.objects.exists()
    result = store(page, thread_of("77", *ARCHIVE)).as_json()
    assert result["messages"]["skipped"] == {"person_deleted": 3}
    assert not Conversation.objects.exists()


def test_person_who_was_deleted_before_the_import_stays_away(page, ana):
    delete_person(ana, actor=None)
    result = store(page, thread_of("other", said(-5, "Before"), *ARCHIVE)).as_json()
    assert result["messages"]["skipped"] == {"person_deleted": 4}
    assert not Conversation.objects.exists()
