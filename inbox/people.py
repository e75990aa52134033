"""Users with their roles on Pages, groups, keys for REST and who signed in, for superusers."""

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.utils.text import Truncator
from rest_framework.authtoken.models import Token, TokenProxy
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from conversations.admin.access import LookedAt, Superusers, short_time
from conversations.models import PageMember
from inbox.account import beginning

for model in (User, Group, TokenProxy):
    admin.site.unregister(model)


class RoleInline(TabularInline):
    model = PageMember
    extra = 0
    autocomplete_fields = ["page"]
    verbose_name, verbose_name_plural = "role on a Page", "Pages, and what they may do there"

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Superusers):
    """Roles are given here or on the Page. Django's own permissions are not asked: they are not offered."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    inlines = [RoleInline]
    list_display = ["username", "full_name", "email", "is_active", "is_staff", "is_superuser"]
    sortable_by = ()
    readonly_fields = ["last_login", "date_joined"]
    rights = ("is_active", "is_staff", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("About", {"fields": ("first_name", "last_name", "email")}),
        ("What they may", {"fields": rights}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )

    add_fieldsets = ((None, {"fields": ("username", "password1", "password2")}),)

    @display(description="Name", empty_value="")
    def full_name(self, user):
        return user.get_full_name()

    def get_inlines(self, request, obj):
        return self.inlines if obj else []  # first the person

    def get_readonly_fields(self, request, obj=None):
        """Nobody locks himself out: the last superuser would lock out all."""
        return [*self.readonly_fields, *(self.rights if obj == request.user else [])]

    def has_delete_permission(self, request, obj=None) -> bool:
        return False  # who did what stays told: people are made inactive instead


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, Superusers):
    pass


@admin.register(TokenProxy)
class TokenAdmin(LookedAt):
    """Who has a key; the keys themselves are shown only to those who make them: /account/key."""

    list_display = ["user", "begins_with", "made"]
    list_display_links = None
    list_select_related = ["user__auth_token"]
    search_fields = ["user__username"]
    ordering = ["user__username"]
    actions = ["revoke"]
    list_disable_select_all = True

    @display(description="Key")
    def begins_with(self, proxy):
        return beginning(proxy.user.auth_token)

    @display(description="Made")
    def made(self, proxy):
        return short_time(proxy.created)

    @admin.action(description="Revoke")
    def revoke(self, request, queryset):
        # The proxy gives the user's id for its key, and Django looks for that in the column of keys.
        revoked, _ = Token.objects.filter(user__in=request.POST.getlist(ACTION_CHECKBOX_NAME)).delete()
        self.message_user(request, f"Revoked {revoked} key{'' if revoked == 1 else 's'}.", messages.SUCCESS)

    # Django's own pages of one key would have it in their titles.
    def has_view_permission(self, request, obj=None) -> bool:
        return obj is None and super().has_view_permission(request)


# -- who signed in, and who tried to -----------------------------------------------------------------------
class SignInRecords(LookedAt):
    """Written by axes alone. Passwords are not in them, nor names that nobody has."""

    list_display = ["time", "username", "ip_address", "browser"]
    search_fields = ["=username", "=ip_address"]
    search_help_text = "Username or address, whole"
    fields = ["attempt_time", "username", "ip_address", "user_agent", "path_info"]
    ordering = ["-attempt_time"]
    list_display_links = None
    sortable_by = ()
    show_full_result_count = False

    @display(description="When")
    def time(self, row):
        return short_time(row.attempt_time)

    @display(description="Browser")
    def browser(self, row):
        return Truncator(row.user_agent).chars(60)


@admin.register(AccessLog)
class SignInAdmin(SignInRecords):
    list_display = ["time", "out", "username", "ip_address", "browser"]

    @display(description="Logged out", empty_value="")
    def out(self, row):
        return short_time(row.logout_time)


@admin.register(AccessFailureLog)
class FailedSignInAdmin(SignInRecords):
    list_display = ["time", "username", "ip_address", "then", "browser"]

    @display(description="Then", label={"locked": "danger"}, empty_value="")
    def then(self, row):
        return "locked" if row.locked_out else None


@admin.register(AccessAttempt)
class LockAdmin(SignInRecords):
    """What is counted at the moment: to delete it is to let somebody in before the time is up."""

    list_display = ["time", "username", "ip_address", "failures_since_start", "browser"]
    actions = ["unlock"]

    @admin.action(description="Unlock")
    def unlock(self, request, queryset):
        number = queryset.delete()[0]
        self.message_user(
            request, f"Forgot {number} count{'' if number == 1 else 's'} of failures.", messages.SUCCESS
        )
