"""Any text and any ID is stored as exactly as PostgreSQL allows, or skipped with a reason."""

import random

import pytest
from django.db import connection

from conversations.models import Conversation, SyncRun, Thread
from conversations.sandbox import Person
from tests.conversations.sync.copies import assert_exact
from tests.factories import superuser
from tests.seeds import SEED

pytestmark = pytest.mark.django_db


def noise(length: int) -> str:
    """A text that PostgreSQL cannot compress."""
    return "".join(
        random.Random(SEED).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=length)
    )


def test_any_text_is_stored_as_exactly_as_possible(sync_twice, page, world, shop):
    texts = [
        "NUL \x00 inside",
        "cut \ud83d",
        "😀👨‍👩‍👧",
        "\u202eright to left",
        "x" * 20_000,
        "'; DROP TABLE x; --",
        "%s {} \\",
    ]
    world.add_conversation(shop, Person("7\x00\ud83d", "Zoë \x00\ud83d"), texts)
    sync_twice()
    assert_exact(page, world, shop)


@pytest.mark.parametrize("escape", [True, False])
def test_escaped_and_unescaped_texts_are_stored_alike(sync_twice, page, world, shop, sandbox, escape):
    sandbox.switches.escape_unicode = sandbox.switches.escape_slashes = escape
    world.add_conversation(shop, "Ünal 😀", ['/ \\ " \u2028 \ud83d', "مرحبا"])
    sync_twice()
    assert_exact(page, world, shop)


def test_long_ids_are_stored(sync_twice, page, world, shop):
    thread = world.add_conversation(shop, Person(noise(300), "Ana"), id="t_" + noise(300))
    world.add_message(thread, "Long", id="m_" + noise(600))
    sync_twice()
    assert_exact(page, world, shop)


def test_ids_may_be_numbers(sync_twice, page, world, shop):
    world.add_conversation(shop, raw={"id": 12, "participants": {"data": [{"id": 77, "name": "Ana"}]}})
    sync_twice()
    assert (page.threads.get().graph_id, page.conversations.get().sender_id) == ("12", "77")


@pytest.mark.parametrize("kind", ["thread", "sender", "message"])
def test_id_too_long_for_an_index_costs_at_most_its_record(sync_twice, page, world, shop, add_threads, kind):
    add_threads(3)
    long_id = noise(5000)
    customer = Person(long_id, "Long") if kind == "sender" else "Ana"
    thread = world.add_conversation(shop, customer, messages=2, id=long_id if kind == "thread" else "t_1")
    if kind == "message":
        world.add_message(thread, "Long", id=long_id)
    result = sync_twice()
    assert (result.status, result.skipped) == ("complete", 0 if kind == "message" else 1)
    assert Conversation.objects.count() == (4 if kind == "message" else 3)
    if kind == "message":
        row = page.threads.get(graph_id="t_1")
        assert (row.state, row.held_count, row.unreadable_count) == ("stored", 3, 0)  # its key is a digest
    elif kind == "sender":
        row = page.threads.get(graph_id="t_1")
        assert row.state == "unreadable"
        assert row.reason.startswith("PostgreSQL cannot store it")
    else:
        assert "was skipped: PostgreSQL cannot store it" in SyncRun.objects.earliest("pk").notes[0]


def test_thread_that_cannot_have_a_row_is_counted_once(sync, world, shop, sandbox, add_threads):
    sandbox.switches.max_limit = 10
    add_threads(25)
    world.add_conversation(shop, id=noise(5000))
    assert (sync().skipped, sandbox.call_log.calls[-1].status) == (1, 200)


def test_text_that_an_error_quotes_is_not_stored(sync, page, world, shop, client):
    text = "My number is 0176 5550123"
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM NEW.last_message::integer; RETURN NEW; END';"
            "CREATE TRIGGER refuse BEFORE INSERT ON conversations_conversation"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()"
        )
    world.add_conversation(shop, "Ana", [text])
    assert sync().skipped == 1

    def fail(progress):
        if progress.status == "fetching":
            raise ValueError(text)

    failed = sync(on_progress=fail)
    assert failed.error == "Inbox itself failed: ValueError"
    thread = page.threads.get()
    assert thread.reason == "PostgreSQL cannot store it: InvalidTextRepresentation (22P02)"
    assert text not in str(list(Thread.objects.values("reason", "record")) + list(SyncRun.objects.values()))
    client.force_login(superuser())
    addresses = {
        f"/api/pages/{page.pk}/threads": "22P02",
        "/api/sync-runs": "ValueError",
        "/admin/conversations/thread/?state__exact=unreadable": "22P02",
        f"/admin/conversations/syncrun/{failed.run}/change/": "ValueError",
    }
    for address, shown in addresses.items():
        answer = client.get(address).content.decode()
        assert shown in answer, address
        assert "5550123" not in answer, address
