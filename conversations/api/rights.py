"""What somebody who watches may see: asked when a stream opens, and again when that has changed."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import connection
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import NotFound

from conversations.api.access import MANAGER, page_ids
from conversations.models import Page, SyncRun


@dataclass(frozen=True)
class Rights:
    """The Pages that are seen, and those on which one also hears why a run failed."""

    page_ids: list[int]
    managed: set[int]


def rights_of(user, wanted: str) -> Rights:
    """`wanted`: a facebookPageId, empty for all. Raises NotFound."""
    managed = Page.objects.visible_to(user, at_least=MANAGER).values_list("pk", flat=True)
    return Rights(page_ids(user, wanted), set(managed))


def rights_now(user_id: int, key: str | None, wanted: str) -> Rights | None:
    """As of now, on a connection that is closed at once; None: no longer any.

    `key`: the API key with which the stream was opened, None where it was a session.
    """
    try:
        user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
        if user is None or (key and not Token.objects.filter(user=user, key=key).exists()):
            return None
        return rights_of(user, wanted)
    except NotFound:
        return None
    finally:
        connection.close()


@dataclass(frozen=True)
class RunReader:
    """Who watches one run. `key`: as in rights_now()."""

    run_id: int
    user_id: int
    key: str | None = None

    def may_read(self) -> bool:
        """Whether it is a manager of the run's Page, as of now. A run that is gone hides nothing."""
        try:
            run = SyncRun.objects.filter(pk=self.run_id).only("page_id").first()
            rights = rights_now(self.user_id, self.key, "")
            return run is None or (rights is not None and run.page_id in rights.managed)
        finally:
            connection.close()
