"""The admin of users, roles, API keys and jobs."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.models import PageMember
from conversations.models.audit import AuditEntry
from conversations.tasks import request_sync
from inbox.accounts import second_factor
from inbox.accounts.models import ApiKey
from tests.factories import PageFactory, UserFactory, superuser

pytestmark = pytest.mark.django_db


@pytest.fixture
def root():
    client = Client()
    client.force_login(superuser())
    return client


def test_superusers_create_users_but_cannot_delete_them(root):
    form = {"username": "anna", "password1": "a horse of 17 hands", "password2": "a horse of 17 hands"}
    role = inline("page_memberships", page=PageFactory(name="Shop").pk, role="tagger")
    response = root.post("/admin/auth/user/add/", {**form, **role, "usable_password": "true"})
    assert response.status_code == 302, response.context["errors"]
    anna = User.objects.get(username="anna")
    assert [(one.page.name, one.role) for one in anna.page_memberships.all()] == [("Shop", "tagger")]
    assert AuditEntry.objects.filter(action="role_changed", target_id=str(anna.pk)).count() == 1
    assert root.get(f"/admin/auth/user/{anna.pk}/change/").status_code == 200
    assert root.get(f"/admin/auth/user/{anna.pk}/password/").status_code == 200
    assert root.post(f"/admin/auth/user/{anna.pk}/delete/", {"post": "yes"}).status_code == 403


def test_new_user_needs_no_role(root):
    form = {"username": "ben", "password1": "a horse of 17 hands", "password2": "a horse of 17 hands"}
    empty = inline("page_memberships", page="", role="viewer")
    response = root.post("/admin/auth/user/add/", {**form, **empty, "usable_password": "true"})
    assert response.status_code == 302, response.context["errors"]
    assert not PageMember.objects.exists()


def inline(prefix: str, **fields) -> dict:
    management = {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": int("id" in fields)}
    return management | {f"{prefix}-0-{name}": value for name, value in fields.items()}


def test_roles_are_added_changed_and_removed_on_the_user_page(root):
    anna, page = UserFactory(username="anna"), PageFactory()
    url = f"/admin/auth/user/{anna.pk}/change/"
    user_form = {
        "username": "anna",
        "is_active": "on",
        "date_joined_0": "2024-05-17",
        "date_joined_1": "12:00",
    }
    rows = "page_memberships"

    def send(**fields):
        response = root.post(url, {**user_form, **inline(rows, user=anna.pk, **fields)})
        assert response.status_code == 302, response.context["errors"]
        return list(PageMember.objects.values_list("page", "user", "role", "pk"))

    [(*row, pk)] = send(page=page.pk, role="tagger")
    assert row == [page.pk, anna.pk, "tagger"]
    assert send(page=page.pk, role="manager", id=pk) == [(page.pk, anna.pk, "manager", pk)]
    assert send(page=page.pk, role="manager", id=pk, DELETE="on") == []


def test_roles_are_added_and_removed_in_the_admin_of_pages(root):
    anna, page = UserFactory(username="anna"), PageFactory()
    url = f"/admin/conversations/page/{page.pk}/change/"
    form = {"name": "Shop", **inline("members", page=page.pk, user=anna.pk, role="viewer")}
    assert root.post(url, form).status_code == 302
    row = PageMember.objects.get(page=page, user=anna, role="viewer")
    removal = inline("members", page=page.pk, user=anna.pk, role="viewer", id=row.pk, DELETE="on")
    assert root.post(url, {"name": "Shop", **removal}).status_code == 302
    assert not PageMember.objects.exists()


def test_superusers_cannot_remove_their_own_permissions(root):
    boss = User.objects.get()
    form = {"username": boss.username, **inline("page_memberships")}
    form |= {"page_memberships-TOTAL_FORMS": 0, "date_joined_0": "2024-05-17", "date_joined_1": "12:00"}
    assert root.post(f"/admin/auth/user/{boss.pk}/change/", form).status_code == 302
    boss.refresh_from_db()
    assert (boss.is_active, boss.is_staff, boss.is_superuser) == (True, True, True)


def test_only_what_deviates_has_a_badge(root):
    UserFactory(username="anna")
    assert "Inactive" not in list_of_users(root)
    UserFactory(username="ben", is_active=False)
    assert "Inactive" in list_of_users(root)


def list_of_users(root) -> str:
    return root.get("/admin/auth/user/").content.decode().partition("<tbody")[2]


def test_groups_have_no_page(root):
    Group.objects.create(name="Shop")
    assert root.get("/admin/auth/group/").status_code == 404
    assert "/admin/auth/group/" not in root.get("/admin/").content.decode()
    assert root.get("/admin/auth/user/").status_code == 200


def test_keys_are_listed_and_ended_but_never_shown(root):
    row, key = ApiKey.issue(UserFactory(username="anna"), "Report")
    for route, status in (("", 200), (f"{row.pk}/change/", 403), (f"{row.pk}/history/", 403)):
        response = root.get(f"/admin/accounts/apikey/{route}")
        assert response.status_code == status
        assert key not in response.content.decode()
    form = {"action": "end", "_selected_action": [row.pk], "index": 0, "select_across": 0}
    assert "Ended 1 key." in root.post("/admin/accounts/apikey/", form, follow=True).content.decode()
    assert not ApiKey.objects.exists()


def run_action(root, action: str, user) -> str:
    form = {"action": action, "_selected_action": [user.pk], "index": 0, "select_across": 0}
    return root.post("/admin/auth/user/", form, follow=True).content.decode()


def test_superusers_log_users_out_and_remove_a_lost_second_factor(root):
    anna = UserFactory(username="anna")
    hers = Client()
    hers.force_login(anna)
    assert "Logged out." in run_action(root, "log_out", anna)
    assert hers.get("/account/keys").status_code == 302
    second_factor.turn_on(anna, second_factor.new_secret(), 0)
    assert "Removed the second factor of 1 user." in run_action(root, "remove_second_factor", anna)
    assert not second_factor.authenticator_of(anna)


def test_new_password_of_a_user_ends_sessions_and_keys_unless_they_are_kept(root):
    anna = UserFactory(username="anna")
    ApiKey.issue(anna, "Report")
    url = f"/admin/auth/user/{anna.pk}/password/"
    form = {"password1": "a horse of 17 hands", "password2": "a horse of 17 hands", "usable_password": "true"}
    assert root.post(url, {**form, "set-password": "1", "keep_keys": "on"}).status_code == 302
    assert ApiKey.objects.exists()
    assert root.post(url, {**form, "set-password": "1"}).status_code == 302
    assert not ApiKey.objects.exists()
    assert {"password_changed", "key_ended"} <= set(AuditEntry.objects.values_list("action", flat=True))


def test_user_is_invited_by_mail(root, settings):
    assert 'name="invite"' not in root.get("/admin/auth/user/add/").content.decode()
    settings.EMAIL_URL = "memory://"
    form = {"username": "berta", "email": "", "invite": "on", "password1": "", "password2": ""}
    form |= inline("page_memberships", page="", role="viewer")
    assert "needs a mail address" in root.post("/admin/auth/user/add/", form).content.decode()
    response = root.post("/admin/auth/user/add/", {**form, "email": "berta@example.com"})
    assert response.status_code == 302, response.context["errors"]
    berta = User.objects.get(username="berta")
    assert not berta.has_usable_password()
    [job] = ProcrastinateJob.objects.filter(task_name="send_password_mail")
    assert job.args["template"] == "invitation"


def test_jobs_are_read_only(root):
    request_sync(PageFactory(), trigger="api")
    response = root.get("/admin/procrastinate/procrastinatejob/", {"status": "todo"})
    [job] = [job for job in response.context["cl"].result_list if job.task_name == "sync_page"]
    assert root.get(f"/admin/procrastinate/procrastinatejob/{job.pk}/change/").status_code == 200
    assert root.post(f"/admin/procrastinate/procrastinatejob/{job.pk}/delete/").status_code == 403
    assert root.get("/admin/procrastinate/procrastinatejob/add/").status_code == 403
