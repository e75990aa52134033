"""Who may do what: one row for each action, one column for each kind of user."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test import Client

from conversations.models import (
    Conversation,
    ConversationTag,
    Draft,
    Page,
    PageMember,
    SavedReply,
    SavedView,
    SyncRun,
)
from conversations.models.privacy import Erasure
from inbox.accounts.models import ApiKey
from tags.models import Tag
from tests.attack import world
from tests.attack.acts import REQUESTS, ROWS, WHO
from tests.attack.world import filled
from tests.factories import PageMemberFactory, UserFactory, new_key


@pytest.fixture
def ids(db) -> dict[str, object]:
    return world.create_page()


def client_of(who: str, page_id: int, door: str) -> Client:
    client = Client()
    if who == "stranger":
        return client
    user = UserFactory(username=who, is_staff=who != "nobody", is_superuser=who == "superuser")
    if who == "other":
        PageMemberFactory(user=user, role="manager")
    elif who in ("ended", *world.ROLES):
        page = Page.objects.get(pk=page_id)
        PageMemberFactory(page=page, user=user, role="manager" if who == "ended" else who)
    if door in ("REST", "stream"):
        client.defaults["HTTP_AUTHORIZATION"] = f"Token {new_key(user)}"
    else:
        client.force_login(user)
    if who == "ended":
        user.is_active = False
        user.save()
    return client


def send_request(client: Client, door: str, request: str, body, ids: dict):
    method, address = filled(request, ids).split()
    send = getattr(client, method)
    if body is None:
        return send(address)
    if door in ("REST", "stream"):
        headers = {"Prefer": "respond-async"}
        return send(address, filled(body, ids), content_type="application/json", headers=headers)
    return send(address, filled(body, ids))


def outcome_of(answer, text: str) -> str:
    if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login"):
        return "login"
    if answer.status_code in (403, 404):
        return {403: "refused", 404: "hidden"}[answer.status_code]
    if answer.headers.get("Location") == "/admin/":
        return "hidden"  # Django redirects there if an object does not exist
    assert answer.status_code in (200, 201, 202, 204, 302), answer.content
    faults = (getattr(answer, "context", None) or {}).get(
        "errors"
    )  # a form of the admin has status 200 with errors
    assert not faults, faults
    return "ok" if not text or text in answer.content.decode() else "hidden"


# Streams close their database connection, so these requests cannot run in a transaction.
STREAMING = {("REST", "sync"), ("stream", "sync and watch"), ("stream", "watch a Page")}


def table_row(door: str, action: str, expected: list[str]):
    marks = pytest.mark.django_db(transaction=(door, action) in STREAMING)
    return pytest.param(door, action, expected, marks=marks, id=f"{door}: {action}")


@contextmanager
def rolled_back(door: str, action: str) -> Iterator[None]:
    if (door, action) in STREAMING:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize(("door", "action", "expected"), [table_row(*row) for row in ROWS])
def test_roles_decide_who_may_do_what(ids, door, action, expected):
    request, *more = REQUESTS[door, action]
    body, text = [*more, None, ""][0] if more else None, more[1] if len(more) > 1 else ""
    outcomes = {}
    for who in WHO:
        with rolled_back(door, action):
            client = client_of(who, ids["page"], door)
            outcomes[who] = outcome_of(send_request(client, door, request, body, ids), text)
    assert outcomes == dict(zip(WHO, expected, strict=True))


def test_every_row_has_a_request():
    assert [(door, action) for door, action, _ in ROWS] == list(REQUESTS)


# All rows in one statement, as it runs before and after each refused request.
STATE = " UNION ALL ".join(
    f"""SELECT '{table}', jsonb_agg(to_jsonb(t) - 'last_used_at' ORDER BY to_jsonb(t)::text) FROM {table} t"""  # noqa: S608 - our own tables
    for table in (
        model._meta.db_table
        for model in (
            Page,
            Tag,
            SyncRun,
            SavedReply,
            SavedView,
            Draft,
            Erasure,
            Conversation,
            ConversationTag,
            PageMember,
            ApiKey,
        )
    )
)


def state() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return cursor.fetchall()


def test_refused_requests_change_nothing(ids):
    """Compare all rows before and after each refused request."""
    before = state()
    for door, action, expected in ROWS:
        request, *more = REQUESTS[door, action]
        for who, cell in zip(WHO, expected, strict=True):
            if cell != "ok" and not request.startswith("get") and (door, action) not in STREAMING:
                with rolled_back(door, action):
                    client = client_of(who, ids["page"], door)
                    unchanged = state()
                    send_request(client, door, request, more[0] if more else None, ids)
                    assert state() == unchanged, (door, action, who)
    assert state() == before
