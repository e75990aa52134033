"""Authenticates requests to the API by key."""

from datetime import datetime

from django.utils.translation import gettext
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS

from inbox.accounts.models import ApiKey, digest_of
from inbox.accounts.signed_in import usable_key


class ApiKeyCredential:
    """The key of a request, as `request.auth`. An open stream checks it again."""

    def __init__(self, pk: int):
        self._pk = pk

    def check(self) -> tuple[object, datetime | None] | None:
        """Return the user and when to check again; None if the key has ended."""
        key = ApiKey.objects.usable().filter(pk=self._pk).select_related("user").first()
        return (key.user, key.expires_at) if key else None


class ApiKeyAuthentication(TokenAuthentication):
    """`Authorization: Token KEY`."""

    def authenticate(self, request):
        result = super().authenticate(request)
        if result is None:
            return None
        user, key = result
        if key.scope != ApiKey.Scope.WRITE and request.method not in SAFE_METHODS:
            raise PermissionDenied(gettext("This API key may only read. Use one with the scope write."))
        key.note_use()
        return user, ApiKeyCredential(key.pk)

    def authenticate_credentials(self, key: str):
        row = usable_key(digest_of(key))
        if row is None:
            raise AuthenticationFailed(gettext("Invalid token."))
        return row.user, row
