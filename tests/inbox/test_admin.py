import pytest

from tests.factories import UserFactory, superuser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/admin/", "/admin/conversations/page/?q=x"])
def test_strangers_are_led_to_the_one_login(client, address):
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login?next=/admin/")


def test_admins_own_login_leads_there_too(client):
    assert client.get("/admin/login/")["Location"] == "/login"
    assert client.post("/admin/login/", {"username": "a", "password": "b"})["Location"] == "/login"


def test_who_is_no_staff_is_told_so_and_not_sent_round(client):
    client.force_login(UserFactory(username="anna"))
    answer = client.get("/admin/")
    assert answer.status_code == 403
    assert b"anna" in answer.content
    assert b'action="/logout"' in answer.content


def test_staff_come_in_and_log_out(client):
    client.force_login(superuser())
    assert client.get("/admin/").status_code == 200
    assert client.post("/admin/logout/")["Location"] == "/login"


def test_staff_without_any_page_see_an_empty_house(client):
    client.force_login(UserFactory(is_staff=True))
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/conversations/conversation/").status_code == 200
    assert client.get("/admin/auth/user/").status_code == 403
