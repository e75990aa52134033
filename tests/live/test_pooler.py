"""Web processes with a transaction-pooling proxy: everything is exact, and no session keeps anything."""

import re
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
import requests
from django.core.checks import run_checks
from django.db import connection, transaction
from django.utils import timezone

from conversations.lib import timeouts
from conversations.models import Conversation, ConversationTag, InteractionEvent, OutgoingMessage, SyncRun
from conversations.sandbox import faults
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS
from conversations.sync.service import SyncAlreadyRunning, sync_conversations
from inbox.database import pooler as product
from inbox.postgres.roles import ADMIN
from inbox.setting_values import pooler as parameters
from tests.crash.processes import wait_until
from tests.factories import TagFactory
from tests.live.pooler import pgbouncer

PEOPLE, SECRET = 230, "sandbox-secret"
# What a session keeps when its transaction ends, as PostgreSQL logs it.
KEPT = re.compile(
    r"(^statement: |^execute <unnamed>: |; *)SET (?!LOCAL |CONSTRAINTS |TRANSACTION )"
    r"|set_config\([^)]*false\)|pg_(try_)?advisory_lock(_shared)?\(|\bLISTEN |\bPREPARE |\bWITH HOLD\b"
    r"|^execute (?!<unnamed>)",
    re.IGNORECASE,
)
BY_POOLER = "SET log_statement = 'all'"


@pytest.fixture
def statements(server) -> Callable[[], list[str]]:
    """The statements that have come through the pooler since the begin of the test."""
    begin = server.log.stat().st_size

    def read() -> list[str]:
        with server.log.open() as log:
            log.seek(begin)
            text = re.split(r"^\d{4}-\d\d-\d\d \S+ UTC \[\d+\] LOG:  ", log.read(), flags=re.MULTILINE)
        return [
            entry for entry in text if entry.startswith(("statement:", "execute ")) and BY_POOLER not in entry
        ]

    return read


@pytest.fixture
def through_pooler(pool_url, settings, monkeypatch):
    """Let new connections of this process go through the pooler, too."""
    settings.DATABASE_POOLER = parameters(pool_url)
    monkeypatch.setattr(product, "pooler", fresh := product.Pooler())
    monkeypatch.setattr("inbox.database.base.pooler", fresh)
    fresh.use()
    return fresh


