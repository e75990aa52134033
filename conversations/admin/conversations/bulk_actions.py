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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectMultipleWidget, UnfoldAdminSelectWidget

from conversations.actions import bulk_operations
from conversations.actions.assigning import assign_conversations
from conversations.actions.bulk_operations import (
    start_assigning,
    start_marking,
    start_snooze,
    start_status,
    start_tagging,
)
from conversations.actions.bulk_tasks import request_work
from conversations.actions.operation_texts import describe
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

Said = Callable[[int], str]  # what was done to a number of conversations, as a sentence


class TagsForm(forms.Form):
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.all(),
        label=_("Tags"),
        widget=UnfoldAdminSelectMultipleWidget({"size": 8}),
        help_text=_("Hold Ctrl or ⌘ to select several."),
    )


class AssigneeForm(forms.Form):
    assignee = forms.ChoiceField(label=_("Assignee"), required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args, people: Mapping[int, str], **kwargs):
        super().__init__(*args, **kwargs)
        choices = [("", gettext("Nobody")), *((str(pk), name) for pk, name in people.items())]
        cast(forms.ChoiceField, self.fields["assignee"]).choices = choices


class SnoozeForm(forms.Form):
    hours = forms.ChoiceField(
        label=_("Snooze for"),
        required=False,
        choices=[*SNOOZE_TIMES.items(), ("", _("End the snooze"))],
        widget=UnfoldAdminSelectWidget,
        help_text=_("What is done stays as it is."),
    )


@admin.action(description=_("Add tags …"))
def add_tags(modeladmin, request, queryset):
    return run_tag_action(modeladmin, request, queryset, "assign", tagged)


@admin.action(description=_("Remove tags …"))
def remove_tags(modeladmin, request, queryset):
    return run_tag_action(modeladmin, request, queryset, "remove", untagged)


@admin.action(description=_("Mark as done"))
def mark_done(modeladmin, request, queryset):
    return run_status_action(modeladmin, request, queryset, Conversation.Status.DONE, marked_done)


@admin.action(description=_("Reopen"))
def reopen(modeladmin, request, queryset):
    return run_status_action(modeladmin, request, queryset, Conversation.Status.ACTIVE, reopened)


def tagged(number: int) -> str:
    return gettext("Tagged %(conversations)s.") % {"conversations": count_conversations(number)}


def untagged(number: int) -> str:
    return gettext("Removed tags from %(conversations)s.") % {"conversations": count_conversations(number)}


def marked_done(number: int) -> str:
    return gettext("Marked as done: %(conversations)s.") % {"conversations": count_conversations(number)}


def reopened(number: int) -> str:
    return gettext("Reopened %(conversations)s.") % {"conversations": count_conversations(number)}


def assigned(number: int) -> str:
    return gettext("Assigned %(conversations)s.") % {"conversations": count_conversations(number)}


def unassigned(number: int) -> str:
    return gettext("Unassigned %(conversations)s.") % {"conversations": count_conversations(number)}


def snoozed(number: int) -> str:
    return gettext("Snoozed %(conversations)s.") % {"conversations": count_conversations(number)}


def snooze_ended(number: int) -> str:
    return gettext("Ended the snooze of %(conversations)s.") % {"conversations": count_conversations(number)}


def marked_read(number: int) -> str:
    return gettext("Marked as read: %(conversations)s.") % {"conversations": count_conversations(number)}


def marked_unread(number: int) -> str:
    return gettext("Marked as unread: %(conversations)s.") % {"conversations": count_conversations(number)}


@admin.action(description=_("Assign …"))
def assign(modeladmin, request, queryset):
    targets = targets_of(request, queryset)
    if reject_viewers(modeladmin, request, targets):
        return None
    people = people_of(page_ids_of(targets))
    form = AssigneeForm(request.POST if "confirmed" in request.POST else None, people=people)
    if not form.is_valid():
        return confirm(modeladmin, request, gettext("Assign"), targets, form=form)
    user_id = int(form.cleaned_data["assignee"]) if form.cleaned_data["assignee"] else None
    details = audited(request, "assignee") | {"userId": user_id}
    return run_action(
        modeladmin,
        request,
        assigned if user_id else unassigned,
        targets,
        details,
        change=lambda operation: assign_conversations(
            user_id, targets, actor=request.user, operation=operation
        ),
        start=lambda: start_assigning(user_id, targets, actor=request.user, audited=details),
    )


