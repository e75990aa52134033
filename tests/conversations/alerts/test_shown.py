"""Open alerts in REST and in the admin: what is wrong, since when, and who may mend it."""

import pytest
from django.contrib.auth import get_user_model

from conversations.alerts.watch import watch
from conversations.models import Page
from tests.conversations.admin.conftest import log_in_as
from tests.factories import SyncRunFactory, api

REFUSED = "Inbox can no longer read this Page at Facebook. New messages do not arrive."


def user(name: str):
    return get_user_model().objects.get(username=name)


def alerts_of(page, name: str) -> list[dict]:
    return api(user(name)).get(f"/api/pages/{page.pk}").json()["page"]["alerts"]


@pytest.mark.parametrize(
    ("name", "may_mend", "ask"),
    [("root", True, []), ("manager", False, ["root"]), ("tagger", False, ["root"])],
)
def test_page_in_rest_has_its_open_alerts(page, name, may_mend, ask):
    assert alerts_of(page, name) == []
    Page.objects.update(state="reconnect", state_reason="Facebook refuses it.")
    watch()
    [alert] = alerts_of(page, name)
    assert alert == {
        "cause": "token",
        "sentence": REFUSED,
        "since": page.alerts.get().opened_at.isoformat().replace("+00:00", "Z"),
        "advice": "Connect the Page again.",
        "mayMend": may_mend,
        "ask": ask,
    }
    Page.objects.update(state="connected")
    watch()
    assert alerts_of(page, name) == []


@pytest.mark.parametrize(
    ("name", "may_mend", "ask"), [("root", True, []), ("manager", True, []), ("tagger", False, ["manager"])]
)
def test_manager_mends_what_needs_a_sync(page, name, may_mend, ask):
    SyncRunFactory(page=page, status="error")
    watch()
    [alert] = alerts_of(page, name)
    assert (alert["cause"], alert["mayMend"], alert["ask"]) == ("audit", may_mend, ask)


def test_admin_shows_them_on_dashboard_page_and_list(page):
    Page.objects.update(live_state="lost")
    watch()
    tagger = user("tagger")
    tagger.is_staff = True
    tagger.save()
    client = log_in_as(tagger)
    for path in ("/admin/", f"/admin/conversations/page/{page.pk}/change/"):
        text = " ".join(client.get(path).content.decode().split())
        assert "Facebook has stopped to send messages of this Page at once" in text, path
        assert "Ask root." in text, path
    text = client.get("/admin/conversations/alert/").content.decode()
    assert "Webhooks lost" in text