def in_thread(work: Callable[[], object]) -> None:
    """Call it in a thread, which has a connection of its own. Raises what it raises."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


def call(web, key, method: str, path: str, **options) -> dict:
    answer = requests.request(method, f"{web.url}/api/{path}", headers=key, timeout=60, **options)
    assert answer.ok, answer.text
    return answer.json()


def test_everything_is_exact_through_a_pooler(
    start_web, manage, pool_url, page, shop, world, sandbox, key, open_stream, statements
):
    for number in range(PEOPLE):
        world.add_conversation(shop, f"Person {number}", ["Is it red?"])
    variables = {"DATABASE_POOL_URL": pool_url, "FACEBOOK_WEBHOOK_SECRETS": SECRET}
    web, other = start_web(**variables), start_web(**variables)
    for each in (web, other):
        each.wait_until_ready()
    stream = open_stream("GET", f"{other.url}/api/events", key)
    shop.subscribed_fields = PAGE_FIELDS
    sandbox.webhooks.subscribe_app(f"{web.url}/webhooks/facebook")

    only_one_syncs(web, other, manage, page, sandbox, key, pool_url)
    stream.wait_for(lambda state: (state["status"], state["synced"]) == ("complete", PEOPLE))
    assert (Conversation.objects.count(), InteractionEvent.objects.count()) == (PEOPLE, PEOPLE)

    sandbox.webhooks.start()
    thread = world.add_conversation(shop, "Ana Test", ["Good morning"])
    found = Conversation.objects.filter(sender_name="Ana Test", last_message="Good morning")
    wait_until(found.exists, "the webhook is worked on")
    stream.wait_for_change(lambda change: change["unread"] == 1)

    asked = call(
        other, key, "GET", "conversations", params={"search": "good morning", "search_in": "messages"}
    )
    assert [row["id"] for row in asked["conversations"]] == [found.get().pk]
    assert call(web, key, "GET", "conversations")["pagination"]["total"] == PEOPLE + 1
    tag_and_undo(web, other, key)
    exported = requests.get(f"{web.url}/api/conversations/export", headers=key, timeout=60)
    assert len(exported.text.strip().splitlines()) == PEOPLE + 2
    send(web, key, found.get(), thread)

    leaves_nothing_behind(pool_url, statements())
    for process in (web, other):
        assert "prepared statement" not in process.log


def only_one_syncs(web, other, manage, page, sandbox, key, pool_url) -> None:
    """A first sync of one process is the only one of the Page, for all others."""
    sandbox.faults.add(faults.hang(), times=None, path="/conversations")
    body, later = {"pageId": page.pk}, key | {"Prefer": "respond-async"}
    first = call(web, later, "POST", "conversations/sync", json=body)
    wait_until(SyncRun.objects.filter(status="fetching").exists, "the sync has begun")
    assert call(other, later, "POST", "conversations/sync", json=body)["run"] == first["run"]
    with pytest.raises(SyncAlreadyRunning):
        sync_conversations(page)
    refused = manage("syncconversations", DATABASE_POOL_URL=pool_url)
    assert (refused.returncode, "already" in refused.stderr) == (1, True), refused.stderr
    call(other, key, "POST", f"sync-runs/{first['run']}/cancel")
    wait_until(SyncRun.objects.filter(status="cancelled").exists, "the sync is cancelled")
    sandbox.faults.clear()
    assert call(other, key, "POST", "conversations/sync", json=body)["status"] == "complete"


def tag_and_undo(web, other, key) -> None:
    tag = TagFactory(name="VIP")
    body = {"filter": {}, "tagIds": [tag.pk], "action": "assign"}
    act = call(web, key, "POST", "conversations/bulk-tags", json=body)["act"]
    assert ConversationTag.objects.count() == PEOPLE + 1
    assert (
        call(other, key, "GET", "conversations", params={"include_tags": tag.pk})["pagination"]["total"]
        == PEOPLE + 1
    )
    call(other, key, "POST", f"acts/{act}/undo")
    assert not ConversationTag.objects.exists()


def send(web, key, conversation, thread) -> None:
    body = {"text": "Yes, it is.", "clientId": str(uuid.uuid4())}
    call(web, key, "POST", f"conversations/{conversation.pk}/messages", json=body)
    OutgoingMessage.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    wait_until(OutgoingMessage.objects.filter(state="sent").exists, "the message is sent")
    at_facebook = [message.message for message in thread.history.newest(0, 10)]
    assert at_facebook.count("Yes, it is.") == 1


def leaves_nothing_behind(pool_url: str, statements: list[str]) -> None:
    assert len(statements) > PEOPLE, "what came through the pooler is not in the log"
    assert [statement for statement in statements if KEPT.search(statement)] == []
    with psycopg.connect(pool_url, prepare_threshold=None) as pooled:
        kept = "SELECT relname FROM pg_class WHERE relpersistence = 't'"
        assert pooled.execute(kept).fetchall() == []


def test_statements_of_requests_are_limited_in_each_transaction(through_pooler, monkeypatch):
    monkeypatch.setattr(timeouts, "READ_SECONDS", 0.2)
    in_thread(limited)


def limited() -> None:
    timeouts.limit_statements()
    with connection.cursor() as cursor:
        assert timeouts.is_pooled()
        cursor.execute("SELECT %s || 1", ["5%"])
        assert (cursor.fetchall(), cursor.rowcount) == ([("5%1",)], 1)
        with pytest.raises(timeouts.TooSlow):
            cursor.execute("SELECT pg_sleep(30)")
        with pytest.raises(timeouts.TooSlow), transaction.atomic(), transaction.atomic():
            cursor.execute("SELECT pg_sleep(30)")
        with transaction.atomic():
            timeouts.lift_limit()
            cursor.execute("SELECT pg_sleep(0.4)")
        with transaction.atomic(), timeouts.statement_timeout(60):
            cursor.execute("SELECT pg_sleep(0.4)")
        with transaction.atomic():
            with timeouts.statement_timeout(60):
                pass
            with pytest.raises(timeouts.TooSlow), transaction.atomic():
                cursor.execute("SELECT pg_sleep(30)")
        with timeouts.time_limit(60):
            cursor.execute("SELECT pg_sleep(0.4)")
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("200ms",)
    with psycopg.connect(**connection.get_connection_params()) as unlimited:
        assert unlimited.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_rows_are_read_in_parts_only_in_a_transaction(through_pooler, page):
    def read() -> None:
        rows = type(page).objects.order_by("pk")
        assert [row.pk for row in rows.iterator(chunk_size=1)] == [page.pk]
        with transaction.atomic():
            assert [row.pk for row in rows.iterator(chunk_size=1)] == [page.pk]

    in_thread(read)


def test_another_database_is_refused(server, transactional_db, settings, start_web):
    with pgbouncer(server, "postgres") as url:
        settings.DATABASE_POOLER = parameters(url)
        [error] = [found for found in run_checks(databases=["default"]) if found.id == "inbox.E001"]
        assert "DATABASE_POOL_URL and DATABASE_URL are different databases (postgres of" in error.msg
        with pytest.raises(AssertionError, match="are different databases"):
            start_web(DATABASE_POOL_URL=url).wait_until_ready()
    [error] = [found for found in run_checks(databases=["default"]) if found.id == "inbox.E001"]
    assert "does not answer" in error.msg
    assert ADMIN not in error.msg


def test_same_database_passes_the_check(pool_url, settings):
    settings.DATABASE_POOLER = parameters(pool_url)
    assert [found for found in run_checks(databases=["default"]) if found.id == "inbox.E001"] == []
