"""Access to the admin site."""

import pytest

from tests.factories import UserFactory, superuser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("url", ["/admin/", "/admin/conversations/page/?q=x"])
def test_anonymous_users_are_redirected_to_the_login(client, url):
    response = client.get(url)
    assert response.status_code == 302
    assert response["Location"].startswith("/login?next=/admin/")


def test_login_of_django_admin_redirects_to_our_login(client):
    assert client.get("/admin/login/")["Location"] == "/login"
    assert client.post("/admin/login/", {"username": "a", "password": "b"})["Location"] == "/login"


def test_users_without_staff_status_get_an_error_page(client):
    client.force_login(UserFactory(username="anna"))
    response = client.get("/admin/")
    assert response.status_code == 403
    assert b"anna" in response.content
    assert b'action="/logout"' in response.content


def test_staff_can_open_the_admin_and_log_out(client):
    client.force_login(superuser())
    assert client.get("/admin/").status_code == 200
    assert client.post("/admin/logout/")["Location"] == "/login"


def test_staff_without_a_page_see_empty_lists(client):
    client.force_login(UserFactory(is_staff=True))
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/conversations/conversation/").status_code == 200
    assert client.get("/admin/auth/user/").status_code == 403


def menu_of(client, url: str = "/admin/") -> dict[str, list[str]]:
    groups = client.get(url).context["sidebar_navigation"]
    return {group["title"]: [item["title"] for item in group["items"]] for group in groups}


def test_sidebar_has_four_groups_with_the_machinery_under_system(client):
    client.force_login(superuser())
    menu = menu_of(client)
    assert list(menu) == ["Inbox", "Pages", "People", "System"]
    assert menu["Inbox"] == ["Inbox", "Conversations", "Saved views", "Saved replies", "Tags", "Exports"]
    pages = ["Pages", "Connect a Page", "Sync runs", "Alerts", "Imported threads", "Erasures"]
    assert menu["Pages"] == pages
    assert {"Jobs", "Outbox"} <= set(menu["System"])
    groups = client.get("/admin/").context["sidebar_navigation"]
    assert [group["title"] for group in groups if group["collapsible"]] == ["System"]


def test_sidebar_has_no_empty_group(client):
    client.force_login(UserFactory(is_staff=True))
    assert list(menu_of(client)) == ["Inbox", "Pages", "System"]
