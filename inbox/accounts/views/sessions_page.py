"""The page *Sessions*: where a user is logged in, and logging out elsewhere or everywhere."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from conversations.models.audit import Action, record
from inbox.accounts.models import SessionRecord
from inbox.accounts.sessions import end_sessions, sessions_of
from inbox.accounts.views.account_page import AccountRequest, account_page, show


@account_page
def sessions(request: AccountRequest) -> HttpResponse:
    """POST `action` is `everywhere`, `others`, or `end` with the ID of a session's record."""
    own = request.session.session_key
    if request.method != "POST":
        return show(request, "sessions", sessions=sessions_of(request.user), own=own)
    match request.POST.get("action"):
        case "everywhere":
            record(Action.SESSIONS_ENDED, request=request, target=request.user, all=True)
            end_sessions(request.user, keep=own)
            logout(request)
            return redirect("login")
        case "others":
            number = end_sessions(request.user, keep=own)
            record(Action.SESSIONS_ENDED, request=request, target=request.user, sessions=number)
            messages.success(request, gettext("Logged out everywhere else."))
        case "end":
            end_one(request)
    return redirect("sessions")


def end_one(request: AccountRequest) -> None:
    pk = request.POST.get("session", "")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return
    row = SessionRecord.objects.filter(user=request.user, pk=pk).first()
    if row is not None:
        Session.objects.filter(pk=row.session_key).delete()
        record(Action.SESSIONS_ENDED, request=request, target=request.user, sessions=1)
        messages.success(request, gettext("That session has ended."))
