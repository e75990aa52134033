"""Admin of users with their roles on Pages, API keys and sign-in records, for superusers."""

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.utils.text import Truncator
from rest_framework.authtoken.models import Token, TokenProxy
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from conversations.admin.base import ReadOnlyAdmin, SuperuserAdmin, record_roles
from conversations.admin.formatting import short_time
from conversations.models import PageMember
from conversations.models.audit import Action, record
from inbox.accounts.api_key import key_prefix

# Groups have no page: Django's permissions, which they would give, are not used.
for model in (User, Group, TokenProxy):
    admin.site.unregister(model)


class RoleInline(TabularInline):
    model = PageMember
    extra = 0
    autocomplete_fields = ["page"]
    verbose_name, verbose_name_plural = "role on a Page", "Roles on Pages"

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(User)
class UserAdmin(DjangoUserAdmin, SuperuserAdmin):
    """Roles are assigned here or on the Page. Django's own permissions are not used and not shown."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    inlines = [RoleInline]
    list_display = ["username", "full_name", "email", "is_active", "is_staff", "is_superuser"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    sortable_by = ()
    readonly_fields = ["last_login", "date_joined"]
    permission_fields = ("is_active", "is_staff", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Personal info", {"fields": ("first_name", "last_name", "email")}),
        ("Permissions", {"fields": permission_fields}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    add_fieldsets = ((None, {"fields": ("username", "password1", "password2")}),)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if change:
            changed = {name: getattr(obj, name) for name in form.changed_data if name != "password"}
            record(Action.USER_CHANGED, request=request, target=obj, changed=changed)
        else:
            record(Action.USER_CREATED, request=request, target=obj)

    def save_formset(self, request, form, formset, change):
        super().save_formset(request, form, formset, change)
        record_roles(request, formset)

    @display(description="Name", empty_value="")
    def full_name(self, user):
        return user.get_full_name()

    def get_inlines(self, request, obj):
        return self.inlines if obj else []  # the user is created first

    def get_readonly_fields(self, request, obj=None):
        """Superusers cannot remove their own permissions: the last one would lock out everyone."""
        return [*self.readonly_fields, *(self.permission_fields if obj == request.user else [])]

    def has_delete_permission(self, request, obj=None) -> bool:
        return False  # the history refers to users: make a user inactive instead


@admin.register(TokenProxy)
class TokenAdmin(ReadOnlyAdmin):
    """Lists who has an API key. The key itself is shown once to the user who creates it, at /account/key."""

    list_display = ["user", "prefix", "created_at"]
    list_display_links = None
    list_select_related = ["user__auth_token"]
    search_fields = ["user__username"]
    ordering = ["user__username"]
    actions = ["revoke"]
    list_disable_select_all = True

    @display(description="Key")
    def prefix(self, proxy):
        return key_prefix(proxy.user.auth_token)

    @display(description="Created")
    def created_at(self, proxy):
        return short_time(proxy.created)

    @admin.action(description="Revoke")
    def revoke(self, request, queryset):
        # The primary key of the proxy is the user's ID, but Django would look for it among the keys.
        revoked, _ = Token.objects.filter(user__in=request.POST.getlist(ACTION_CHECKBOX_NAME)).delete()
        self.message_user(request, f"Revoked {revoked} key{'' if revoked == 1 else 's'}.", messages.SUCCESS)

    # Django's pages of a single key would show it in their titles.
    def has_view_permission(self, request, obj=None) -> bool:
        return obj is None and super().has_view_permission(request)


# -- sign-ins ----------------------------------------------------------------------------------------------
class SignInRecordAdmin(ReadOnlyAdmin):
    """Base class for the records of django-axes. They contain no passwords and no unknown usernames."""

    list_display = ["time", "username", "ip_address", "browser"]
    search_fields = ["=username", "=ip_address"]
    search_help_text = "Username or IP address"
    fields = ["attempt_time", "username", "ip_address", "user_agent", "path_info"]
    ordering = ["-attempt_time"]
    list_display_links = None
    sortable_by = ()
    show_full_result_count = False

    @display(description="Time")
    def time(self, row):
        return short_time(row.attempt_time)

    @display(description="Browser")
    def browser(self, row):
        return Truncator(row.user_agent).chars(60)


@admin.register(AccessLog)
class SignInAdmin(SignInRecordAdmin):
    list_display = ["time", "logged_out", "username", "ip_address", "browser"]

    @display(description="Logged out", empty_value="")
    def logged_out(self, row):
        return short_time(row.logout_time)


@admin.register(AccessFailureLog)
class FailedSignInAdmin(SignInRecordAdmin):
    list_display = ["time", "username", "ip_address", "result", "browser"]

    @display(description="Result", label={"locked": "danger"}, empty_value="")
    def result(self, row):
        return "locked" if row.locked_out else None


@admin.register(AccessAttempt)
class SignInLockAdmin(SignInRecordAdmin):
    """The failures that count at the moment. Deleting one unlocks the user before the time is over."""

    list_display = ["time", "username", "ip_address", "failures_since_start", "browser"]
    actions = ["unlock"]

    @admin.action(description="Unlock")
    def unlock(self, request, queryset):
        number = queryset.delete()[0]
        message = f"Unlocked {number} sign-in{'' if number == 1 else 's'}."
        self.message_user(request, message, messages.SUCCESS)
