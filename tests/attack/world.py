"""A Page with one of everything, and the people who try to reach it."""

from itertools import count
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from conversations.actions.tagging import tag_conversations
from conversations.models import Alert, CallBudget, Page, SavedReply, SavedView
from conversations.models.aliases import ConversationAlias, RemovedConversation
from conversations.models.audit import Action, AuditEntry
from conversations.models.privacy import Erasure
from inbox.accounts.models import ApiKey
from tests.factories import (
    ConversationFactory,
    EventFactory,
    ExportFactory,
    OutgoingMessageFactory,
    PageFactory,
    PageMemberFactory,
    SyncRunFactory,
    TagFactory,
    UserFactory,
)

CUSTOMER, MESSAGE = "Ada Musterfrau", "Hello you, it is about the red boat"
SECRET = "EAAtokenOfThePage"
NEVER = [SECRET, "pbkdf2_sha256$"]  # in no answer to anybody
ROLES = ["viewer", "tagger", "agent", "manager"]

_numbers = count(1)


def create_page(people: dict[str, User] | None = None) -> dict[str, object]:
    """Create the Page with its rows, on which these people have their roles. Return the ids by name."""
    number = next(_numbers)
    page = PageFactory(name="Shop", facebook_page_id=f"8{number:014}", access_token=SECRET)
    for role in ROLES:
        if people:
            PageMemberFactory(page=page, user=people[role], role=role)
    return ids_of(page, number) | admin_ids(page)


def ids_of(page: Page, number: int) -> dict[str, object]:
    conversation = ConversationFactory(page=page, sender_name=CUSTOMER)
    # Just now, so that it may be answered.
    event = EventFactory(conversation=conversation, text=MESSAGE, occurred_at=timezone.now())
    tag = TagFactory(name=f"VIP {number}")
    tag_conversations([conversation.pk], [tag], actor=None)
    colleague = UserFactory(username=f"colleague{number}")
    PageMemberFactory(page=page, user=colleague, role="viewer")
    tag_row = conversation.tag_rows.get()
    note = EventFactory(
        conversation=conversation, kind="note_added", graph_id=None, text="She likes red", actor=colleague
    )
    view = SavedView.objects.create(name=f"Old {number}", owner=colleague, page=page, is_shared=True)
    reply = SavedReply.objects.create(name=f"Old {number}", text="Hi", maker=colleague, page=page)
    return {
        "number": number,
        "page": page.pk,
        "facebook": page.facebook_page_id,
        "conversation": conversation.pk,
        "event": event.pk,
        "note": note.pk,
        "message": OutgoingMessageFactory(conversation=conversation, text="On its way").pk,
        "failed": OutgoingMessageFactory(conversation=conversation, state="failed").pk,
        "tag": tag.pk,
        "tagrow": tag_row.pk,
        "act": tag_row.act,
        "thread": page.threads.create(graph_id=f"t_{number}", conversation=conversation).pk,
        "run": SyncRunFactory(page=page, status="error", error="Facebook says no").pk,
        "reply": reply.pk,
        "view": view.pk,
        "export": ExportFactory(actor=colleague, page_ids=[page.pk]).pk,
        "erasure": Erasure.objects.create(
            kind="person", page=page, facebook_page_id="9", ended_at=timezone.now()
        ).pk,
        "colleague": colleague.pk,
        "newcomer": UserFactory(username=f"newcomer{number}").pk,
        "key": ApiKey.issue(colleague, "Report")[0].pk,
    }


def admin_ids(page: Page) -> dict[str, object]:
    """Rows of the tables that only the admin shows."""
    conversation = page.conversations.get()
    alias = ConversationAlias.objects.create(page=page, conversation=conversation, sender_id="another")
    removed = RemovedConversation.objects.create(
        page=page, conversation=conversation, kind="joined", removed_id=1, sender_id="removed"
    )
    alert = Alert.objects.create(page=page, cause="token", sentence="Inbox can no longer read it.")
    imported = page.imported_threads.create(thread_id="77", conversation=conversation, state="matched")
    budget = CallBudget.objects.create(facebook_page_id=page.facebook_page_id, platform="messenger")
    return {
        "alert": alert.pk,
        "alias": alias.pk,
        "imported": imported.pk,
        "removed": removed.pk,
        "delivery": page.deliveries.create(body=b"{}", state="done").pk,
        "budget": budget.pk,
        "audit": AuditEntry.objects.create(action=Action.EXPORTED).pk,
        "job": create_job(),
        "signin": AccessLog.objects.create(username="somebody").pk,
        "failure": AccessFailureLog.objects.create(username="somebody").pk,
        "attempt": AccessAttempt.objects.create(
            username=f"somebody{page.pk}", get_data="", post_data="", failures_since_start=1
        ).pk,
    }


def create_job() -> int:
    """A job that is done: no worker takes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)"
            " VALUES ('attack', 'attack', '{}', 'succeeded') RETURNING id"
        )
        [[row]] = cursor.fetchall()
    return row


def create_people() -> dict[str, User]:
    """Create a user for each kind of person but the stranger. Their roles come with each Page."""
    names = ["ended", "nobody", "staff", "other", *ROLES, "superuser"]
    people: dict[str, Any] = {
        name: UserFactory(username=name, is_staff=name != "nobody", is_superuser=name == "superuser")
        for name in names
    }
    PageMemberFactory(user=people["other"], role="manager")
    return people


def filled(value, ids: dict):
    """Fill `{name}` in all texts with the id of that name."""
    if isinstance(value, dict):
        return {key: filled(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, ids) for item in value]
    return value.format(**ids) if isinstance(value, str) else value
