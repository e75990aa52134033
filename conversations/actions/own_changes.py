"""What a user has changed on conversations, newest first, so that it can be undone: from the audit log."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.actions.operation_texts import conversations
from conversations.models import AuditEntry
from conversations.models.audit import Action
from tags.models import Tag

MAX_ENTRIES = 200  # that are read; those that changed nothing are left out
TAGGED = {
    "assign": _("Tagged %(conversations)s"),
    "remove": _("Untagged %(conversations)s"),
    "replace": _("Replaced the tags of %(conversations)s"),
}
STATUS_SET = {"done": _("Marked as done: %(conversations)s"), "active": _("Reopened: %(conversations)s")}
CHANGED = _("Changed: %(conversations)s")
SNOOZED, SNOOZE_ENDED = _("Snoozed %(conversations)s"), _("Ended the snooze of %(conversations)s")


def own_changes(user, limit: int = 50) -> list[dict]:
    """Return the newest changes by this user that can be undone, of any number of conversations."""
    kinds = [Action.BULK_CHANGED, Action.BULK_UNDONE]
    entries = list(AuditEntry.objects.filter(actor_id=user.pk, action__in=kinds).newest_first()[:MAX_ENTRIES])
    undone = {entry.details.get("operation") for entry in entries if entry.action == Action.BULK_UNDONE}
    changes = [entry for entry in entries if entry.action == Action.BULK_CHANGED and has_changed(entry)]
    names, users = tag_names(changes[:limit]), user_names(changes[:limit])
    return [as_change(entry, names, users, undone) for entry in changes[:limit]]


def has_changed(entry: AuditEntry) -> bool:
    is_mark = "read" in entry.details  # which cannot be undone
    return bool(entry.details.get("operation") and entry.details.get("changed") and not is_mark)


def tag_names(entries: Iterable[AuditEntry]) -> dict[int, str]:
    ids = {pk for entry in entries for pk in entry.details.get("tagIds", ())}
    return dict(Tag.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def user_names(entries: Iterable[AuditEntry]) -> dict[int, str]:
    ids = {entry.details.get("userId") for entry in entries} - {None}
    users = get_user_model().objects.filter(pk__in=ids)
    return {user.pk: user.get_username() for user in users} if ids else {}


def as_change(entry: AuditEntry, names: dict[int, str], users: dict[int, str], undone: set) -> dict:
    details = entry.details
    return {
        "act": details["operation"],
        "message": describe_change(details, names, users),
        "matched": details.get("matched", details["changed"]),
        "changed": details["changed"],
        "created_at": entry.at,
        "undone": details["operation"] in undone,
    }


def describe_change(details: dict, names: dict[int, str], users: dict[int, str]) -> str:
    """Say what was done: "Tagged 3 conversations: VIP, Late"."""
    changed = {"conversations": conversations(details["changed"])}
    action = details.get("action", "")
    status = details.get("status") or details.get("conversation_status") or action
    if "userId" in details:
        return describe_assigning(details["userId"], changed, users)
    if {"until", "snoozed_until"} & details.keys():
        is_snoozed = details.get("until") or details.get("snoozed_until")
        return str((SNOOZED if is_snoozed else SNOOZE_ENDED) % changed)
    if action not in TAGGED:
        return str(STATUS_SET.get(status, CHANGED) % changed)
    tags = ", ".join(names[pk] for pk in details.get("tagIds", ()) if pk in names)
    return f"{TAGGED[action] % changed}: {tags}".removesuffix(": ")


def describe_assigning(user_id: int | None, changed: dict[str, str], users: dict[int, str]) -> str:
    if user_id is None:
        return gettext("Unassigned %(conversations)s") % changed
    names = {"user": users.get(user_id) or gettext("a deleted user")}
    return gettext("Assigned %(conversations)s: %(user)s") % (changed | names)
