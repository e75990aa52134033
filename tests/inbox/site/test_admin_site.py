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
