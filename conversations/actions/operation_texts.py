"""What bulk operations say: how far they are, and how they ended."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from conversations.models import BulkOperation, Conversation

Kind, State = BulkOperation.Action, BulkOperation.State
# What an operation has done, and with further sentences how far it is.
SENTENCES: dict[str, Promise] = {
    Kind.ASSIGN: _("Tagged %(conversations)s."),
    Kind.REMOVE: _("Untagged %(conversations)s."),
    Kind.REPLACE: _("Replaced the tags of %(conversations)s."),
    Kind.UNDO: _("Restored %(conversations)s."),
}
STATUS_SENTENCES: dict[str, Promise] = {
    Conversation.Status.DONE: _("Marked as done: %(conversations)s."),
    Conversation.Status.ACTIVE: _("Marked as active: %(conversations)s."),
}
ASSIGNED, UNASSIGNED = _("Assigned %(conversations)s."), _("Unassigned %(conversations)s.")
SNOOZED, SNOOZE_ENDED = _("Snoozed %(conversations)s."), _("Ended the snooze of %(conversations)s.")
MARKED_READ = _("Marked as read: %(conversations)s.")
MARKED_UNREAD = _("Marked as unread: %(conversations)s.")


def describe(operation: BulkOperation) -> str:
    """Say in one or two sentences how far an operation is, or how it ended."""
    done = str(
        sentence_of(operation.action, operation.arguments)
        % {"conversations": conversations(operation.changed)}
    )
    if operation.state == State.COMPLETE:
        deleted = operation.arguments.get("deletes")
        return (
            gettext("Deleted the tag %(tag)s. %(done)s") % {"tag": deleted, "done": done} if deleted else done
        )
    matched = conversations(operation.matched)
    if operation.state == State.QUEUED:
        return gettext("Queued: %(conversations)s.") % {"conversations": matched}
    parts = {
        "done": done.removesuffix("."),
        "processed": f"{operation.processed:,}",
        "conversations": matched,
        "error": operation.error,
    }
    if operation.state == State.RUNNING:
        return gettext("%(done)s so far; %(processed)s of %(conversations)s processed.") % parts
    parts["done"] = parts["done"][0].lower() + parts["done"][1:]
    if operation.state == State.CANCELLED:
        text = gettext("Cancelled: %(done)s; %(processed)s of %(conversations)s processed. %(error)s")
    else:
        text = gettext("Failed: %(done)s; %(processed)s of %(conversations)s processed. %(error)s")
    return (text % parts).rstrip()


def sentence_of(action: str, arguments: Mapping[str, Any]) -> Promise:
    """Return what an action says that it has done, with `%(conversations)s`."""
    if action == Kind.STATUS:
        return STATUS_SENTENCES[arguments["status"]]
    if action == Kind.ASSIGNEE:
        return ASSIGNED if arguments["userId"] else UNASSIGNED
    if action == Kind.SNOOZE:
        return SNOOZED if arguments["until"] else SNOOZE_ENDED
    if action == Kind.READ:
        return MARKED_READ if arguments["read"] else MARKED_UNREAD
    return SENTENCES[action]


def conversations(number: int) -> str:
    return ngettext("%(number)s conversation", "%(number)s conversations", number) % {"number": f"{number:,}"}
