"""Actions on many conversations: on the selected ones, or on all that match the filters.

The user confirms the number of conversations before, and gets a link to undo the operation after it.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectMultipleWidget

from conversations.actions import bulk_operations
from conversations.actions.bulk_operations import describe, start_status, start_tagging
from conversations.actions.bulk_tasks import request_work
from conversations.actions.status import change_status, count_status_changes
from conversations.actions.tagging import change_tags
from conversations.actions.targets import Targets, count_targets, page_ids_of, targets_by_id, targets_matching
from conversations.admin.conversations.list_query import criteria_of, parameters_of
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


ACTIONS = [add_tags, remove_tags, mark_done, reopen]


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


def run_action(
    modeladmin,
    request,
    said: Said,
    targets: Targets,
    details: dict,
    *,
    change: Callable[[uuid.UUID], set[int]],
    start: Callable[[], BulkOperation],
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
        record(Action.BULK_CHANGED, request=request, operation=operation, **numbers, **details)
    return report(modeladmin, request, said, matched, len(changed), operation)


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


def report(modeladmin, request, said: Said, matched: int, changed: int, operation: uuid.UUID) -> None:
    """Show how many conversations were changed, with a link to undo the operation."""
    message = said(changed)
    if matched > changed:
        message += " " + gettext("%(conversations)s unchanged.") % {
            "conversations": count_conversations(matched - changed)
        }
    if changed:
        url = reverse("admin:conversations_operation_undo", args=[operation])
        template = '{} <a class="inbox-undo" data-operation="{}" href="{}">{}</a>'
        message = format_html(template, message, operation, url, gettext("Undo"))
    modeladmin.message_user(request, message, messages.SUCCESS)
