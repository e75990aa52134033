"""Who is forgotten leaves no trace, and no sync brings them back."""

import threading

import pytest
from django.db import connection, transaction

from conversations.forgetting.people import FORGOTTEN, forget, would_forget
from conversations.forgetting.tables import Erasure, Fingerprint, ForgottenKey
from conversations.models import Conversation, InteractionEvent, Page, SyncRun, Thread
from conversations.reading.messages import catch_up
from conversations.reading.tables import MessagePart
from conversations.sandbox import faults
from conversations.sandbox.people import Person
from conversations.status import set_status
from conversations.sync.service import SyncStopped
from conversations.tagging import tag_conversations
from tests.conversations.sync.copies import row_versions
from tests.factories import TagFactory, superuser
from tests.takeovers import WITHOUT_ANY_KEY, take_over

pytestmark = pytest.mark.django_db

PSID = "7123456789012345"
NAME = "Guinevere Blackwood"


@pytest.fixture
def theirs(world, shop, add_threads):
    """Their thread at Facebook, among twelve others."""
    add_threads(12)
    return world.add_conversation(shop, Person(PSID, NAME), ["A secret wish", "Please forget me"])


def of_them() -> Conversation:
    return Conversation.objects.get(sender_id=PSID)


def assert_gone(page, traces, result) -> None:
    assert result.status == "complete"
    assert not page.conversations.filter(sender_id=PSID).exists()
    assert traces(PSID) == traces(NAME) == traces("secret wish") == []


# -- what goes ---------------------------------------------------------------------------------------------
def test_nothing_is_left_but_hashes_a_thread_and_a_line_without_content(sync, page, theirs, traces):
    sync()
    boss = superuser()
    row, other = of_them(), Conversation.objects.exclude(sender_id=PSID).first()
    tag_conversations([row.pk, other.pk], [TagFactory()], actor=boss)
    set_status([row.pk], "done", actor=boss)
    catch_up()
    assert traces(NAME)
    assert len(traces("ecret wish")) == 2  # the message, and the part for the search
    before = InteractionEvent.objects.exclude(conversation=row).count()

    told = would_forget(row).as_dict()
    assert told == {"conversations": 1, "messages": 2, "history": 2, "tags": 1, "threads": 1}
    assert forget(row, actor=boss).as_dict() == told
    catch_up()
    for text in (PSID, NAME, "ecret wish", "forget me"):
        assert traces(text) == []
    assert not MessagePart.objects.filter(conversation=row.pk).exists()
    assert InteractionEvent.objects.count() == before
    assert page.conversations.count() == other.tag_rows.count() * 12 == 12
    thread = Thread.objects.get(graph_id=theirs.id)
    assert (thread.state, thread.reason, thread.conversation) == ("unreadable", FORGOTTEN, None)
    assert (thread.updated_time, thread.message_count, thread.held_count) == (None, 0, 0)
    line = Erasure.objects.get()
    assert (line.kind, line.page, line.actor_name, line.messages) == ("person", page, boss.username, 2)
    assert line.ended_at


def test_saying_what_would_go_changes_nothing(sync, theirs):
    sync()
    before = row_versions()
    would_forget(of_them())
    assert row_versions() == before
    assert not Erasure.objects.exists()


def test_what_could_not_be_read_of_them_goes_too_and_what_is_of_others_stays(sync, page, theirs, traces):
    sync()
    row = of_them()
    raw = {"id": "t_1", "participants": {"data": [{"id": row.sender_id, "name": NAME}]}}
    Thread.objects.create(page=page, graph_id="t_1", state="unreadable", record=raw)
    longer = {"id": "t_2", "participants": {"data": [{"id": f"{row.sender_id}9"}]}}
    Thread.objects.create(page=page, graph_id="t_2", state="unreadable", record=longer)
    assert forget(row, actor=None).threads == 2
    assert traces(NAME) == []
    assert Thread.objects.get(graph_id="t_2").record == longer