@admin.action(description=_("Snooze …"))
def snooze_selected(modeladmin, request, queryset):
    targets = targets_of(request, queryset)
    if reject_viewers(modeladmin, request, targets):
        return None
    form = SnoozeForm(request.POST if "confirmed" in request.POST else None)
    if not form.is_valid():
        return confirm(modeladmin, request, gettext("Snooze"), targets, form=form)
    until = snooze_time(form.cleaned_data["hours"])
    details = audited(request, "snooze") | {"until": until and until.isoformat()}
    return run_action(
        modeladmin,
        request,
        snoozed if until else snooze_ended,
        targets,
        details,
        change=lambda operation: snooze(until, targets, actor=request.user, operation=operation),
        start=lambda: start_snooze(until, targets, actor=request.user, audited=details),
    )


@admin.action(description=_("Mark as read"))
def mark_as_read(modeladmin, request, queryset):
    return run_read_action(modeladmin, request, queryset, is_read=True)


@admin.action(description=_("Mark as unread"))
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


def run_tag_action(modeladmin, request, queryset, action: str, said: Said):
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
            said,
            targets,
            details,
            change=lambda operation: change_tags(
                action, targets, tags, actor=request.user, operation=operation
            ),
            start=lambda: start_tagging(action, targets, tags, actor=request.user, audited=details),
        )
    title = gettext("Add tags") if action == "assign" else gettext("Remove tags")
    return confirm(modeladmin, request, title, targets, form=form)


def run_status_action(modeladmin, request, queryset, status: str, said: Said):
    """Change the status. For all that match the filters, ask for confirmation first."""
    targets = targets_of(request, queryset)
    if reject_viewers(modeladmin, request, targets):
        return None
    if request.POST.get("select_across") == "1" and "confirmed" not in request.POST:
        title = gettext("Mark as done") if status == Conversation.Status.DONE else gettext("Reopen")
        number = count_status_changes(status, targets)
        return confirm(modeladmin, request, title, targets, would_change=number)
    details = audited(request, status)
    return run_action(
        modeladmin,
        request,
        said,
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
    title = gettext("Mark as read") if is_read else gettext("Mark as unread")
    if request.POST.get("select_across") == "1" and "confirmed" not in request.POST:
        number = count_read_changes(is_read, targets)
        return confirm(modeladmin, request, title, targets, would_change=number)
    details = audited(request, "read") | {"read": is_read}
    return run_action(
        modeladmin,
        request,
        marked_read if is_read else marked_unread,
        targets,
        details,
        change=lambda operation: mark_read(is_read, targets),
        start=lambda: start_marking(is_read, targets, actor=request.user, audited=details),
        is_undoable=False,
    )


def run_action(
    modeladmin,
    request,
    said: Said,
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
    return report(modeladmin, request, said, matched, len(changed), undoable)


def start_in_slices(modeladmin, request, start: Callable[[], BulkOperation]) -> None:
    """Start an operation and link to its progress, unless it has chosen what the user may not change."""
    operation = start()
    require_role(request.user, operation.page_ids, TAGGER)
    request_work()
    report_started(modeladmin, request, operation)


def report_started(modeladmin, request, operation: BulkOperation) -> None:
    url = reverse("admin:conversations_operation", args=[operation.operation])
    message = format_html('{} <a href="{}">{}</a>', describe(operation), url, gettext("Show the progress"))
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
        message = gettext(
            "Nothing was changed. You can only view conversations of %(page)s; select others."
        ) % {"page": first}
        modeladmin.message_user(request, message, messages.ERROR)
    return first is not None


def report(modeladmin, request, said: Said, matched: int, changed: int, operation: uuid.UUID | None) -> None:
    """Show how many conversations were changed, with a link to undo the operation if there is one."""
    message = said(changed)
    if matched > changed:
        message += " " + gettext("%(conversations)s unchanged.") % {
            "conversations": count_conversations(matched - changed)
        }
    if changed and operation:
        url = reverse("admin:conversations_operation_undo", args=[operation])
        template = '{} <a class="inbox-undo" data-operation="{}" href="{}">{}</a>'
        message = format_html(template, message, operation, url, gettext("Undo"))
    modeladmin.message_user(request, message, messages.SUCCESS)
