"""Admin of users with their roles on Pages, API keys and sign-in records, for superusers."""

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.shortcuts import redirect
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from rest_framework.authtoken import admin as _registers_keys  # noqa: F401 - replaced here, as users are
from rest_framework.authtoken.models import TokenProxy
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldBooleanWidget

from conversations.admin.base import ReadOnlyAdmin, SuperuserAdmin, record_roles
from conversations.admin.formatting import badge, short_time
from conversations.models import PageMember
from conversations.models.audit import Action, record
from conversations.permissions import require_confirmation
from inbox.accounts import second_factor
from inbox.accounts.mail_requests import request_mail
from inbox.accounts.models import ApiKey
from inbox.accounts.password_rules import KEEPS_KEYS, end_keys
from inbox.accounts.sessions import end_sessions

# Groups have no page: Django's permissions, which they would give, are not used. Keys have one of our own.
for model in (User, Group, TokenProxy):
    admin.site.unregister(model)


class RoleInline(TabularInline):
    model = PageMember
    autocomplete_fields = ["page"]
    verbose_name, verbose_name_plural = _("role on a Page"), _("Roles on Pages")

    def get_extra(self, request, obj=None, **kwargs) -> int:
        return 0 if obj else 1  # a new user needs a role

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class NewUserForm(UserCreationForm):
    """With a password, or with an invitation by mail, whose link lets the user set one."""

    invite = forms.BooleanField(
        required=False,
        label=_("Send an invitation"),
        help_text=_("The user gets a mail with a link to set a password. Leave the passwords below empty."),
        widget=UnfoldBooleanWidget,
    )

    class Meta(UserCreationForm.Meta):
        fields = ("username", "email")
        widgets = {"email": UnfoldAdminEmailInputWidget}

    def clean(self):
        if self.cleaned_data.get("invite"):
            self.cleaned_data["usable_password"] = "false"  # noqa: S105 - none until the user sets one
            if not self.cleaned_data.get("email"):
                self.add_error("email", gettext("An invitation needs a mail address."))
        return super().clean()


class NewPasswordForm(AdminPasswordChangeForm):
    """Sets the password of another user, whose sessions end, and whose API keys unless they are kept."""

    keep_keys = forms.BooleanField(
        required=False, label=_("Keep the user's API keys"), widget=UnfoldBooleanWidget
    )

    def save(self, commit=True):
        keeps_keys = self.cleaned_data.get("keep_keys", False)
        setattr(self.user, KEEPS_KEYS, keeps_keys)
        user = super().save(commit)
        end_sessions(user)
        if not keeps_keys:
            end_keys(user)  # Django tells nobody when a password is only disabled
        return user


