"""Runs actions on many conversations: which they are, whether the user may change them, and the response."""

import uuid
from collections.abc import Callable, Iterable

from django.db import transaction
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from conversations.actions import bulk_operations, operation_texts
from conversations.actions.bulk_tasks import request_work
from conversations.actions.targets import (
    Targets,
    count_targets,
    page_ids_of,
    targets_by_id,
    targets_matching,
)
from conversations.api.query_params import criteria_for
from conversations.api.serializers.bulk import BulkOperationSerializer
from conversations.models import BulkOperation, Conversation
from conversations.models.audit import Action, record
from conversations.permissions import TAGGER, page_ids, require_role
from conversations.search.parsing import MAX_ID


def bulk_response(
    sentence: str | Promise, matched: int, changed: int, operation: uuid.UUID | None
) -> Response:
    """`sentence` says what was done, with `%(conversations)s`."""
    message = sentence % {"conversations": operation_texts.conversations(changed)}
    undoable = operation if changed else None
    body = {"success": True, "message": message, "matched": matched, "changed": changed, "act": undoable}
    return Response(body)


def accepted(operation: BulkOperation) -> Response:
    """Let a worker do the operation, and say where it can be watched."""
    request_work()
    headers = {"Location": reverse("operation", args=[operation.operation])}
    return Response(BulkOperationSerializer(operation).data, status.HTTP_202_ACCEPTED, headers=headers)


def run_bulk_action(
    user,
    body: dict,
    sentence: str | Promise,
    *,
    count_changes: Callable[[Targets], int],
    change: Callable[[Targets, uuid.UUID], set[int]],
    start: Callable[[Targets, dict], BulkOperation],
    check: Callable[[Targets], None] = lambda targets: None,
    is_undoable: bool = True,
) -> Response:
    """Change the conversations that the body selects or, with `dry_run`, count the changes.

    `start` starts to change more of them than one transaction should. `check` raises ValidationError if the
    change is not possible on all of them.
    """
    operation = uuid.uuid4()
    with transaction.atomic():
        targets = authorized_targets(user, body)
        matched = count_targets(targets)
        check(targets)
        if body["dry_run"]:
            return bulk_response(
                gettext("Would change %(conversations)s."), matched, count_changes(targets), None
            )
        if matched > bulk_operations.MAX_AT_ONCE:
            return accepted(start_authorized(user, body, targets, start))
        changed = change(targets, operation)
        if "filter" in body:  # others may match now
            require_role(user, targets_by_id(changed).page_ids, TAGGER)
        undoable = operation if is_undoable else None
        record_bulk_change(user, body, undoable, matched, len(changed))
    return bulk_response(sentence, matched, len(changed), undoable)


def start_authorized(
    user, body: dict, targets: Targets, start: Callable[[Targets, dict], BulkOperation]
) -> BulkOperation:
    """Start the operation, unless it has chosen a conversation that the user may not change."""
    operation = start(targets, audited(body))
    require_role(user, operation.page_ids, TAGGER)
    return operation


def audited(body: dict) -> dict:
    """What the audit log keeps of a body: the filter instead of IDs where there was one."""
    return {name: value for name, value in body.items() if name not in ("conversationIds", "dry_run")}


def record_bulk_change(user, body: dict, operation: uuid.UUID | None, matched: int, changed: int) -> None:
    details = audited(body)
    record(Action.BULK_CHANGED, actor=user, operation=operation, matched=matched, changed=changed, **details)


def authorized_targets(user, body: dict) -> Targets:
    """Return the conversations that the body selects by `conversationIds` or by `filter`.

    Raises NotFound if the user may not see one of them, and PermissionDenied if the user may not change one.
    """
    if "filter" in body:
        targets = targets_matching(criteria_for(user, body["filter"]))
        require_role(user, page_ids_of(targets), TAGGER)
        return targets
    pages = pages_of_visible(user, body["conversationIds"])
    require_role(user, pages.values(), TAGGER)
    return targets_by_id(sorted(pages))


def pages_of_visible(user, conversation_ids: Iterable[int]) -> dict[int, int]:
    """Return the Page of each of these conversations. Raises NotFound if the user may not see one."""
    requested = set(conversation_ids)
    visible = Conversation.objects.for_pages(page_ids(user))
    pages = dict(visible.filter(pk__in=storable_ids(requested)).values_list("pk", "page_id"))
    if missing := requested - pages.keys():
        raise NotFound(gettext("Conversation %(id)s not found; nothing was changed.") % {"id": min(missing)})
    return pages


def storable_ids(ids) -> list[int]:
    """Drop IDs that are too large for the database."""
    return [number for number in ids if number <= MAX_ID]
