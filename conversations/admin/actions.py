"""What staff do to many conversations at once: to those selected, or to all that match the filters."""

import uuid
from collections.abc import Callable, Iterator
from functools import partial

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminSelectMultipleWidget

from conversations.admin.access import TAGGER, page_ids
from conversations.models import Conversation
from conversations.status import set_status
from conversations.tagging import tag_conversations, untag_conversations
from tags.models import Tag

CHUNK = 5000
Change = Callable[[list[int], uuid.UUID], set[int]]


class TagsForm(forms.Form):
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.all(),
        widget=UnfoldAdminSelectMultipleWidget({"size": 8}),
        help_text="Several with Ctrl or ⌘.",
    )


@admin.action(description="Add tags …")
def add_tags(modeladmin, request, queryset):
    return with_tags(modeladmin, request, queryset, tag_conversations, "Tagged")


@admin.action(description="Remove tags …")
def remove_tags(modeladmin, request, queryset):
    return with_tags(modeladmin, request, queryset, untag_conversations, "Removed tags from")


@admin.action(description="Mark as done")
def mark_done(modeladmin, request, queryset):
    with_status(modeladmin, request, queryset, Conversation.Status.DONE, "Marked as done:")


@admin.action(description="Mark as active")
def mark_active(modeladmin, request, queryset):
    with_status(modeladmin, request, queryset, Conversation.Status.ACTIVE, "Marked as active:")


ACTIONS = [add_tags, remove_tags, mark_done, mark_active]


def with_tags(modeladmin, request, queryset, change, verb: str):
    """Asks which tags, then does it."""
    if is_refused(modeladmin, request, queryset):
        return None
    form = TagsForm(request.POST if "tags_asked" in request.POST else None)
    if form.is_valid():
        tags = list(form.cleaned_data["tags"])
        do(
            modeladmin,
            request,
            queryset,
            lambda ids, act: change(ids, tags, actor=request.user, act=act),
            verb,
        )
        return None
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": {"Tagged": "Add tags"}.get(verb, "Remove tags"),
        "opts": modeladmin.opts,
        "form": form,
        "count": modeladmin.get_paginator(request, queryset, modeladmin.list_per_page).count,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "checkbox": ACTION_CHECKBOX_NAME,
        "action": request.POST["action"],
        "across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/conversations/conversation/choose_tags.html", context)


def with_status(modeladmin, request, queryset, status: str, verb: str) -> None:
    if not is_refused(modeladmin, request, queryset):
        change = partial(set_status, status=status, actor=request.user)
        do(modeladmin, request, queryset, lambda ids, act: change(ids), verb)


def is_refused(modeladmin, request, queryset) -> bool:
    """All or nothing: where one of them is on a Page that the user only views, none is changed."""
    others = queryset.exclude(page__in=page_ids(request, TAGGER)).select_related("page")
    first = others.order_by().first()
    if first:
        words = (
            f"Nothing was changed: on {first.page} you may only look. Choose conversations of another Page."
        )
        modeladmin.message_user(request, words, messages.ERROR)
    return first is not None


def do(modeladmin, request, queryset, change: Change, verb: str) -> None:
    act, changed, seen = uuid.uuid4(), 0, 0
    with transaction.atomic():
        for ids in in_chunks(queryset):
            changed += len(change(ids, act))
            seen += len(ids)
    words = f"{verb} {counted(changed)}."
    if seen > changed:
        words += f" {counted(seen - changed).capitalize()} needed no change."
    modeladmin.message_user(request, words, messages.SUCCESS)


def in_chunks(queryset) -> Iterator[list[int]]:
    """Page by page: whoever writes locks Pages in the order of their ids."""
    ids = list(queryset.order_by("page_id", "pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def counted(number: int) -> str:
    return f"{number:,} conversation{'' if number == 1 else 's'}"
