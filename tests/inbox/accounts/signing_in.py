"""A person with a password, and what a browser does with it."""

from django.test import Client

from inbox.accounts.models import Authenticator, totp_of
from tests.factories import UserFactory

PASSWORD = "correct horse battery"
NEW = "another horse battery"


def create_anna(**fields):
    user = UserFactory(username="anna", **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(password: str = PASSWORD, name: str = "anna", client: Client | None = None, **form):
    client = client or Client()
    return client, client.post("/login", {"username": name, "password": password, **form})


def is_in(client: Client) -> bool:
    return client.get("/api/pages").status_code == 200


def age_confirmation(client: Client) -> None:
    session = client.session
    session["confirmed_at"] -= 15 * 60
    session.save()


def code_of(user) -> str:
    return f"{totp_of(Authenticator.objects.get(user=user).secret).token():06}"
