"""Who sent a message of the Page beside Inbox: by the name of the application, where Facebook tells it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from conversations.models import Conversation, SendingApp
from conversations.sandbox.script import ScriptedAnswer
from conversations.webhooks import app_names
from tests.conversations.webhooks.deliveries import deliver, message
from tests.factories import api, superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_noted():
    app_names._noted.clear()
    yield
    app_names._noted.clear()


def echo(mid: str, app_id: int | None) -> dict:
    more: dict[str, Any] = {"app_id": app_id} if app_id else {}
    return message(mid, from_page=True, is_echo=True, **more)


def apps() -> list[str | None]:
    [conversation] = Conversation.objects.all()
    events = api(superuser()).get(f"/api/conversations/{conversation.pk}/events").json()["events"]
    return [event["app"] for event in events]


def test_name_is_asked_for_once(page, sandbox):
    sandbox.script.add("GET /4711", {"name": "Shop Robot", "id": "4711"})
    deliver(echo("m_1", 4711))
    assert apps() == ["4711"]
    app_names.name_apps()
    app_names.name_apps()
    assert apps() == ["Shop Robot"]
    assert len([call for call in sandbox.call_log if call.path == "/4711"]) == 1


def test_name_that_facebook_does_not_tell_is_asked_for_daily(page, sandbox):
    sandbox.script.add("GET /4711", ScriptedAnswer({"error": {"code": 100, "message": "No"}}, 400))
    deliver(echo("m_1", 4711))
    for _ in range(2):
        app_names.name_apps()
    assert apps() == ["4711"]
    asked = len([call for call in sandbox.call_log if call.path == "/4711"])
    SendingApp.objects.update(asked_at=timezone.now() - timedelta(days=2))
    app_names.name_apps()
    assert len([call for call in sandbox.call_log if call.path == "/4711"]) > asked == 1


def test_own_messages_and_those_of_facebooks_inbox(page, sandbox, settings):
    settings.FACEBOOK_APP_ID = "42"
    deliver(echo("m_1", 42), echo("m_2", 263902037430900), echo("m_3", None), message("m_4"))
    assert sorted(filter(None, apps())) == ["Facebook's inbox"]
    assert not SendingApp.objects.exists()


def test_known_application_costs_no_statement(page, django_assert_num_queries):
    deliver(echo("m_1", 4711))
    with django_assert_num_queries(0):
        app_names.note_apps(page, [])
