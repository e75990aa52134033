"""The page *System* of the admin."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conversations.admin.system_page import tiles
from conversations.models import CallBudget
from conversations.models.search import MessageIndexQueue
from conversations.monitoring import readings as monitoring
from conversations.monitoring.readings import Readings, read_all, reader
from tests.factories import PageFactory

URL = "/admin/system/"


@pytest.fixture(autouse=True)
def fresh():
    """Let no test see the numbers that another one has read."""
    reader.forget()
    yield
    reader.forget()


def words_of(readings: Readings) -> dict[str, tuple[str, str]]:
    return {tile.label: (tile.text, tile.state) for tile in tiles(readings)}


def test_only_superusers_see_it(staff, root):
    client = staff("manager")
    assert client.get(URL).status_code == 403
    assert URL not in client.get("/admin/").content.decode()
    assert root.get(URL).status_code == 200
    assert f'href="{URL}"' in root.get("/admin/").content.decode()


def test_all_is_well(page):
    page.last_synced_at = timezone.now()
    page.save()
    words = words_of(read_all(connection))
    assert words["Search index"] == ("up to date", "done")
    assert words["Webhooks"] == ("none waits", "done")
    assert words["Pages"] == ("1 connected", "done")
    assert words["Workers"] == ("none: nothing is synced or sent", "error")
    assert words["Calls to Facebook"] == ("0 in all, 0 failed", "done")


def test_what_is_behind_is_said_in_words(page):
    PageFactory(state="reconnect")
    now = timezone.now()
    for _ in range(23):
        page.deliveries.create(body=b"{}", received_at=now - timedelta(minutes=4))
    MessageIndexQueue.objects.create(conversation_id=1)
    CallBudget.objects.create(
        facebook_page_id=page.facebook_page_id, platform="messenger", closed_until=now + timedelta(hours=2)
    )
    words = words_of(read_all(connection))
    text, state = words["Webhooks"]
    assert text.startswith("23 deliveries wait, the oldest for 4 min")
    assert state == "error"
    assert words["Search index"][0].startswith("1 conversation waits, the oldest for ")
    assert words["Pages"] == ("1 of 2 must be reconnected", "error")
    assert words["Calls to Facebook"][0].startswith("Facebook wants none for 1 Page, for 2 h")


def test_a_count_that_stopped_has_a_plus(page):
    readings = read_all(connection)
    assert readings.backlog is not None
    full = replace(readings.backlog, webhooks=monitoring.LIMIT)
    assert words_of(replace(readings, backlog=full))["Webhooks"][0].startswith("10,000+ deliveries wait")


@pytest.mark.django_db(transaction=True)
def test_it_draws_the_numbers_of_metrics(root, page):
    text = root.get(URL).content.decode()
    for title in ("Time since the last sync", "Calls to Facebook", "Tables", "Time until an answer"):
        assert f"<h2>{title}</h2>" in text
    assert f"/admin/conversations/page/{page.pk}/change/" in text
    assert "data-live" in text


@pytest.mark.django_db(transaction=True)
def test_its_statements_do_not_grow(root, page, django_assert_num_queries):
    with django_assert_num_queries(4):  # of the admin: the readings have a connection of their own
        root.get(URL)
    reader.forget()
    for _ in range(3):
        PageFactory()
    with django_assert_num_queries(4):
        root.get(URL)


def test_without_an_answer_of_postgresql_it_says_so(root, page, monkeypatch):
    def fail(database):
        raise monitoring.TooLate

    monkeypatch.setattr(monitoring, "read_all", fail)
    assert "has not answered these questions in time" in root.get(URL).content.decode()
