"""What the reader of a stream may see; checked when a stream opens and again when permissions change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import connection
from django.utils import timezone
from rest_framework.exceptions import NotFound

from conversations.api.query_params import requested_page_ids
from conversations.models import SyncRun
from conversations.permissions import MANAGER, page_ids


class Credential(Protocol):
    """What a request was authenticated with: an API key, or a session."""

    def check(self) -> tuple[Any, datetime | None] | None:
        """Return the user, and when to check again; None if the key or the session has ended."""


def credential_of(request) -> Credential:
    """Return the API key of the request, which authentication leaves in `auth`, or else its session."""
    return request.auth or request.session.credential()


@dataclass(frozen=True)
class Permissions:
    """The Pages of a stream, and the Pages on which the user may see why a run failed."""

    page_ids: list[int]
    managed_page_ids: set[int]
    until: datetime | None = None  # when to check again, even if nothing changes until then

    @property
    def seconds(self) -> float | None:
        """The time until `until`, and a little more: timers may be early."""
        return None if self.until is None else max(0, (self.until - timezone.now()).total_seconds()) + 0.1


def permissions_of(user, facebook_page_id: str, until: datetime | None = None) -> Permissions:
    """Return the permissions on one Page, or on all if `facebook_page_id` is empty. Raises NotFound."""
    managed = page_ids(user, MANAGER)
    return Permissions(requested_page_ids(user, facebook_page_id), set(managed), until)


def current_permissions(credential: Credential, facebook_page_id: str) -> Permissions | None:
    """Return the permissions as of now, on a database connection that is then closed.

    Returns None if the user left, the key or the session has ended, or the Page is not visible any more.
    """
    try:
        checked = credential.check()
        return permissions_of(checked[0], facebook_page_id, checked[1]) if checked else None
    except NotFound:
        return None
    finally:
        connection.close()


@dataclass(frozen=True)
class RunReader:
    """The reader of the stream of one run."""

    run_id: int
    user_id: int
    credential: Credential

    def read_permissions(self) -> Permissions | None:
        """Return the permissions of a reader who manages the run's Page, or whose run was deleted; else None.

        Reads the database on a connection that is then closed.
        """
        try:
            run = SyncRun.objects.filter(pk=self.run_id).only("page_id").first()
            if run is None:
                return Permissions([], set())  # all that is left is its end
            permissions = current_permissions(self.credential, "")
            return permissions if permissions and run.page_id in permissions.managed_page_ids else None
        finally:
            connection.close()
