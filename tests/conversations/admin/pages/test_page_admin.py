"""The admin of Pages: members, state and sync."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.admin import sync_panel
from conversations.models import Page, SyncRun
from tests.factories import ConversationFactory, PageFactory, SyncRunFactory, UserFactory, member

NO_WORKER = "No worker is running"


def page_url(page, view: str = "change") -> str:
    return f"/admin/conversations/page/{page.pk}/{view}/"


def text_of(client, page) -> str:
    return " ".join(client.get(page_url(page)).content.decode().split())


def test_page_is_live_only_when_webhooks_come(page, root):
    def shown() -> str:
        return " ".join(root.get("/admin/conversations/page/").content.decode().split())

    Page.objects.update(live_state="subscribed")
    assert "Subscribed, the newest: none has come yet." in text_of(root, page)
    assert ("Live" in shown(), "Subscribed" in shown()) == (False, True)
    Page.objects.update(last_delivery_at=timezone.now())
    assert "none has come yet" not in text_of(root, page)
    assert ("Live" in shown(), "Subscribed" in shown()) == (True, False)


def test_superuser_changes_name_and_members_but_not_the_token(page, root):
    user = UserFactory()
    form = {
        "name": "New name",
        "facebook_page_id": "1",
        "members-TOTAL_FORMS": 1,
        "members-INITIAL_FORMS": 0,
        "members-0-user": user.pk,
        "members-0-role": "tagger",
    }
    assert root.post(page_url(page), form).status_code == 302
    after = Page.objects.get()
    assert (after.name, after.facebook_page_id, after.access_token) == (
        "New name",
        page.facebook_page_id,
        "EAAtokenOfThePage",
    )
    assert [(row.user, row.role) for row in after.members.all()] == [(user, "tagger")]
    assert "EAA" not in root.get(page_url(page, "history")).content.decode()


def test_managers_see_members_and_cannot_change_roles(page, staff):
    client = staff("manager")
    colleague = member(page, "viewer")
    text = text_of(client, page)
    assert colleague.username in text
    assert not re.search(r"members-\d+-role", text)
    assert colleague.username not in text_of(staff("tagger"), page)
    row = page.members.get(user=colleague)
    form = {"members-TOTAL_FORMS": 1, "members-INITIAL_FORMS": 1, "members-0-id": row.pk}
    form |= {"members-0-page": page.pk, "members-0-user": colleague.pk, "members-0-role": "manager"}
    assert client.post(page_url(page), {"name": "Mine", **form}).status_code == 403
    assert page.members.get(user=colleague).role == "viewer"


def test_page_shows_counts_state_and_reason(page, staff):
    for unread in (0, 2, 1):
        ConversationFactory(page=page, unread_count=unread)
    page.reconnect("The token has expired.")
    text = text_of(staff("viewer"), page)
    assert "Reconnect needed: The token has expired." in text
    assert f'?page={page.pk}" class="inbox-link">3</a>' in text
    assert re.search(r"Unread conversations\W.*?>\s*2\s*<", text, re.DOTALL)
    assert "Reconnect needed. The token has expired." in text


def test_only_managers_read_what_facebook_says(page, staff):
    page.reconnect("The token has expired.", details="Facebook adds: Log in again.")
    assert text_of(staff("manager"), page).count("The token has expired. Facebook adds: Log in again.") == 3
    assert "Facebook adds" not in text_of(staff("viewer"), page)


def test_page_that_was_merged_offers_to_connect_the_other_one(page, root):
    page.reconnect("Facebook merged this Page into Page 999.", migrated_to="999")
    text = text_of(root, page)
    assert "Connect Page 999" in text
    assert "Reconnect " + page.name not in text


def test_unreadable_token_is_shown_as_the_reason(page, root, settings):
    Page.objects.filter(pk=page.pk).update(access_token="")
    assert "The access token cannot be decrypted" in text_of(root, page)


def test_managers_request_a_sync_which_is_queued_once(page, staff):
    client = staff("manager")
    assert "Sync now" in text_of(client, page)
    assert client.post(page_url(page, "sync"))["Location"] == page_url(page)
    client.post(page_url(page, "sync"))
    run = SyncRun.objects.get()
    assert (run.status, run.trigger, run.page, run.asked_by) == ("queued", "admin", page, client.user)
    assert ProcrastinateJob.objects.filter(task_name="sync_page", args__run_id=run.pk).count() == 1
    client.post(page_url(page, "sync"), {"full": "1"})
    run.refresh_from_db()
    assert run.mode == "full"


@pytest.mark.parametrize("role", ["viewer", "tagger"])
def test_other_members_have_no_button_and_are_rejected(page, staff, role):
    client = staff(role)
    assert "Sync now" not in text_of(client, page)
    assert "Sync now" not in client.get("/admin/").content.decode()
    assert client.post(page_url(page, "sync")).status_code == 403
    assert not SyncRun.objects.exists()


def test_invisible_page_cannot_be_synced(staff):
    other = PageFactory()
    client = staff("manager")
    assert client.post(page_url(other, "sync")).status_code == 404
    assert client.get(page_url(other, "sync")).status_code == 405


def test_server_renders_the_current_state(page, root, staff):
    SyncRunFactory(page=page, status="complete")
    now = timezone.now()
    SyncRunFactory(
        page=page,
        status="waiting",
        ended_at=None,
        inserted=30,
        skipped=1,
        total=100,
        wait_reason="Facebook asks us to slow down.",
        waits_until=now + timedelta(seconds=40),
    )
    text = text_of(root, page)
    assert 'max="100" value="31"' in text
    assert "Facebook asks us to slow down." in text
    assert re.search("Resumes in [1-4][0-9] s", text)
    text = text_of(staff("viewer"), page)
    assert "Facebook asks us to slow down." not in text  # only managers see why
    assert re.search("Resumes in [1-4][0-9] s", text)


def test_missing_worker_is_shown(page, root, monkeypatch):
    assert NO_WORKER in text_of(root, page)
    monkeypatch.setattr(sync_panel, "is_worker_alive", lambda: True)
    assert NO_WORKER not in text_of(root, page)
    assert "Never synced." in text_of(root, page)


def test_dashboard_runs_no_query_per_page(page, root, django_assert_num_queries):
    for number in range(2):
        # Session, user, visible Pages, the Pages, their newest runs, workers, disconnected Pages; the
        # numbers of the insights; members, what they closed, have open and replied.
        with django_assert_num_queries(7 + 6 + 4):
            text = root.get("/admin/").content.decode()
        assert text.count("inbox-sync") == 1 + 3 * number
        for _ in range(3):
            SyncRunFactory(page=PageFactory())
