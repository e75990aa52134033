"""Actions on many conversations: on the selected ones, or on all that match the filters.

The user confirms the number of conversations before, and gets a link to undo the operation after it.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelectMultipleWidget, UnfoldAdminSelectWidget

from conversations.actions import bulk_operations
from conversations.actions.assigning import assign_conversations
from conversations.actions.bulk_operations import (
    describe,
    start_assigning,
    start_marking,
    start_snooze,
    start_status,
    start_tagging,
)
from conversations.actions.bulk_tasks import request_work
from conversations.actions.reading import count_read_changes, mark_read
from conversations.actions.snoozing import snooze
from conversations.actions.status import change_status, count_status_changes
from conversations.actions.tagging import change_tags
from conversations.actions.targets import Targets, count_targets, page_ids_of, targets_by_id, targets_matching
from conversations.admin.conversations.list_query import criteria_of, parameters_of
from conversations.admin.conversations.work import SNOOZE_TIMES, assignable, snooze_time
from conversations.admin.formatting import count_conversations
from conversations.models import BulkOperation, Conversation, Page
from conversations.models.audit import Action, record
from conversations.permissions import TAGGER, page_ids, require_role
from tags.models import Tag


class TagsForm(forms.Form):
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.all(),
        widget=UnfoldAdminSelectMultipleWidget({"size": 8}),
        help_text="Hold Ctrl or ⌘ to select several.",
    )


class AssigneeForm(forms.Form):
    assignee = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args, people: Mapping[int, str], **kwargs):
        super().__init__(*args, **kwargs)
        choices = [("", "Nobody"), *((str(pk), name) for pk, name in people.items())]
        cast(forms.ChoiceField, self.fields["assignee"]).choices = choices


class SnoozeForm(forms.Form):
    hours = forms.ChoiceField(
        label="Snooze for",
        required=False,
        choices=[*SNOOZE_TIMES.items(), ("", "End the snooze")],
        widget=UnfoldAdminSelectWidget,
        help_text="What is done stays as it is.",
    )


@admin.action(description="Add tags …")
def add_tags(modeladmin, request, queryset):
    return run_tag_action(modeladmin, request, queryset, "assign", "Tagged")


@admin.action(description="Remove tags …")
def remove_tags(modeladmin, request, queryset):
    return run_tag_action(modeladmin, request, queryset, "remove", "Removed tags from")


@admin.action(description="Mark as done")
def mark_done(modeladmin, request, queryset):
    return run_status_action(modeladmin, request, queryset, Conversation.Status.DONE, "Marked as done:")


@admin.action(description="Reopen")
def reopen(modeladmin, request, queryset):
    return run_status_action(modeladmin, request, queryset, Conversation.Status.ACTIVE, "Reopened")


@admin.action(description="Assign …")
def assign(modeladmin, request, queryset):
    targets = targets_of(request, queryset)
    if reject_viewers(modeladmin, request, targets):
        return None
    people = people_of(page_ids_of(targets))
    form = AssigneeForm(request.POST if "confirmed" in request.POST else None, people=people)
    if not form.is_valid():
        return confirm(modeladmin, request, "Assign", targets, form=form)
    user_id = int(form.cleaned_data["assignee"]) if form.cleaned_data["assignee"] else None
    details = audited(request, "assignee") | {"userId": user_id}
    return run_action(
        modeladmin,
        request,
        "Assigned" if user_id else "Unassigned",
        targets,
        details,
        change=lambda operation: assign_conversations(
            user_id, targets, actor=request.user, operation=operation
        ),
        start=lambda: start_assigning(user_id, targets, actor=request.user, audited=details),
    )


@admin.action(description="Snooze …")
def snooze_selected(modeladmin, request, queryset):
    targets = targets_of(request, queryset)
    if reject_viewers(modeladmin, request, targets):
        return None
    form = SnoozeForm(request.POST if "confirmed" in request.POST else None)
    if not form.is_valid():
        return confirm(modeladmin, request, "Snooze", targets, form=form)
    until = snooze_time(form.cleaned_data["hours"])
    details = audited(request, "snooze") | {"until": until and until.isoformat()}
    return run_action(
        modeladmin,
        request,
        "Snoozed" if until else "Ended the snooze of",
        targets,
        details,
        change=lambda operation: snooze(until, targets, actor=request.user, operation=operation),
        start=lambda: start_snooze(until, targets, actor=request.user, audited=details),
    )


@admin.action(description="Mark as read")
def mark_as_read(modeladmin, request, queryset):
    return run_read_action(modeladmin, request, queryset, is_read=True)


@admin.action(description="Mark as unread")
def mark_as_unread(modeladmin, request, queryset):
    return run_read_action(modeladmin, request, queryset, is_read=False)


ACTIONS = [
    add_tags,
    remove_tags,
    mark_done,
    reopen,
    assign,
    snooze_selected,
    mark_as_read,
    mark_as_unread,
]


def people_of(page_ids: Iterable[int]) -> dict[int, str]:
    """Return to whom conversations of all these Pages can be assigned: names by ID."""
    pages = [{each.id: each.name for each in assignable(page_id)} for page_id in page_ids]
    return {pk: name for pk, name in pages[0].items() if all(pk in page for page in pages)} if pages else {}


def targets_of(request, queryset) -> Targets:
    """Return the selected conversations, or all that match the filters, however many."""
    if request.POST.get("select_across") == "1":
        return targets_matching(criteria_of(request))
    return targets_by_id(list(queryset.order_by().values_list("pk", flat=True)))


def run_tag_action(modeladmin, request, queryset, action: str, verb: str):
    """Show the form with the tags; change them once it is submitted."""
    targets = targets_of(request, queryset)
    if reject_viewers(modeladmin, request, targets):
        return None
    form = TagsForm(request.POST if "confirmed" in request.POST else None)
    if form.is_valid():
        tags = form.cleaned_data["tags"]
        details = audited(request, action, tags)
        return run_action(
            modeladmin,
            request,
            verb,
            targets,
            details,
            change=lambda operation: change_tags(
                action, targets, tags, actor=request.user, operation=operation
            ),
            start=lambda: start_tagging(action, targets, tags, actor=request.user, audited=details),
        )
    title = "Add tags" if action == "assign" else "Remove tags"
    return confirm(modeladmin, request, title, targets, form=form)


def run_status_action(modeladmin, request, queryset, status: str, verb: str):
    """Change the status. For all that match the filters, ask for confirmation first."""
    targets = targets_of(request, queryset)
    if reject_viewers(modeladmin, request, targets):
        return None
    if request.POST.get("select_across") == "1" and "confirmed" not in request.POST:
        title = "Mark as done" if status == Conversation.Status.DONE else "Reopen"
        number = count_status_changes(status, targets)
        return confirm(modeladmin, request, title, targets, would_change=number)
    details = audited(request, status)
    return run_action(
        modeladmin,
        request,
        verb,
        targets,
        details,
        change=lambda operation: change_status(status, targets, actor=request.user, operation=operation),
        start=lambda: start_status(status, targets, actor=request.user, audited=details),
    )


def run_read_action(modeladmin, request, queryset, *, is_read: bool):
    """Mark as read or unread. For all that match the filters, ask for confirmation first."""
    targets = targets_of(request, queryset)
    if reject_viewers(modeladmin, request, targets):
        return None
    title = "Mark as read" if is_read else "Mark as unread"
    if request.POST.get("select_across") == "1" and "confirmed" not in request.POST:
        number = count_read_changes(is_read, targets)
        return confirm(modeladmin, request, title, targets, would_change=number)
    details = audited(request, "read") | {"read": is_read}
    return run_action(
        modeladmin,
        request,
        f"{title.replace('Mark', 'Marked')}:",
        targets,
        details,
        change=lambda operation: mark_read(is_read, targets),
        start=lambda: start_marking(is_read, targets, actor=request.user, audited=details),
        is_undoable=False,
    )


def run_action(
    modeladmin,
    request,
    verb: str,
    targets: Targets,
    details: dict,
    *,
    change: Callable[[uuid.UUID], set[int]],
    start: Callable[[], BulkOperation],
    is_undoable: bool = True,
) -> None:
    """Change the conversations, or start to change them if they are many."""
    operation = uuid.uuid4()
    with transaction.atomic():
        matched = count_targets(targets)
        if matched > bulk_operations.MAX_AT_ONCE:
            return start_in_slices(modeladmin, request, start)
        changed = change(operation)
        require_role(request.user, targets_by_id(changed).page_ids, TAGGER)  # others may match now
        numbers: dict[str, Any] = {"matched": matched, "changed": len(changed)}
        undoable = operation if is_undoable else None
        record(Action.BULK_CHANGED, request=request, operation=undoable, **numbers, **details)
    return report(modeladmin, request, verb, matched, len(changed), undoable)


def start_in_slices(modeladmin, request, start: Callable[[], BulkOperation]) -> None:
    """Start an operation and link to its progress, unless it has chosen what the user may not change."""
    operation = start()
    require_role(request.user, operation.page_ids, TAGGER)
    request_work()
    report_started(modeladmin, request, operation)


def report_started(modeladmin, request, operation: BulkOperation) -> None:
    url = reverse("admin:conversations_operation", args=[operation.operation])
    message = format_html('{} <a href="{}">Show the progress</a>', describe(operation), url)
    modeladmin.message_user(request, message, messages.SUCCESS)


def audited(request, action: str, tags=()) -> dict:
    """What the audit log keeps of the action: with the filter if it is on all that match."""
    is_filter = request.POST.get("select_across") == "1"
    return {
        "action": action,
        **({"tagIds": [tag.pk for tag in tags]} if tags else {}),
        **({"filter": parameters_of(request)} if is_filter else {}),
    }


def confirm(
    modeladmin, request, title: str, targets: Targets, *, form: forms.Form | None = None, would_change=None
):
    """Return the page that asks for confirmation, with `form` if the action needs one."""
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": title,
        "opts": modeladmin.opts,
        "form": form,
        "count": count_targets(targets),
        "would_change": would_change,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "checkbox": ACTION_CHECKBOX_NAME,
        "action": request.POST["action"],
        "across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/conversations/conversation/confirm_action.html", context)


def reject_viewers(modeladmin, request, targets: Targets) -> bool:
    """Report an error and return True if one of the conversations is on a Page that the user only views.

    An action changes all of its conversations or none.
    """
    first = Page.objects.filter(
        pk__in=set(page_ids_of(targets)) - set(page_ids(request.user, TAGGER))
    ).first()
    if first:
        message = f"Nothing was changed. You can only view conversations of {first}; select others."
        modeladmin.message_user(request, message, messages.ERROR)
    return first is not None


def report(modeladmin, request, verb: str, matched: int, changed: int, operation: uuid.UUID | None) -> None:
    """Show how many conversations were changed, with a link to undo the operation if there is one."""
    message = f"{verb} {count_conversations(changed)}."
    if matched > changed:
        message += f" {count_conversations(matched - changed)} unchanged."
    if changed and operation:
        url = reverse("admin:conversations_operation_undo", args=[operation])
        template = '{} <a class="inbox-undo" data-operation="{}" href="{}">Undo</a>'
        message = format_html(template, message, operation, url)
    modeladmin.message_user(request, message, messages.SUCCESS)
