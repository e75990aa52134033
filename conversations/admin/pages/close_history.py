"""Closes the old conversations of a Page that was synced before: the past is no work."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.actions.bulk_operations import start_status
from conversations.actions.status import change_status
from conversations.actions.targets import Targets, count_targets, targets_matching
from conversations.admin.conversations.bulk_actions import marked_done, run_action
from conversations.models import Conversation, Page
from conversations.search.filters import parse_filter

DONE = Conversation.Status.DONE
USUAL_DAYS = 30  # where HISTORY_DONE_BEFORE is off


class AgeForm(forms.Form):
    days = forms.IntegerField(
        label=_("Days since the last message"),
        min_value=1,
        max_value=settings.MAX_DAYS,
        widget=forms.NumberInput(attrs={"class": "inbox-input"}),
    )


def close_history(modeladmin, request: HttpRequest, page: Page) -> HttpResponse:
    """Show how many open conversations are older than some days; after that, set them to done."""
    given = request.POST if request.method == "POST" else request.GET
    form = AgeForm(given if "days" in given else {"days": settings.HISTORY_DONE_BEFORE or USUAL_DAYS})
    if not form.is_valid():
        return _render(modeladmin, request, page, form, None)
    days = form.cleaned_data["days"]
    targets, details = old_conversations(page, days)
    if request.method != "POST":
        return _render(modeladmin, request, page, form, count_targets(targets))
    run_action(
        modeladmin,
        request,
        marked_done,
        targets,
        details,
        change=lambda operation: change_status(DONE, targets, actor=request.user, operation=operation),
        start=lambda: start_status(DONE, targets, actor=request.user, audited=details),
    )
    return HttpResponseRedirect(reverse("admin:conversations_page_change", args=[page.pk]))


def old_conversations(page: Page, days: int) -> tuple[Targets, dict]:
    """Return the open conversations without a message for so many days, and what the audit log keeps."""
    end = timezone.now() - timedelta(days=days)
    parameters = {"status": Conversation.Status.ACTIVE.value, "endDate": end.isoformat()}
    targets = targets_matching(parse_filter(parameters).criteria([page.pk], user_id=None))
    return targets, {"action": DONE.value, "filter": {"facebookPageId": page.facebook_page_id, **parameters}}


def _render(modeladmin, request: HttpRequest, page: Page, form: AgeForm, count: int | None) -> HttpResponse:
    context = {
        **modeladmin.admin_site.each_context(request),
        "opts": modeladmin.opts,
        "title": gettext("Close old conversations"),
        "page": page,
        "form": form,
        "count": count,
    }
    return TemplateResponse(request, "admin/conversations/page/close_history.html", context)
