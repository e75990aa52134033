"""Users, groups and the keys for REST, for superusers."""

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from rest_framework.authtoken.models import Token, TokenProxy
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from conversations.admin.access import Superusers

for model in (User, Group, TokenProxy):
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Superusers):
    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm

    def has_delete_permission(self, request, obj=None) -> bool:
        return False  # who did what stays told: people are made inactive instead


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, Superusers):
    pass


@admin.register(TokenProxy)
class TokenAdmin(Superusers):
    """Who has a key; the keys themselves are not shown. `manage.py drf_create_token USER` makes one."""

    list_display = ["user", "created"]
    list_display_links = None
    list_select_related = ["user"]
    search_fields = ["user__username"]
    ordering = ["user__username"]
    actions = ["revoke"]
    list_disable_select_all = True

    @admin.action(description="Revoke")
    def revoke(self, request, queryset):
        # The proxy gives the user's id for its key, and Django looks for that in the column of keys.
        revoked, _ = Token.objects.filter(user__in=request.POST.getlist(ACTION_CHECKBOX_NAME)).delete()
        self.message_user(request, f"Revoked {revoked} key{'' if revoked == 1 else 's'}.", messages.SUCCESS)

    # Django's own pages of one key would have it in their titles.
    def has_view_permission(self, request, obj=None) -> bool:
        return obj is None and super().has_view_permission(request)

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
