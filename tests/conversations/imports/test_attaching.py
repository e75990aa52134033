"""Imported threads that are proved later, decided by managers, and taken out of conversations again."""

import pytest

from conversations.actions.tagging import tag_conversations
from conversations.imports import decisions
from conversations.models import (
    AuditEntry,
    Conversation,
    ImportCheck,
    ImportedThread,
    ImportSuggestion,
    InteractionEvent,
    RemovedConversation,
)
from conversations.sync.load.joining import join, restore
from conversations.sync.service import sync_conversations
from conversations.webhooks import person_names
from tests.conversations.imports.in_memory import all_rows, counts_of, messages_of, said, store, thread_of
from tests.conversations.imports.test_store import ARCHIVE, MATCHED, NEW, QUESTION, at_facebook
from tests.conversations.webhooks.deliveries import deliver, item
from tests.factories import ConversationFactory, TagFactory, UserFactory

OLD = said(-60, "Good morning")


@pytest.fixture
def manager(db):
    return UserFactory(username="manager")


def history_of(conversation) -> list[str]:
    events = conversation.events.exclude(kind__startswith="message_").order_by("pk")
    return list(events.values_list("kind", flat=True))


def show_ana(world, shop):
    return at_facebook(world, shop, (0, QUESTION), (5, "Yes, until six", True), (9, "Thank you"))


# -- a sync proves it --------------------------------------------------------------------------------------
def test_sync_that_proves_an_imported_thread_joins_it(page, world, shop):
    store(page, thread_of("77", OLD, *ARCHIVE))
    own = Conversation.objects.get()
    tag = TagFactory()
    tag_conversations([own.pk], [tag], actor=None)
    show_ana(world, shop)
    result = sync_conversations(page)
    row = Conversation.objects.get()
    assert row.pk != own.pk
    assert (row.sender_name, row.can_reply, row.graph_id) == ("Ana", True, row.threads.get().graph_id)
    assert [graph_id for graph_id, *_ in messages_of(row)] == [None, "m_Ana0", "m_Ana1", "m_Ana2"]
    assert [one.tag_id for one in row.tag_rows.all()] == [tag.pk]
    assert history_of(row) == ["tag_added", "archive_joined"]
    assert row.threads.get().held_count == 3
    notes = page.runs.get(pk=result.run).notes
    assert notes == ["Threads of an archive that proved to belong to a conversation were given to it: 1."]
    assert counts_of(store(page, thread_of("77", OLD, *ARCHIVE))) == (MATCHED, (0, 4, 0))
    assert not ImportCheck.objects.exists()


def test_sync_suggests_what_it_does_not_prove(page, world, shop):
    store(page, thread_of("77", said(9, "hello")))
    at_facebook(world, shop, (9, "hello"))
    sync_conversations(page)
    assert Conversation.objects.count() == 2
    assert ImportedThread.objects.get().state == "suggested"
    suggestion = ImportSuggestion.objects.get()
    assert (suggestion.conversation.sender_name, suggestion.proofs) == ("Ana", 1)


def test_webhook_fills_the_row_of_the_archive(page, world, shop):
    show_ana(world, shop)
    sync_conversations(page)
    store(page, thread_of("77", *ARCHIVE, said(60.5, "Still there?")))
    row = Conversation.objects.get()
    before = row.events.get(text="Still there?")
    person = row.sender_id
    ms = round(before.occurred_at.timestamp() * 1000)
    deliver(item("message", {"mid": "m_new", "text": "Still there?"}, ms=ms, person=person))
    after = row.events.get(text="Still there?")
    assert (after.pk, after.graph_id, after.data) == (before.pk, "m_new", {"source": "webhook", "ms": 500})
    assert InteractionEvent.objects.count() == 4
    assert row.threads.get().held_count == 4


