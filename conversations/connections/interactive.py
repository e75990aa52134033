"""Calls Facebook for a person who is waiting: with short timeouts, and errors that can be shown."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from enum import StrEnum

from conversations.connections.client import open_client
from conversations.graph.client import GraphClient
from conversations.graph.errors import ActionRequiredError, GraphError, NotFoundError, PlatformError
from conversations.models import Page

TIMEOUT_SECONDS = (5.0, 20.0)  # to connect, and for each part of a response
RESPONSE_SECONDS = 40.0
PATIENCE_SECONDS = 8.0  # all pauses together: instead of a longer wait, people try again later


class RefusalReason(StrEnum):
    """What the person can do about a refusal."""

    RECONNECT = "reconnect"  # connect the Page again, or grant it a permission
    GONE = "gone"  # nothing: Facebook no longer shows it
    NOTHING = "nothing"  # nothing: there was never a link
    FACEBOOK = "facebook"  # try again later


class FacebookRefused(Exception):
    """Facebook gave no result. The text says why for people, `reason` for programs."""

    def __init__(self, message: str, reason: RefusalReason):
        self.reason = reason
        super().__init__(message)


@contextmanager
def interactive_client(page: Page, platform: str) -> Iterator[GraphClient]:
    """Yield a client that waits only briefly. Its errors are raised as FacebookRefused.

    If Facebook refuses the token or a permission, a job asks again whether that is so for the whole Page.
    """
    state, reason = page.connection
    if state == Page.State.RECONNECT:
        raise FacebookRefused(f"Reconnect needed. {reason}".strip(), RefusalReason.RECONNECT)
    patience = Patience()
    try:
        with open_client(
            page.facebook_page_id,
            page.access_token,
            platform=platform,
            on_wait=patience.on_wait,
            sleep=patience.sleep,
            timeout_seconds=TIMEOUT_SECONDS,
            response_seconds=RESPONSE_SECONDS,
            capabilities=deepcopy(page.learnt.get(platform, {})),  # a copy: only a sync stores what it learns
        ) as client:
            yield client
    except ActionRequiredError as error:
        page.schedule_probe()
        raise FacebookRefused(error.text, RefusalReason.RECONNECT) from None
    except PlatformError as error:
        raise FacebookRefused(error.text, RefusalReason.RECONNECT) from None
    except NotFoundError as error:
        raise FacebookRefused(f"Facebook no longer shows this. {error.text}", RefusalReason.GONE) from None
    except GraphError as error:
        raise FacebookRefused(f"Facebook did not answer. {error.text}", RefusalReason.FACEBOOK) from None


class Patience:
    """Counts the pauses of one request and ends it when they are longer than `seconds` together."""

    def __init__(self, seconds: float = PATIENCE_SECONDS) -> None:
        self._seconds_left, self._last_error = seconds, ""

    def on_wait(self, error: GraphError, seconds: float) -> None:
        self._last_error = error.text

    def sleep(self, seconds: float) -> None:
        self._seconds_left -= seconds
        if self._seconds_left < 0:
            # Not one of the client's own errors, which it would retry.
            reason = f" {self._last_error}" if self._last_error else ""
            raise FacebookRefused(
                f"Facebook is limiting our requests: try again in a minute.{reason}", RefusalReason.FACEBOOK
            )
        time.sleep(seconds)
