"""The own password, forgotten ones, and mails."""

import re

import pytest
from django.core import mail
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from inbox.accounts import mails
from tests.factories import superuser
from tests.inbox.accounts.signing_in import (
    NEW,
    PASSWORD,
    create_anna,
    is_in,
    log_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna():
    return create_anna(email="anna@example.com", is_staff=True)


def change(client: Client, old: str = PASSWORD, new: str = NEW):
    return client.post("/account/password", {"old_password": old, "new_password1": new, "new_password2": new})


def test_own_password_is_changed_and_ends_the_other_sessions(anna):
    here, there = log_in()[0], log_in()[0]
    assert "not your present password" in change(here, old="wrong").content.decode()
    assert change(here, new="short").context["form"].errors
    assert change(here).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert log_in(NEW)[1].status_code == 302


def test_wrong_present_passwords_are_counted(anna):
    client = log_in()[0]
    assert [change(client, old="wrong").status_code for _ in range(5)][-1] == 429
    assert change(client).status_code == 429


def test_admin_leads_to_the_own_password_page(anna):
    root = Client()
    boss = superuser()
    root.force_login(boss)
    for route in ("/admin/password_change/", f"/admin/auth/user/{boss.pk}/password/"):
        assert root.get(route)["Location"] == "/account/password"


def test_forgotten_password_is_set_by_a_link_that_works_once(anna, settings):
    client = log_in()[0]
    assert Client().get("/login/forgotten").status_code == 404
    assert "Forgotten" not in Client().get("/login").content.decode()
    settings.EMAIL_URL = "memory://"
    settings.PUBLIC_URL = "https://inbox.example.com"
    assert "/login/forgotten" in Client().get("/login").content.decode()
    texts = {
        re.sub(r'value="\w{64}"', "", Client().post("/login/forgotten", {"name": name}).content.decode())
        for name in ("anna", "ANNA@example.com", "nobody")
    }
    assert len(texts) == 1
    [job] = ProcrastinateJob.objects.filter(task_name="send_password_mail")  # one within five minutes
    mails.send(**job.args)
    [message] = mail.outbox
    assert message.to == ["anna@example.com"]
    [path] = re.findall(r"https://inbox\.example\.com(/login/new-password/\S+)", message.body)
    forgetful = Client()
    form = forgetful.get(path, follow=True)
    url = form.redirect_chain[-1][0]
    assert forgetful.post(url, {"new_password1": NEW, "new_password2": NEW})["Location"] == "/login"
    assert not is_in(client)
    assert not is_in(forgetful)
    assert "used before" in Client().get(path, follow=True).content.decode()
    assert log_in(NEW)[1].status_code == 302


def test_mails_are_bounded_by_address(anna, settings):
    settings.EMAIL_URL = "memory://"
    codes = [Client().post("/login/forgotten", {"name": f"user{n}"}).status_code for n in range(6)]
    assert codes == [200] * 5 + [429]
    assert log_in()[1].status_code == 302  # that was no guess at Anna's password