@pytest.mark.parametrize("kind", ["reaction", "deletion"])
def test_webhook_that_comes_before_its_message_leaves_one_row(page, world, shop, kind):
    show_ana(world, shop)
    sync_conversations(page)
    store(page, thread_of("77", *ARCHIVE, said(60.5, "Still there?")))
    row = Conversation.objects.get()
    ms = round(row.events.get(text="Still there?").occurred_at.timestamp() * 1000)
    first = {
        "deletion": ("message", {"mid": "m_new", "is_deleted": True}),
        "reaction": ("reaction", {"mid": "m_new", "action": "react", "reaction": "love", "emoji": "❤"}),
    }[kind]
    for made in (first, ("message", {"mid": "m_new", "text": "Still there?"})):
        deliver(item(*made, ms=ms, person=row.sender_id))
    events = row.events.filter(graph_id="m_new") | row.events.filter(graph_id=None)
    [stored] = events.filter(kind__startswith="message_")
    assert (stored.text, stored.data.get("deleted")) == (
        ("", True) if kind == "deletion" else ("Still there?", None)
    )
    assert counts_of(store(page, thread_of("77", *ARCHIVE, said(60.5, "Still there?"))))[1] == (0, 4, 0)


def test_backfill_adopts_and_counts(page, world, shop, sandbox):
    sandbox.switches.max_nested_limit = 2
    texts = [(n, f"Message number {n}") for n in range(12)]
    at_facebook(world, shop, *texts)
    store(page, thread_of("77", *(said(n, text) for n, text in texts)))
    sync_conversations(page)
    row = Conversation.objects.get()
    assert [text for *_, text in messages_of(row)] == [text for _, text in texts]
    assert row.threads.get().held_count == 12


# -- somebody decides --------------------------------------------------------------------------------------
@pytest.fixture
def suggested(page, world, shop):
    """A thread with one short proof, and the conversation that is suggested."""
    at_facebook(world, shop, (9, "hello"))
    sync_conversations(page)
    store(page, thread_of("77", OLD, said(9.3, "hello")))
    return ImportedThread.objects.get(), Conversation.objects.get(
        sender_name="Ana", graph_id__startswith="t_"
    )


def test_accepting_joins_and_taking_out_undoes_it(suggested, manager):
    thread, conversation = suggested
    own = thread.conversation
    tag = TagFactory()
    tag_conversations([own.pk], [tag], actor=None)
    before = {name: getattr(own, name) for name in ("pk", "sender_id", "sender_name", "can_reply")}
    decisions.accept(thread, conversation, actor=manager)
    thread.refresh_from_db()
    assert (thread.state, thread.conversation) == ("matched", conversation)
    assert [text for *_, text in messages_of(conversation)] == ["Good morning", "hello"]
    assert not Conversation.objects.filter(pk=own.pk).exists()
    assert history_of(conversation) == ["tag_added", "archive_joined"]
    assert conversation.events.get(kind="archive_joined").actor == manager

    taken = decisions.take_out(thread, actor=manager)
    thread.refresh_from_db()
    assert (thread.state, thread.conversation) == ("own", taken)
    assert {name: getattr(taken, name) for name in before} == before
    assert messages_of(taken) == [(None, "customer", "Good morning"), (None, "customer", "hello")]
    assert messages_of(conversation) == [("m_Ana0", "customer", "hello")]
    assert history_of(taken) == ["tag_added", "archive_separated"]
    assert history_of(conversation) == ["archive_joined", "archive_separated"]
    assert (taken.tag_rows.count(), conversation.tag_rows.count()) == (1, 0)
    taken.refresh_from_db()
    assert (taken.last_message, taken.last_message_kind) == ("hello", "message_received")
    actions = AuditEntry.objects.filter(action__startswith="import_").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["import_joined", "import_separated"]
    assert RemovedConversation.objects.get().undone_at

    decisions.accept(thread, conversation, actor=manager)  # it was right after all
    assert [text for *_, text in messages_of(conversation)] == ["Good morning", "hello"]


def test_thread_that_an_import_matched_can_be_taken_out(page, world, shop, manager):
    show_ana(world, shop)
    sync_conversations(page)
    ana = Conversation.objects.get()
    store(page, thread_of("77", OLD, *ARCHIVE))
    own = decisions.take_out(ImportedThread.objects.get(), actor=manager)
    assert [text for *_, text in messages_of(own)] == [
        "Good morning",
        QUESTION,
        "Yes, until six",
        "Thank you",
    ]
    assert len(messages_of(ana)) == 3
    assert (own.sender_id, own.can_reply) == ("archive:77", False)
    before = all_rows()
    assert counts_of(store(page, thread_of("77", OLD, *ARCHIVE))) == (NEW, (0, 4, 0))
    sync_conversations(page, full=True)
    assert all_rows() == before
    assert counts_of(store(page, thread_of("77", OLD, *ARCHIVE, said(99, "More"))))[1] == (1, 4, 0)
    assert Conversation.objects.count() == 2


