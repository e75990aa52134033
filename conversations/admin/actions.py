"""What staff do to many conversations at once: to those selected, or to all that match the filters.

It is said before how many that would be, and after it how to take it back.
"""

import uuid

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelectMultipleWidget

from conversations.admin.access import TAGGER, page_ids
from conversations.admin.asking import selection_of
from conversations.choosing import Chosen, chosen_by, chosen_ids, count, pages_of
from conversations.models import Conversation, Page
from conversations.status import change_status, would_change_status
from conversations.tagging import change_tags
from tags.models import Tag


class TagsForm(forms.Form):
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.all(),
        widget=UnfoldAdminSelectMultipleWidget({"size": 8}),
        help_text="Several with Ctrl or ⌘.",
    )


@admin.action(description="Add tags …")
def add_tags(modeladmin, request, queryset):
    return with_tags(modeladmin, request, queryset, "assign", "Tagged")


@admin.action(description="Remove tags …")
def remove_tags(modeladmin, request, queryset):
    return with_tags(modeladmin, request, queryset, "remove", "Removed tags from")


@admin.action(description="Mark as done")
def mark_done(modeladmin, request, queryset):
    return with_status(modeladmin, request, queryset, Conversation.Status.DONE, "Marked as done:")


@admin.action(description="Mark as active")
def mark_active(modeladmin, request, queryset):
    return with_status(modeladmin, request, queryset, Conversation.Status.ACTIVE, "Marked as active:")


ACTIONS = [add_tags, remove_tags, mark_done, mark_active]


def chosen(request, queryset) -> Chosen:
    """Those selected, or all that match the filters, however many."""
    if request.POST.get("select_across") == "1":
        return chosen_by(selection_of(request))
    return chosen_ids(list(queryset.order_by().values_list("pk", flat=True)))


def with_tags(modeladmin, request, queryset, action: str, verb: str):
    """Asks which tags, then does it."""
    these = chosen(request, queryset)
    if is_refused(modeladmin, request, these):
        return None
    form = TagsForm(request.POST if "asked" in request.POST else None)
    if form.is_valid():
        act = uuid.uuid4()
        with transaction.atomic():
            seen = count(these)
            changed = change_tags(action, these, form.cleaned_data["tags"], actor=request.user, act=act)
        tell(modeladmin, request, verb, seen, len(changed), act)
        return None
    return ask(modeladmin, request, {"assign": "Add tags"}.get(action, "Remove tags"), these, form=form)


def with_status(modeladmin, request, queryset, status: str, verb: str):
    """Of all that match it says first how many would change."""
    these = chosen(request, queryset)
    if is_refused(modeladmin, request, these):
        return None
    if request.POST.get("select_across") == "1" and "asked" not in request.POST:
        return ask(
            modeladmin, request, f"Mark as {status}", these, changing=would_change_status(status, these)
        )
    act = uuid.uuid4()
    with transaction.atomic():
        seen = count(these)
        changed = change_status(status, these, actor=request.user, act=act)
    tell(modeladmin, request, verb, seen, len(changed), act)
    return None


def ask(modeladmin, request, title: str, these: Chosen, *, form: forms.Form | None = None, changing=None):
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": title,
        "opts": modeladmin.opts,
        "form": form,
        "count": count(these),
        "changing": changing,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "checkbox": ACTION_CHECKBOX_NAME,
        "action": request.POST["action"],
        "across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/conversations/conversation/choose_tags.html", context)


def is_refused(modeladmin, request, these: Chosen) -> bool:
    """All or nothing: where one of them is on a Page that the user only views, none is changed."""
    first = Page.objects.filter(pk__in=set(pages_of(these)) - set(page_ids(request, TAGGER))).first()
    if first:
        words = f"Nothing was changed: on {first} you may only look. Choose conversations of another Page."
        modeladmin.message_user(request, words, messages.ERROR)
    return first is not None


def tell(modeladmin, request, verb: str, seen: int, changed: int, act: uuid.UUID) -> None:
    words = f"{verb} {counted(changed)}."
    if seen > changed:
        words += f" {counted(seen - changed).capitalize()} needed no change."
    if changed:
        address = reverse("admin:conversations_act_undo", args=[act])
        undo = '{} <a class="inbox-undo" data-act="{}" href="{}">Undo</a>'
        words = format_html(undo, words, act, address)
    modeladmin.message_user(request, words, messages.SUCCESS)


def counted(number: int) -> str:
    return f"{number:,} conversation{'' if number == 1 else 's'}"
