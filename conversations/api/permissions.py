"""Permission classes of the API. A Page that the user may not see is a 404, a missing role a 403."""

from django.utils.translation import gettext
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from conversations.permissions import TAGGER, page_ids, require_confirmation, require_role


class TaggerOrReadOnly(BasePermission):
    """Everybody who may see a conversation may read it; taggers of its Page may change it."""

    def has_object_permission(self, request, view, obj) -> bool:
        if request.method not in SAFE_METHODS:
            require_role(request.user, [obj.page_id], TAGGER)
        return True


class TagPermission(BasePermission):
    """Everybody may read tags, taggers of any Page may create them, superusers may rename and delete them."""

    def has_permission(self, request, view) -> bool:
        if request.method in SAFE_METHODS or request.user.is_superuser:
            return True
        if request.method != "POST":
            raise PermissionDenied(gettext("Only superusers rename and delete tags: all Pages share them."))
        if not page_ids(request.user, TAGGER):
            raise PermissionDenied(gettext("This needs the role %(role)s on a Page.") % {"role": TAGGER})
        return True


def require_confirmed_session(request) -> None:
    """Raise ConfirmationRequired for a session whose user gave the password too long ago. A key suffices."""
    if request.auth is None:
        require_confirmation(request.session)