@admin.register(User)
class UserAdmin(DjangoUserAdmin, SuperuserAdmin):
    """Roles are assigned here or on the Page. Django's own permissions are not used and not shown."""

    form, add_form, change_password_form = UserChangeForm, NewUserForm, NewPasswordForm
    inlines = [RoleInline]
    list_display = ["username", "full_name", "email", "rights", "state"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    sortable_by = ()
    readonly_fields = ["last_login", "date_joined"]
    permission_fields = ("is_active", "is_staff", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_("Permissions"), {"fields": permission_fields}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    actions = ["log_out", "remove_second_factor", "send_mail"]

    def get_fieldsets(self, request, obj=None):
        if obj:
            return self.fieldsets
        invite = ("email", "invite") if settings.EMAIL_URL else ()
        return ((None, {"fields": ("username", *invite, "password1", "password2")}),)

    def get_actions(self, request):
        actions = super().get_actions(request)
        return {name: actions[name] for name in actions if name != "send_mail" or settings.EMAIL_URL}

    # -- a superuser who changes users must have given the password a short while ago
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        require_confirmation(request.session)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def user_change_password(self, request, id, form_url=""):
        if id == str(request.user.pk):
            return redirect("password")
        require_confirmation(request.session)
        return super().user_change_password(request, id, form_url)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        action = Action.USER_CHANGED if change else Action.USER_CREATED
        record(action, request=request, target=obj, fields=form.changed_data)
        if form.cleaned_data.get("invite") and settings.EMAIL_URL:
            request_mail(request, obj, Action.USER_INVITED)

    def log_change(self, request, obj, message):
        if any("password" in str(part) for part in message):
            record(Action.PASSWORD_CHANGED, request=request, target=obj, by="administrator")
        return super().log_change(request, obj, message)

    def save_formset(self, request, form, formset, change):
        super().save_formset(request, form, formset, change)
        record_roles(request, formset)

    @admin.action(description=_("Log out everywhere"))
    def log_out(self, request, queryset):
        require_confirmation(request.session)
        for user in queryset:
            number = end_sessions(user)
            record(Action.SESSIONS_ENDED, request=request, target=user, sessions=number)
        self.message_user(request, gettext("Logged out."), messages.SUCCESS)

    @admin.action(description=_("Remove the second factor and log out"))
    def remove_second_factor(self, request, queryset):
        """For who has lost the app and the recovery codes."""
        require_confirmation(request.session)
        removed = [user for user in queryset if second_factor.turn_off(user)]
        for user in removed:
            end_sessions(user)
            record(Action.SECOND_FACTOR_REMOVED, request=request, target=user)
        message = ngettext(
            "Removed the second factor of %(number)s user.",
            "Removed the second factor of %(number)s users.",
            len(removed),
        )
        self.message_user(request, message % {"number": len(removed)}, messages.SUCCESS)

    @admin.action(description=_("Send a link to set the password"))
    def send_mail(self, request, queryset):
        require_confirmation(request.session)
        able = [user for user in queryset if user.email and user.is_active]
        sent = sum(request_mail(request, user, Action.USER_INVITED) for user in able)
        level = messages.SUCCESS if sent else messages.WARNING
        message = ngettext("Sending %(number)s mail.", "Sending %(number)s mails.", sent) % {"number": sent}
        if sent < len(queryset):
            message += " " + gettext("Others have no address, are inactive, or got one just now.")
        self.message_user(request, message, level)

    @display(description=_("Name"), empty_value="")
    def full_name(self, user):
        return user.get_full_name()

    @display(description=_("Rights"), empty_value="")
    def rights(self, user):
        """What is beyond the roles on Pages."""
        return gettext("Superuser") if user.is_superuser else gettext("Staff") if user.is_staff else None

    @display(description=_("State"), empty_value="")
    def state(self, user):
        return None if user.is_active else badge(gettext("Inactive"), "danger")

    def get_readonly_fields(self, request, obj=None):
        """Superusers cannot remove their own permissions: the last one would lock out everyone."""
        return [*self.readonly_fields, *(self.permission_fields if obj == request.user else [])]

    def has_delete_permission(self, request, obj=None) -> bool:
        return False  # the history refers to users: make a user inactive instead


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Lists all API keys. A key is shown once, to the user who creates it at /account/keys."""

    list_display = ["user", "name", "scope", "key", "created", "expires", "last_used"]
    list_display_links = None
    list_select_related = ["user"]
    list_filter = ["scope"]
    search_fields = ["user__username", "name"]
    ordering = ["user__username", "-pk"]
    sortable_by = ()
    actions = ["end"]

    @display(description=_("Key"))
    def key(self, row):
        return f"{row.prefix}…"

    @display(description=_("Created"))
    def created(self, row):
        return short_time(row.created_at)

    @display(description=_("Ends"), empty_value=_("never"))
    def expires(self, row):
        return short_time(row.expires_at)

    @display(description=_("Last used"), empty_value=_("never"))
    def last_used(self, row):
        return short_time(row.last_used_at)

    @admin.action(description=_("End"))
    def end(self, request, queryset):
        rows = list(queryset)
        for row in rows:
            record(Action.KEY_ENDED, request=request, target=row, user=row.user.get_username())
        ended, _ = queryset.model.objects.filter(pk__in=[row.pk for row in rows]).delete()
        self.message_user(
            request,
            ngettext("Ended %(ended)s key.", "Ended %(ended)s keys.", ended) % {"ended": ended},
            messages.SUCCESS,
        )

    def has_view_permission(self, request, obj=None) -> bool:
        return obj is None and super().has_view_permission(request)  # the list has everything


# -- sign-ins ----------------------------------------------------------------------------------------------
class SignInRecordAdmin(ReadOnlyAdmin):
    """Base class for the records of django-axes. They contain no passwords and no unknown usernames."""

    list_display = ["time", "username", "ip_address", "browser"]
    search_fields = ["=username", "=ip_address"]
    search_help_text = _("Username or IP address")
    fields = ["attempt_time", "username", "ip_address", "user_agent", "path_info"]
    ordering = ["-attempt_time"]
    list_display_links = None
    sortable_by = ()
    show_full_result_count = False

    @display(description=_("Time"))
    def time(self, row):
        return short_time(row.attempt_time)

    @display(description=_("Browser"))
    def browser(self, row):
        return Truncator(row.user_agent).chars(60)


@admin.register(AccessLog)
class SignInAdmin(SignInRecordAdmin):
    list_display = ["time", "logged_out", "username", "ip_address", "browser"]

    @display(description=_("Logged out"), empty_value="")
    def logged_out(self, row):
        return short_time(row.logout_time)


@admin.register(AccessFailureLog)
class FailedSignInAdmin(SignInRecordAdmin):
    list_display = ["time", "username", "ip_address", "result", "browser"]

    @display(description=_("Result"), empty_value="")
    def result(self, row):
        return badge(gettext("locked"), "danger") if row.locked_out else None


@admin.register(AccessAttempt)
class SignInLockAdmin(SignInRecordAdmin):
    """The failures that count at the moment. Deleting one unlocks the user before the time is over."""

    list_display = ["time", "username", "ip_address", "failures_since_start", "browser"]
    actions = ["unlock"]

    @admin.action(description=_("Unlock"))
    def unlock(self, request, queryset):
        for row in queryset:
            record(Action.SIGN_IN_UNLOCKED, request=request, target=row.username, at=row.ip_address)
        number = queryset.delete()[0]
        message = ngettext("Unlocked %(number)s sign-in.", "Unlocked %(number)s sign-ins.", number) % {
            "number": number
        }
        self.message_user(request, message, messages.SUCCESS)
