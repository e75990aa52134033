"""What the reader of a stream may see; checked when a stream opens and again when permissions change."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import connection
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import NotFound

from conversations.api.query_params import requested_page_ids
from conversations.models import SyncRun
from conversations.permissions import MANAGER, page_ids


@dataclass(frozen=True)
class Permissions:
    """The Pages of a stream, and the Pages on which the user may see why a run failed."""

    page_ids: list[int]
    managed_page_ids: set[int]


def permissions_of(user, facebook_page_id: str) -> Permissions:
    """Return the permissions on one Page, or on all if `facebook_page_id` is empty. Raises NotFound."""
    managed = page_ids(user, MANAGER)
    return Permissions(requested_page_ids(user, facebook_page_id), set(managed))


def current_permissions(user_id: int, key: str | None, facebook_page_id: str) -> Permissions | None:
    """Return the permissions as of now, on a database connection that is then closed.

    `key` is the API key that opened the stream, None for a session. Returns None if the user left, the key
    was revoked, or the Page is not visible any more.
    """
    try:
        user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
        if user is None or (key and not Token.objects.filter(user=user, key=key).exists()):
            return None
        return permissions_of(user, facebook_page_id)
    except NotFound:
        return None
    finally:
        connection.close()


@dataclass(frozen=True)
class RunReader:
    """The reader of the stream of one run; `key` as in current_permissions()."""

    run_id: int
    user_id: int
    key: str | None = None

    def check_permission(self) -> bool:
        """Return whether the user is now a manager of the run's Page, or the run was deleted.

        Reads the database on a connection that is then closed.
        """
        try:
            run = SyncRun.objects.filter(pk=self.run_id).only("page_id").first()
            permissions = current_permissions(self.user_id, self.key, "")
            return run is None or (permissions is not None and run.page_id in permissions.managed_page_ids)
        finally:
            connection.close()
