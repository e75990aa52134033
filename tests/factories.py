"""Factories of rows with readable defaults, and an API client for a user."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from conversations import models
from conversations.sync.load.transform import search_text
from inbox.accounts.models import ApiKey
from tags.models import Tag, free_slug

Factory: Any = factory.django.DjangoModelFactory  # its type hints do not state that a call returns a row
NOON = datetime(2024, 5, 17, 12, tzinfo=UTC)


class UserFactory(Factory):
    class Meta:
        model = get_user_model()

    username = factory.Sequence("anna{}".format)


class PageFactory(Factory):
    class Meta:
        model = models.Page

    facebook_page_id = factory.Sequence("70000000000{:04}".format)
    name = factory.Sequence("Shop {}".format)
    access_token = "EAAtokenOfThePage"
    # It is not due for its daily checks, which a worker would do at any time.
    access_checked_at = factory.LazyFunction(timezone.now)
    next_subscription_check = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


class PageMemberFactory(Factory):
    class Meta:
        model = models.PageMember

    page = factory.SubFactory(PageFactory)
    user = factory.SubFactory(UserFactory)
    role = "viewer"


class ConversationFactory(Factory):
    class Meta:
        model = models.Conversation

    page = factory.SubFactory(PageFactory)
    sender_id = factory.Sequence("100{:05}".format)
    graph_id = factory.Sequence("t_{}".format)
    sender_name = factory.Sequence("Customer {}".format)
    last_message = "Is it still for sale?"
    last_message_time = factory.Sequence(lambda number: NOON + timedelta(minutes=number))
    message_count = 3
    search = factory.LazyAttribute(search_text)


class EventFactory(Factory):
    class Meta:
        model = models.InteractionEvent

    conversation = factory.SubFactory(ConversationFactory)
    kind = "message_received"
    graph_id = factory.Sequence("m_{}".format)
    occurred_at = factory.Sequence(lambda number: NOON + timedelta(minutes=number))
    text = "Hello"


class TagFactory(Factory):
    class Meta:
        model = Tag

    name = factory.Sequence("Label {}".format)
    slug = factory.LazyAttribute(lambda tag: free_slug(tag.name))


class SyncRunFactory(Factory):
    class Meta:
        model = models.SyncRun

    page = factory.SubFactory(PageFactory)
    mode = "full"
    trigger = "command"
    status = "complete"
    started_at = NOON
    ended_at = NOON + timedelta(seconds=90)


class ExportFactory(Factory):
    """A file that is complete, and empty."""

    class Meta:
        model = models.Export

    actor = factory.SubFactory(UserFactory)
    what = "messages"
    format = "csv"
    page_ids: list[int] = []
    state = "complete"
    ended_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


class OutgoingMessageFactory(Factory):
    """A message that is not due before tomorrow, so that no worker sends it."""

    class Meta:
        model = models.OutgoingMessage

    conversation = factory.SubFactory(ConversationFactory)
    author = factory.SubFactory(UserFactory)
    client_id = factory.LazyFunction(uuid.uuid4)
    digest = "unknown"
    text = "It is"
    due_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


def member(page: models.Page, role: str = "viewer") -> User:
    """Create a user with this role on the Page."""
    user = UserFactory()
    PageMemberFactory(page=page, user=user, role=role)
    return user


def superuser() -> User:
    return UserFactory(is_superuser=True, is_staff=True)


def new_key(user: Any) -> str:
    """Create an API key of this user that may write, and return it. Its next use writes nothing."""
    row, key = ApiKey.issue(user, "test")
    row.note_use()
    return key


def api(user: User | None) -> APIClient:
    """Return an API client with the token of this user, or without a token for None."""
    client = APIClient()
    if user is not None:
        client.credentials(HTTP_AUTHORIZATION=f"Token {new_key(user)}")
    return client
