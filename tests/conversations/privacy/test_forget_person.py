"""Deleting a person: nothing of them remains, and no sync stores them again."""

import threading

import pytest
from django.db import connection, transaction

from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, InteractionEvent, Page, SavedReply, SyncRun, Thread
from conversations.models.privacy import PERSON_DELETED, Erasure, Fingerprint, ForgottenKey
from conversations.models.search import MessageIndexChunk
from conversations.privacy.forget_person import count_person, delete_person
from conversations.sandbox import faults
from conversations.sandbox.data.people import Person
from conversations.search.index.message_index import index_pending
from conversations.sync.service import SyncStopped
from tests.conversations.sync.copies import row_versions
from tests.factories import ConversationFactory, PageFactory, TagFactory, superuser
from tests.legacy_database import WITHOUT_ANY_KEY, make_legacy

pytestmark = pytest.mark.django_db

PSID = "7123456789012345"
NAME = "Guinevere Blackwood"


@pytest.fixture
def thread_of_person(world, shop, add_threads):
    """The thread of the person at Facebook, among twelve others."""
    add_threads(12)
    return world.add_conversation(shop, Person(PSID, NAME), ["A secret wish", "Please forget me"])


def conversation_of_person() -> Conversation:
    return Conversation.objects.get(sender_id=PSID)


def assert_gone(page, traces, result) -> None:
    assert result.status == "complete"
    assert not page.conversations.filter(sender_id=PSID).exists()
    assert traces(PSID) == traces(NAME) == traces("secret wish") == []


# -- deletion ----------------------------------------------------------------------------------------------
def test_only_hashes_an_empty_thread_and_a_log_entry_remain(sync, page, thread_of_person, traces):
    sync()
    boss = superuser()
    row, other = conversation_of_person(), Conversation.objects.exclude(sender_id=PSID).first()
    tag_conversations([row.pk, other.pk], [TagFactory()], actor=boss)
    set_status([row.pk], "done", actor=boss)
    index_pending()
    assert traces(NAME)
    assert len(traces("ecret wish")) == 2  # the message, and the search index
    before = InteractionEvent.objects.exclude(conversation=row).count()

    counts = count_person(row).as_dict()
    assert counts == {"conversations": 1, "messages": 2, "history": 2, "tags": 1, "threads": 1}
    assert delete_person(row, actor=boss).as_dict() == counts
    index_pending()
    for text in (PSID, NAME, "ecret wish", "forget me"):
        assert traces(text) == []
    assert not MessageIndexChunk.objects.filter(conversation=row.pk).exists()
    assert InteractionEvent.objects.count() == before
    assert page.conversations.count() == other.tag_rows.count() * 12 == 12
    thread = Thread.objects.get(graph_id=thread_of_person.id)
    assert (thread.state, thread.reason, thread.conversation) == ("unreadable", PERSON_DELETED, None)
    assert (thread.updated_time, thread.message_count, thread.held_count) == (None, 0, 0)
    erasure = Erasure.objects.get()
    assert (erasure.kind, erasure.page, erasure.actor_name, erasure.messages) == (
        "person",
        page,
        boss.username,
        2,
    )
    assert erasure.ended_at


def test_saved_replies_that_spell_out_the_person_go(page):
    row = ConversationFactory(page=page, sender_id=PSID, sender_name=NAME)
    for name, text, owner in (
        ("To her", "Dear guinevere  blackwood, hello", page),
        ("Number", f"Case {PSID}", None),
        ("Guinevere", "Blackwood is a good wood", page),
        ("Of others", f"Dear {NAME}", PageFactory()),
    ):
        SavedReply.objects.create(name=name, text=text, page=owner)
    delete_person(row, actor=superuser())
    assert set(SavedReply.objects.values_list("name", flat=True)) == {"Guinevere", "Of others"}


def test_counting_changes_nothing(sync, thread_of_person):
    sync()
    before = row_versions()
    count_person(conversation_of_person())
    assert row_versions() == before
    assert not Erasure.objects.exists()


