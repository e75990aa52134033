"""Twenty Pages sync at once in one process, with PostgreSQL's default settings."""

import pytest
import requests
from django.db import connection

from conversations.models import Page, SyncRun
from conversations.sandbox import faults
from tests.crash.processes import wait_until
from tests.factories import PageFactory

PAGES = 20
BESIDE = 16  # connections of a process that syncs nothing: worker, listener, the pool of requests


@pytest.fixture
def pages(transactional_db, world) -> list[Page]:
    shops = [world.add_page(f"9000000000001{number:02}") for number in range(PAGES)]
    for shop in shops:
        world.add_conversation(shop, messages=2)
    return [PageFactory(facebook_page_id=shop.id, access_token=shop.token) for shop in shops]


def connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_all_pages_sync_at_once_with_two_connections_each(start_web, sandbox, pages, key):
    sandbox.faults.add(faults.hang(), times=None, path="/conversations")
    web = start_web()
    web.wait_until_ready()
    for page in pages:
        body, headers = {"pageId": page.pk}, key | {"Prefer": "respond-async"}
        requests.post(f"{web.url}/api/conversations/sync", json=body, headers=headers, timeout=60)
    at_work = SyncRun.objects.filter(status="fetching")
    wait_until(lambda: at_work.count() == PAGES, "not all are at work at once")
    assert connections() <= 2 * PAGES + BESIDE