def test_rejected_suggestion_does_not_come_back_unless_it_is_undone(page, suggested, manager):
    thread, conversation = suggested
    decisions.reject(thread, conversation, actor=manager)
    thread.refresh_from_db()
    assert thread.state == "own"
    store(page, thread_of("77", OLD, said(9.3, "hello"), said(99, "More")))
    sync_conversations(page, full=True)
    thread.refresh_from_db()
    assert thread.state == "own"
    decisions.reopen(thread, conversation, actor=manager)
    thread.refresh_from_db()
    assert thread.state == "suggested"
    decisions.accept(thread, conversation, actor=manager)
    assert len(messages_of(conversation)) == 3


def test_decision_about_what_has_changed_is_refused(suggested, manager):
    thread, conversation = suggested
    decisions.accept(thread, conversation, actor=manager)
    for act in (decisions.accept, decisions.reject, decisions.reopen):
        with pytest.raises(decisions.NotPossible):
            act(thread, conversation, actor=manager)
    decisions.take_out(thread, actor=manager)
    with pytest.raises(decisions.NotPossible):
        decisions.take_out(thread, actor=manager)


def test_taking_one_of_two_threads_out_leaves_what_the_other_has(page, world, shop, manager):
    show_ana(world, shop)
    sync_conversations(page)
    ana = Conversation.objects.get()
    store(page, thread_of("77", OLD, *ARCHIVE), thread_of("b8", OLD, said(-30, "Only there"), *ARCHIVE))
    assert len(messages_of(ana)) == 5
    own = decisions.take_out(ImportedThread.objects.get(thread_id="b8"), actor=manager)
    assert [text for *_, text in messages_of(own)][:2] == ["Good morning", "Only there"]
    assert [text for *_, text in messages_of(ana)][:2] == ["Good morning", QUESTION]


def test_sentence_of_meta_is_one_in_copies(page, world, shop, manager):
    show_ana(world, shop)
    sync_conversations(page)
    ana = Conversation.objects.get()
    sentence = said(-30, "Ana sent a photo.", is_prose=True)
    store(page, thread_of("77", sentence, *ARCHIVE), thread_of("b8", sentence, *ARCHIVE))
    thread = ImportedThread.objects.get(thread_id="b8")
    decisions.take_out(thread, actor=manager)
    decisions.accept(thread, ana, actor=manager)
    assert len(messages_of(ana)) == 4


def test_threads_that_came_together_join_together(page, world, shop):
    before = [said(-90, "Good morning to you"), said(-80, "I would like the red one")]
    store(page, thread_of("77", *before), thread_of("78", said(-1, "Anything else?")))
    recent = [said(0, QUESTION), said(9, "Thank you")]
    assert counts_of(store(page, thread_of("b7", *before, *recent))) == (MATCHED, (2, 0, 2))
    show_ana(world, shop)
    sync_conversations(page)
    ana = Conversation.objects.get(sender_name="Ana", can_reply=True)
    assert len(messages_of(ana)) == 5
    assert set(ana.imported_threads.values_list("thread_id", flat=True)) == {"77", "b7"}
    assert Conversation.objects.count() == 2


def test_imported_threads_come_along_when_conversations_are_joined(page, world, shop):
    show_ana(world, shop)
    sync_conversations(page)
    ana = Conversation.objects.get()
    store(page, thread_of("77", OLD, *ARCHIVE))
    page.refresh_from_db()
    older = ConversationFactory(page=page, sender_id="another")
    Conversation.objects.filter(pk=older.pk).update(created_at=ana.created_at)
    record = join(page, ana, older)
    kept = Conversation.objects.get()
    assert kept.imported_threads.get().thread_id == "77"
    restore(record)
    assert ImportedThread.objects.get().conversation_id in Conversation.objects.values_list("pk", flat=True)
    assert counts_of(store(page, thread_of("77", OLD, *ARCHIVE))) == (MATCHED, (0, 4, 0))


def test_nobody_asks_facebook_for_the_name_of_a_thread(page):
    store(page, thread_of("77", OLD, name=""))
    assert list(person_names._pages_with_nameless()) == []
