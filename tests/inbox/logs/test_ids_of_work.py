"""Which ids the lines of real work have, also those of other threads."""

import logging
from collections.abc import Iterator

import pytest
from django.db import connection

from conversations.actions.bulk_operations import start_tagging, work
from conversations.actions.targets import targets_by_id
from conversations.imports.store import import_threads
from conversations.lib.log_ids import current_ids
from conversations.sandbox import faults
from conversations.sync.service import sync_conversations
from conversations.webhooks import delivering
from inbox.logs.formatters import ids_of
from tests.conversations.imports.in_memory import MemoryArchive
from tests.conversations.webhooks.deliveries import PAGE_ID, deliver, message
from tests.factories import ConversationFactory, PageFactory, TagFactory, UserFactory


class IdHandler(logging.Handler):
    """Keeps the ids of each line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, dict]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), ids_of(record)))

    def of(self, text: str) -> list[dict]:
        return [ids for message, ids in self.lines if text in message]


@pytest.fixture
def logged() -> Iterator[IdHandler]:
    handler, logger = IdHandler(), logging.getLogger("conversations")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.mark.django_db(transaction=True)
def test_calls_in_threads_of_a_sync_have_its_run(page, world, shop, sandbox, logged):
    world.add_conversation(shop)
    sandbox.faults.add(faults.unavailable(), times=2)
    run = sync_conversations(page)
    refused = logged.of("Facebook refused a call")
    assert len(refused) == 2
    assert {ids["run"] for ids in refused} == {run.run}
    assert all(ids["graph_trace"] for ids in refused)
    assert current_ids() == {}


@pytest.mark.django_db
def test_a_webhook_names_its_delivery(logged, monkeypatch):
    PageFactory(facebook_page_id=PAGE_ID)
    monkeypatch.setattr(delivering, "save_changes", lambda page, received: {}["Hello"])
    delivery = deliver(message("m_1"))
    assert logged.of("an item of webhook") == [{"delivery": str(delivery.pk)}]


@pytest.mark.django_db
def test_a_bulk_operation_that_fails_names_itself(logged):
    conversation, tag = ConversationFactory(), TagFactory()
    operation = start_tagging("assign", targets_by_id([conversation.pk]), [tag], actor=UserFactory())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE conversations_conversationtag ADD CHECK (tag_id < 0) NOT VALID")
    work()
    assert logged.of("The bulk operation") == [{"operation": operation.pk}]


@pytest.mark.django_db
def test_an_import_names_itself(page):
    seen = []

    class Archive(MemoryArchive):
        def threads(self, names):
            seen.append(current_ids())
            return super().threads(names)

    import_threads(page, Archive(), ["Demo Shop"], dry_run=False, progress=lambda done, total: None)
    assert seen == [{"importing": "archive"}]