def test_unreadable_threads_of_the_person_are_emptied_and_those_of_others_stay(
    sync, page, thread_of_person, traces
):
    sync()
    row = conversation_of_person()
    raw = {"id": "t_1", "participants": {"data": [{"id": row.sender_id, "name": NAME}]}}
    Thread.objects.create(page=page, graph_id="t_1", state="unreadable", record=raw)
    longer = {"id": "t_2", "participants": {"data": [{"id": f"{row.sender_id}9"}]}}
    Thread.objects.create(page=page, graph_id="t_2", state="unreadable", record=longer)
    assert delete_person(row, actor=None).threads == 2
    assert traces(NAME) == []
    assert Thread.objects.get(graph_id="t_2").record == longer


def test_the_same_person_on_another_page_stays(sync, page, thread_of_person):
    sync()
    row = conversation_of_person()
    other = Page.objects.create(facebook_page_id="55")
    elsewhere = Conversation.objects.create(page=other, sender_id=row.sender_id)
    delete_person(row, actor=None)
    assert Conversation.objects.filter(pk=elsewhere.pk).exists()


def test_person_deleted_twice_at_the_same_time_is_deleted_once(sync, thread_of_person):
    sync()
    row, again = conversation_of_person(), conversation_of_person()
    assert delete_person(row, actor=None)
    assert delete_person(again, actor=None) is None
    assert Erasure.objects.count() == 1


def test_without_the_unique_key_all_conversations_of_the_person_are_deleted(sync, page, thread_of_person):
    sync()
    make_legacy(WITHOUT_ANY_KEY)
    Conversation.objects.create(page=page, sender_id=PSID, sender_name="Twin")
    row = Conversation.objects.get(sender_name="Twin")
    assert delete_person(row, actor=None).conversations == 2
    assert not Conversation.objects.filter(sender_id=PSID).exists()
    assert sync(full=True).status == "complete"
    assert not Conversation.objects.filter(sender_id=PSID).exists()


# -- later syncs -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("full", [True, False])
def test_no_sync_stores_the_person_again_and_their_thread_is_counted(
    sync, page, world, thread_of_person, traces, full
):
    sync()
    delete_person(conversation_of_person(), actor=None)
    world.add_message(thread_of_person, "Another secret wish")
    result = sync(full=full)
    assert_gone(page, traces, result)
    assert (result.skipped, result.inserted, result.owed) == (1, 0, 0)
    threads = SyncRun.objects.get(pk=result.run).ledger["threads"]
    assert threads == {"listed": 13, "stored": 12, "merged": 0, "unreadable": 1, "owed": 0}
    before = row_versions()
    assert sync(full=True).skipped == 1
    assert row_versions() == before  # stored already, not written again


def test_other_threads_are_not_stored_even_if_facebook_stops_naming_the_person(
    sync, page, world, shop, thread_of_person, traces
):
    sync()
    delete_person(conversation_of_person(), actor=None)
    other_thread = world.add_conversation(shop, thread_of_person.customer, ["A secret wish again"])
    assert_gone(page, traces, sync())
    assert Thread.objects.get(graph_id=other_thread.id).reason == PERSON_DELETED
    for thread in (thread_of_person, other_thread):  # as Facebook shows threads of people who left Facebook
        world.remove_conversation(thread)
        message = {"message": "Still a secret wish", "nameless": True}
        world.add_conversation(shop, None, [message], id=thread.id)
    assert_gone(page, traces, sync())
    assert set(Thread.objects.filter(state="unreadable").values_list("record", flat=True)) == {None}


def test_person_stays_deleted_with_other_keys_and_after_connecting_the_page_again(
    sync, page, shop, thread_of_person, traces, settings
):
    sync()
    delete_person(conversation_of_person(), actor=None)
    settings.SECRET_KEY, settings.TOKEN_ENCRYPTION_KEYS = "another", ["another"]
    Page.objects.filter(pk=page.pk).delete()
    page.pk, page.watermarks, page.last_synced_at = page.pk, {}, None
    page.save(force_insert=True)  # connected again, with the same ID at Facebook
    result = sync()
    assert_gone(page, traces, result)
    assert (result.inserted, result.skipped) == (12, 1)


@pytest.mark.django_db(transaction=True)
def test_resumed_run_with_a_pending_thread_does_not_store_the_person(
    sync, page, world, thread_of_person, traces, small_batches, by_cursor
):
    for number in range(40):
        world.add_message(thread_of_person, f"A secret wish {number}")

    def stop(progress) -> None:
        if page.threads.filter(state="owed").exists():
            raise SyncStopped

    assert sync(on_progress=stop).status == "interrupted"
    assert page.threads.get(graph_id=thread_of_person.id).state == "owed"
    delete_person(conversation_of_person(), actor=None)
    assert_gone(page, traces, sync())
    assert page.conversations.count() == 12


