import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import PageFactory, member, superuser


@pytest.fixture
def page(db):
    return PageFactory(name="Demo Shop")


@pytest.fixture
def staff(page):
    """Log in a member with this role on the Page, without any Django permission; return the client."""

    def log_in(role: str, on=page) -> Browser:
        user = member(on, role)
        user.is_staff = True
        user.save()
        return log_in_as(user)

    return log_in


@pytest.fixture
def root(db):
    return log_in_as(superuser())


class Browser(Client):
    user: User


def log_in_as(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user)
    browser.user = user
    return browser
