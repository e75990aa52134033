import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from rest_framework.authtoken.models import Token

from conversations.jobs import request_sync
from conversations.models import PageMember
from tests.factories import PageFactory, UserFactory, superuser

pytestmark = pytest.mark.django_db


@pytest.fixture
def root():
    client = Client()
    client.force_login(superuser())
    return client


def test_superusers_make_people_who_are_not_deleted_but_made_inactive(root):
    form = {"username": "anna", "password1": "a horse of 17 hands", "password2": "a horse of 17 hands"}
    answer = root.post("/admin/auth/user/add/", {**form, "usable_password": "true"})
    assert answer.status_code == 302, answer.context["errors"]
    anna = User.objects.get(username="anna")
    assert root.get(f"/admin/auth/user/{anna.pk}/change/").status_code == 200
    assert root.get(f"/admin/auth/user/{anna.pk}/password/").status_code == 200
    assert root.post(f"/admin/auth/user/{anna.pk}/delete/", {"post": "yes"}).status_code == 403


def inline(prefix: str, **fields) -> dict:
    made = {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": int("id" in fields)}
    return made | {f"{prefix}-0-{name}": value for name, value in fields.items()}


def test_roles_are_given_changed_and_taken_at_the_person(root):
    anna, page = UserFactory(username="anna"), PageFactory()
    address = f"/admin/auth/user/{anna.pk}/change/"
    person = {"username": "anna", "is_active": "on", "date_joined_0": "2024-05-17", "date_joined_1": "12:00"}
    rows = "page_memberships"

    def send(**fields):
        answer = root.post(address, {**person, **inline(rows, user=anna.pk, **fields)})
        assert answer.status_code == 302, answer.context["errors"]
        return list(PageMember.objects.values_list("page", "user", "role", "pk"))

    [(*given, pk)] = send(page=page.pk, role="tagger")
    assert given == [page.pk, anna.pk, "tagger"]
    assert send(page=page.pk, role="manager", id=pk) == [(page.pk, anna.pk, "manager", pk)]
    assert send(page=page.pk, role="manager", id=pk, DELETE="on") == []


def test_roles_are_given_and_taken_at_the_page(root):
    anna, page = UserFactory(username="anna"), PageFactory()
    address = f"/admin/conversations/page/{page.pk}/change/"
    sent = {"name": "Shop", **inline("members", page=page.pk, user=anna.pk, role="viewer")}
    assert root.post(address, sent).status_code == 302
    row = PageMember.objects.get(page=page, user=anna, role="viewer")
    gone = inline("members", page=page.pk, user=anna.pk, role="viewer", id=row.pk, DELETE="on")
    assert root.post(address, {"name": "Shop", **gone}).status_code == 302
    assert not PageMember.objects.exists()


def test_nobody_takes_his_own_rights_away(root):
    boss = User.objects.get()
    form = {"username": boss.username, **inline("page_memberships")}
    form |= {"page_memberships-TOTAL_FORMS": 0, "date_joined_0": "2024-05-17", "date_joined_1": "12:00"}
    assert root.post(f"/admin/auth/user/{boss.pk}/change/", form).status_code == 302
    boss.refresh_from_db()
    assert (boss.is_active, boss.is_staff, boss.is_superuser) == (True, True, True)


def test_groups_open(root):
    assert root.post("/admin/auth/group/add/", {"name": "Shop"}).status_code == 302
    assert root.get(f"/admin/auth/group/{Group.objects.get().pk}/change/").status_code == 200


def test_keys_are_listed_without_being_shown_and_revoked(root):
    token = Token.objects.create(user=UserFactory(username="anna"))
    of_user, of_key = f"{token.user_id}/change/", f"{token.key}/change/"
    for route, status in (("", 200), (of_user, 302), (of_key, 403), (f"{token.key}/history/", 403)):
        answer = root.get(f"/admin/authtoken/tokenproxy/{route}")
        assert answer.status_code == status
        assert token.key not in answer.content.decode()
    form = {"action": "revoke", "_selected_action": [token.user_id], "index": 0, "select_across": 0}
    answer = root.post("/admin/authtoken/tokenproxy/", form, follow=True)
    assert "Revoked 1 key." in answer.content.decode()
    assert token.key not in answer.content.decode()
    assert not Token.objects.exists()


def test_jobs_are_looked_at_only(root):
    request_sync(PageFactory(), trigger="api")
    answer = root.get("/admin/procrastinate/procrastinatejob/", {"status": "todo"})
    [job] = [job for job in answer.context["cl"].result_list if job.task_name == "sync_page"]
    assert root.get(f"/admin/procrastinate/procrastinatejob/{job.pk}/change/").status_code == 200
    assert root.post(f"/admin/procrastinate/procrastinatejob/{job.pk}/delete/").status_code == 403
    assert root.get("/admin/procrastinate/procrastinatejob/add/").status_code == 403