# -- during a sync -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("fails", [False, True])
def test_backfill_of_the_persons_thread_ends(
    sync, page, world, thread_of_person, traces, sandbox, by_cursor, fails
):
    for number in range(400):
        world.add_message(thread_of_person, f"A secret wish {number}")
    if fails:
        sandbox.faults.add(faults.unavailable(), times=None, path="/messages")
    deleted = []

    def delete_during_sync(progress) -> None:
        if not deleted and InteractionEvent.objects.filter(conversation__sender_id=PSID):
            deleted.append(delete_person(conversation_of_person(), actor=None))

    result = sync(on_progress=delete_during_sync)
    assert deleted
    assert_gone(page, traces, result)
    assert (result.skipped, result.owed, page.conversations.count()) == (1, 0, 12)
    thread = page.threads.get(graph_id=thread_of_person.id)
    assert (thread.state, thread.reason, thread.backfill) == ("unreadable", PERSON_DELETED, None)
    assert Thread.objects.filter(state="owed").count() == 0


@pytest.mark.django_db(transaction=True)
def test_batch_that_waits_for_the_deletion_respects_it(
    sync, page, world, shop, thread_of_person, traces, small_batches, by_cursor
):
    """The batch with the person's second thread is already fetched when the person is deleted."""
    now = world.clock.now()
    world.add_conversation(shop, thread_of_person.customer, ["An old secret wish"], updated_time=now - 10**6)
    began, waits = threading.Event(), threading.Event()

    def delete_slowly() -> None:
        with transaction.atomic():
            delete_person(conversation_of_person(), actor=None)
            began.set()
            waits.wait(60)
        connection.close()

    def commit_when_somebody_waits() -> None:
        with connection.cursor() as cursor:
            while not waits.is_set():
                cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                if cursor.fetchone()[0]:
                    waits.set()
        connection.close()

    others = [threading.Thread(target=work) for work in (delete_slowly, commit_when_somebody_waits)]

    def delete_during_sync(progress) -> None:
        if not began.is_set() and Conversation.objects.filter(sender_id=PSID).exists():
            others[0].start()
            assert began.wait(60)
            others[1].start()

    result = sync(on_progress=delete_during_sync)
    for other in others:
        other.join()
    assert_gone(page, traces, result)
    assert result.skipped == 2


def test_people_deleted_during_a_sync_stay_deleted(
    sync, page, world, shop, thread_of_person, add_threads, small_batches, by_cursor
):
    add_threads(30)
    other = world.add_conversation(shop, Person("7555555555555555", "Lance"), 1)
    old = world.clock.now() - 10**6
    for number, person in enumerate((thread_of_person.customer, other.customer)):
        world.add_conversation(shop, person, ["Long ago"], updated_time=old - number)
    waiting = ["7555555555555555", PSID]

    def delete_during_sync(progress) -> None:
        row = Conversation.objects.filter(sender_id__in=waiting[-1:]).first()
        if row:
            delete_person(row, actor=None)
            waiting.pop()

    result = sync(on_progress=delete_during_sync)
    assert (waiting, result.status) == ([], "complete")
    assert Thread.objects.filter(reason=PERSON_DELETED, conversation=None).count() == 4
    assert page.conversations.count() == 42


# -- fingerprints ------------------------------------------------------------------------------------------
def test_each_page_has_its_own_random_key_and_only_its_own_hashes(sync, page, thread_of_person):
    sync()
    delete_person(conversation_of_person(), actor=None)
    other = Page.objects.create(facebook_page_id="55")
    delete_person(Conversation.objects.create(page=other, sender_id=PSID), actor=None)
    keys = set(ForgottenKey.objects.values_list("key", flat=True))
    assert len(keys) == 2
    assert {len(key) for key in keys} == {64}
    digests = list(Fingerprint.objects.values_list("digest", flat=True))
    assert (
        len(digests) == len(set(digests)) == 3
    )  # the person and a thread on one Page, the person on the other