def test_the_same_person_on_another_page_stays(sync, page, theirs):
    sync()
    row = of_them()
    other = Page.objects.create(facebook_page_id="55")
    elsewhere = Conversation.objects.create(page=other, sender_id=row.sender_id)
    forget(row, actor=None)
    assert Conversation.objects.filter(pk=elsewhere.pk).exists()


def test_who_is_forgotten_twice_at_the_same_time_is_forgotten_once(sync, theirs):
    sync()
    row, again = of_them(), of_them()
    assert forget(row, actor=None)
    assert forget(again, actor=None) is None
    assert Erasure.objects.count() == 1


def test_where_the_key_is_missing_all_rows_of_them_go(sync, page, theirs):
    sync()
    take_over(WITHOUT_ANY_KEY)
    Conversation.objects.create(page=page, sender_id=PSID, sender_name="Twin")
    row = Conversation.objects.get(sender_name="Twin")
    assert forget(row, actor=None).conversations == 2
    assert not Conversation.objects.filter(sender_id=PSID).exists()
    assert sync(full=True).status == "complete"
    assert not Conversation.objects.filter(sender_id=PSID).exists()


# -- no sync brings them back ------------------------------------------------------------------------------
@pytest.mark.parametrize("full", [True, False])
def test_no_sync_brings_them_back_and_their_thread_is_accounted_for(sync, page, world, theirs, traces, full):
    sync()
    forget(of_them(), actor=None)
    world.add_message(theirs, "Another secret wish")
    result = sync(full=full)
    assert_gone(page, traces, result)
    assert (result.skipped, result.inserted, result.owed) == (1, 0, 0)
    threads = SyncRun.objects.get(pk=result.run).ledger["threads"]
    assert threads == {"listed": 13, "stored": 12, "merged": 0, "unreadable": 1, "owed": 0}
    before = row_versions()
    assert sync(full=True).skipped == 1
    assert row_versions() == before  # known, and not written again


def test_nor_by_a_further_thread_also_when_facebook_names_them_no_more(
    sync, page, world, shop, theirs, traces
):
    sync()
    forget(of_them(), actor=None)
    further = world.add_conversation(shop, theirs.customer, ["A secret wish again"])
    assert_gone(page, traces, sync())
    assert Thread.objects.get(graph_id=further.id).reason == FORGOTTEN
    for thread in (theirs, further):  # as Facebook shows threads of people who left it
        world.remove_conversation(thread)
        said = {"message": "Still a secret wish", "nameless": True}
        world.add_conversation(shop, None, [said], id=thread.id)
    assert_gone(page, traces, sync())
    assert set(Thread.objects.filter(state="unreadable").values_list("record", flat=True)) == {None}


def test_nor_with_other_keys_nor_when_the_page_is_connected_anew(sync, page, shop, theirs, traces, settings):
    sync()
    forget(of_them(), actor=None)
    settings.SECRET_KEY, settings.TOKEN_ENCRYPTION_KEYS = "another", ["another"]
    Page.objects.filter(pk=page.pk).delete()
    page.pk, page.watermarks, page.last_synced_at = page.pk, {}, None
    page.save(force_insert=True)  # connected again, with the same id at Facebook
    result = sync()
    assert_gone(page, traces, result)
    assert (result.inserted, result.skipped) == (12, 1)


@pytest.mark.django_db(transaction=True)
def test_nor_does_a_run_that_goes_on_or_a_debt(sync, page, world, theirs, traces, small_batches, by_cursor):
    for number in range(40):
        world.add_message(theirs, f"A secret wish {number}")

    def stop(progress) -> None:
        if page.threads.filter(state="owed").exists():
            raise SyncStopped

    assert sync(on_progress=stop).status == "interrupted"
    assert page.threads.get(graph_id=theirs.id).state == "owed"
    forget(of_them(), actor=None)
    assert_gone(page, traces, sync())
    assert page.conversations.count() == 12


