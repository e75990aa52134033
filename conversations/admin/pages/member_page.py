"""What a member did on a Page, for its managers; and the work of all members, for the dashboard."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from conversations.admin import charts
from conversations.admin.formatting import CONVERSATION_STATUS_LABELS, short_time
from conversations.lib.durations import format_duration
from conversations.models import InteractionEvent, Page
from conversations.search.workload import MAX_ACTS, REPLY_DAYS, Act, Workload, acts_of, workload

Kind = InteractionEvent.Kind
NO_NUMBER = "-"
MAX_ID = 2**63 - 1


class ShownAct(NamedTuple):
    time: SafeString | None
    words: str
    conversation: int
    sender: str


def numbers_of(work: Workload) -> list[tuple[str, str]]:
    """Return the numbers of a member, each after its label."""
    return [
        (gettext("open"), charts.integer(work.open)),
        (gettext("closed today"), charts.integer(work.closed_today)),
        (
            gettext("median first reply (%(days)s days)") % {"days": REPLY_DAYS},
            NO_NUMBER if work.first_reply is None else format_duration(work.first_reply),
        ),
    ]


def workload_table(page_ids: Sequence[int], *, linked: bool) -> list[dict[str, Any]]:
    """Return a row for each member of these Pages. `linked`: it is one Page, and each row has a link."""
    if not page_ids:
        return []
    page = page_ids[0] if linked else None
    rows = workload(page_ids)
    return [{"user": one.user, "name": one.name, "numbers": numbers_of(one), "page": page} for one in rows]


def member_page(modeladmin, request: HttpRequest, page: Page, user_id: int) -> HttpResponse:
    """Show what a user did on the Page. Users who are neither members nor did anything there are a 404."""
    before = request.GET.get("before", "")
    start = int(before) if before.isascii() and before.isdigit() and int(before) <= MAX_ID else None
    user = get_user_model().objects.filter(pk=user_id).first()
    acts = acts_of(user_id, page.pk, before=start) if user else []
    member = page.members.filter(user=user_id).first()
    if user is None or not (acts or member):
        raise Http404
    work = workload([page.pk], users=[user_id])
    context = {
        **modeladmin.admin_site.each_context(request),
        "opts": modeladmin.opts,
        "title": gettext("%(user)s on %(page)s") % {"user": user.get_username(), "page": page},
        "page": page,
        "member": user,
        "role": member.get_role_display() if member else "",
        "numbers": numbers_of(work[0]) if work else [],
        "acts": [ShownAct(short_time(act.time), words_of(act), act.conversation, act.sender) for act in acts],
        "older": acts[-1].event if len(acts) == MAX_ACTS else None,
    }
    return TemplateResponse(request, "admin/conversations/page/member.html", context)


def words_of(act: Act) -> str:
    """Say what was done, without words of customers."""
    if act.kind == Kind.TAG_ADDED:
        return gettext("Added the tag %(tag)s") % {"tag": act.tag}
    if act.kind == Kind.TAG_REMOVED:
        return gettext("Removed the tag %(tag)s") % {"tag": act.tag}
    if act.kind == Kind.STATUS_CHANGED:
        status = CONVERSATION_STATUS_LABELS.get(act.status, act.status)
        return gettext("Set to %(status)s") % {"status": status}
    return str(Kind(act.kind).label).capitalize()


def link_to_member(page_id: int, user_id: int) -> SafeString:
    url = reverse("admin:conversations_page_member", args=[page_id, user_id])
    return format_html('<a class="inbox-link" href="{}">{}</a>', url, gettext("What they did"))
