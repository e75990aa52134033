"""The page *API keys*: users create and end their own keys. A key is shown once, when it is created."""

from datetime import datetime, time, timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from conversations.models.audit import Action, record
from conversations.permissions import require_confirmation
from inbox.accounts.models import ApiKey
from inbox.accounts.views.account_page import AccountRequest, account_page, show

MAX_KEYS = 50  # of one user


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        label=_("Name"),
        widget=forms.TextInput(attrs={"placeholder": _("What uses it")}),
    )
    scope = forms.ChoiceField(
        choices=[("read", _("Read only")), ("write", _("Read and write"))],
        initial="read",
        label=pgettext_lazy("what a key is allowed to do", "May"),
    )
    expires = forms.DateField(
        required=False,
        label=_("Ends after (optional)"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def clean_expires(self) -> datetime | None:
        """The key works until the end of this day."""
        day = self.cleaned_data["expires"]
        if day is None:
            return None
        if not timezone.localdate() <= day <= timezone.localdate() + timedelta(days=3650):
            raise forms.ValidationError(gettext("Choose a day from today on, within ten years."))
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


@account_page
def keys(request: AccountRequest) -> HttpResponse:
    """POST `action` is `create` with the fields of KeyForm, or `end` with the ID of a key."""
    if request.method != "POST":
        return page(request, KeyForm())
    if request.POST.get("action") == "end":
        return end(request)
    require_confirmation(request.session)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return page(request, form)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=request.user.pk)
        if ApiKey.objects.filter(user=request.user).count() >= MAX_KEYS:
            form.add_error(
                None,
                gettext("You have %(number)s keys. End one that you no longer need.") % {"number": MAX_KEYS},
            )
            return page(request, form)
        fields = form.cleaned_data
        row, key = ApiKey.issue(request.user, fields["name"], fields["scope"], fields["expires"])
        record(Action.KEY_CREATED, request=request, target=row, scope=row.scope)
    return page(request, KeyForm(), new=key)


def end(request: AccountRequest) -> HttpResponse:
    pk = request.POST.get("key", "")
    with transaction.atomic():
        own = ApiKey.objects.filter(user=request.user)
        row = own.filter(pk=pk).first() if pk.isascii() and pk.isdigit() and len(pk) < 19 else None
        if row is not None:
            record(Action.KEY_ENDED, request=request, target=row)
            row.delete()
            messages.success(request, gettext("The key %(name)s has ended.") % {"name": row.name})
    return redirect("keys")


def page(request: AccountRequest, form: KeyForm, new: str = "") -> HttpResponse:
    rows = ApiKey.objects.filter(user=request.user)
    return show(request, "keys", keys=rows, form=form, new=new)
