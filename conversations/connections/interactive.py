"""Calls Facebook for a person who is waiting: with short timeouts, and errors that can be shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.connections.client import open_client
from conversations.connections.patience import Patience
from conversations.graph.capabilities import Capabilities
from conversations.graph.client import GraphClient
from conversations.graph.errors import ActionRequiredError, GraphError, NotFoundError, PlatformError
from conversations.graph.options import HttpLimits
from conversations.lib.request_scope import Places, leave_work, release_connection
from conversations.models import Page

LIMITS = HttpLimits(connect_seconds=5, read_seconds=20, response_seconds=40)
MAX_WAIT_SECONDS = 8  # in total: instead of a longer wait, people try again later


class RefusalReason(StrEnum):
    """What the person can do about a refusal."""

    RECONNECT = "reconnect"  # connect the Page again, or grant it a permission
    GONE = "gone"  # nothing: Facebook no longer shows it
    NOTHING = "nothing"  # nothing: there was never a link
    FACEBOOK = "facebook"  # try again later


HTTP_STATUSES = {
    RefusalReason.RECONNECT: 409,
    RefusalReason.GONE: 410,
    RefusalReason.NOTHING: 404,
    RefusalReason.FACEBOOK: 502,
}


class FacebookRefused(Exception):
    """Facebook gave no result. The text says why for people, `reason` and `http_status` for programs."""

    def __init__(self, message: str, reason: RefusalReason):
        self.reason = reason
        super().__init__(message)

    @property
    def http_status(self) -> int:
        """The status of a response that reports the refusal."""
        return HTTP_STATUSES[self.reason]


ASKING = Places(_("requests that wait for Facebook"), per_user=4, in_all=100)


@contextmanager
def asking_facebook(user) -> Iterator[None]:
    """Surround a request of this user that asks Facebook, which may take long. Raises TooManyRequests.

    While Facebook is asked, the request is not at work: it leaves its place and its connection to others.
    """
    with ASKING.take(user.pk):
        leave_work()
        release_connection()
        yield


@contextmanager
def interactive_client(page: Page, platform: str) -> Iterator[GraphClient]:
    """Yield a client that waits only briefly. Its errors are raised as FacebookRefused.

    If Facebook refuses the token or a permission, a job asks again whether that is so for the whole Page.
    """
    state, reason = page.connection
    release_connection()  # that reading the conversation has opened
    if state == Page.State.RECONNECT:
        raise FacebookRefused(
            (gettext("Reconnect needed. %(reason)s") % {"reason": reason}).strip(), RefusalReason.RECONNECT
        )
    try:
        with open_client(
            page.facebook_page_id,
            page.access_token,
            Patience(MAX_WAIT_SECONDS, give_up),
            platform=platform,
            instagram_account_id=page.instagram_account_id,
            limits=LIMITS,
            # Only syncs and diagnostics store what they find out.
            capabilities=Capabilities.from_stored(page.capabilities.get(platform)),
        ) as client:
            yield client
    except ActionRequiredError as error:
        page.schedule_probe()
        raise FacebookRefused(error.text, RefusalReason.RECONNECT) from None
    except PlatformError as error:
        raise FacebookRefused(error.text, RefusalReason.RECONNECT) from None
    except NotFoundError as error:
        raise FacebookRefused(
            gettext("Facebook no longer shows this. %(reason)s") % {"reason": error.text}, RefusalReason.GONE
        ) from None
    except GraphError as error:
        raise FacebookRefused(
            gettext("Facebook did not answer. %(reason)s") % {"reason": error.text}, RefusalReason.FACEBOOK
        ) from None


def give_up(error: GraphError, seconds: float) -> None:
    """Raise FacebookRefused instead of waiting this long."""
    raise FacebookRefused(
        gettext("Facebook is limiting our requests: try again in a minute. %(reason)s")
        % {"reason": error.text},
        RefusalReason.FACEBOOK,
    )