# -- while a sync runs -------------------------------------------------------------------------------------
@pytest.mark.parametrize("fails", [False, True])
def test_a_long_thread_that_is_being_read_is_let_go(
    sync, page, world, theirs, traces, sandbox, by_cursor, fails
):
    for number in range(400):
        world.add_message(theirs, f"A secret wish {number}")
    if fails:
        sandbox.faults.add(faults.unavailable(), times=None, path="/messages")
    forgotten = []

    def meanwhile(progress) -> None:
        if not forgotten and InteractionEvent.objects.filter(conversation__sender_id=PSID):
            forgotten.append(forget(of_them(), actor=None))

    result = sync(on_progress=meanwhile)
    assert forgotten
    assert_gone(page, traces, result)
    assert (result.skipped, result.owed, page.conversations.count()) == (1, 0, 12)
    thread = page.threads.get(graph_id=theirs.id)
    assert (thread.state, thread.reason, thread.reading) == ("unreadable", FORGOTTEN, None)
    assert Thread.objects.filter(state="owed").count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_waits_for_the_forgetting_honours_it(
    sync, page, world, shop, theirs, traces, small_batches, by_cursor
):
    """The batch with their second thread is fetched already when they are forgotten."""
    now = world.clock.now()
    world.add_conversation(shop, theirs.customer, ["An old secret wish"], updated_time=now - 10**6)
    began, waits = threading.Event(), threading.Event()

    def forget_slowly() -> None:
        with transaction.atomic():
            forget(of_them(), actor=None)
            began.set()
            waits.wait(20)
        connection.close()

    def let_go_when_somebody_waits() -> None:
        with connection.cursor() as cursor:
            while not waits.is_set():
                cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                if cursor.fetchone()[0]:
                    waits.set()
        connection.close()

    others = [threading.Thread(target=work) for work in (forget_slowly, let_go_when_somebody_waits)]

    def meanwhile(progress) -> None:
        if not began.is_set() and Conversation.objects.filter(sender_id=PSID).exists():
            others[0].start()
            assert began.wait(20)
            others[1].start()

    result = sync(on_progress=meanwhile)
    for other in others:
        other.join()
    assert_gone(page, traces, result)
    assert result.skipped == 2


def test_each_who_is_forgotten_while_a_sync_runs_stays_so(
    sync, page, world, shop, theirs, add_threads, small_batches, by_cursor
):
    add_threads(30)
    other = world.add_conversation(shop, Person("7555555555555555", "Lance"), 1)
    old = world.clock.now() - 10**6
    for number, person in enumerate((theirs.customer, other.customer)):
        world.add_conversation(shop, person, ["Long ago"], updated_time=old - number)
    waiting = ["7555555555555555", PSID]

    def meanwhile(progress) -> None:
        found = Conversation.objects.filter(sender_id__in=waiting[-1:]).first()
        if found:
            forget(found, actor=None)
            waiting.pop()

    result = sync(on_progress=meanwhile)
    assert (waiting, result.status) == ([], "complete")
    assert Thread.objects.filter(reason=FORGOTTEN, conversation=None).count() == 4
    assert page.conversations.count() == 42


# -- what is kept ------------------------------------------------------------------------------------------
def test_each_page_has_a_random_key_of_its_own_and_hashes_of_nobody_else(sync, page, theirs):
    sync()
    forget(of_them(), actor=None)
    other = Page.objects.create(facebook_page_id="55")
    forget(Conversation.objects.create(page=other, sender_id=PSID), actor=None)
    keys = set(ForgottenKey.objects.values_list("key", flat=True))
    assert len(keys) == 2
    assert {len(key) for key in keys} == {64}
    digests = list(Fingerprint.objects.values_list("digest", flat=True))
    assert len(digests) == len(set(digests)) == 3  # here the person and a thread, there the person
