"""Asking Facebook of a Page while somebody waits: with little patience, and refusals in words."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from enum import StrEnum

from conversations.clients import open_client
from conversations.graph.client import GraphClient
from conversations.graph.errors import AccessTokenError, GoneError, GraphError, PlatformError
from conversations.models import Page

TIMEOUT_SECONDS = (5.0, 20.0)  # to connect, and for each part of an answer
ANSWER_SECONDS = 40.0
PATIENCE_SECONDS = 8.0  # all pauses together: whoever waits longer had better come again
TOKEN_CODES = (102, 190)  # it is the token itself that Facebook does not accept


class Why(StrEnum):
    """What whoever was refused can do about it."""

    RECONNECT = "reconnect"  # a person must connect the Page again, or allow it something
    GONE = "gone"  # nothing: Facebook shows it no longer
    NOTHING = "nothing"  # nothing: there never was a link
    FACEBOOK = "facebook"  # try again later


class Refused(Exception):
    """The text says in words why there is no answer; `why` for programs."""

    def __init__(self, words: str, why: Why):
        self.why = why
        super().__init__(words)


@contextmanager
def asking(page: Page, platform: str) -> Iterator[GraphClient]:
    """A client with little patience. Whatever it meets is Refused; that a token is dead is noted."""
    state, reason = page.connection
    if state == Page.State.RECONNECT:
        raise Refused(f"The Page must be connected again. {reason}".strip(), Why.RECONNECT)
    patience = Patience()
    try:
        with open_client(
            page.facebook_page_id,
            page.access_token,
            platform=platform,
            on_wait=patience.hear,
            sleep=patience.sleep,
            timeout_seconds=TIMEOUT_SECONDS,
            answer_seconds=ANSWER_SECONDS,
            learnt=deepcopy(page.learnt.get(platform, {})),  # what a sync notes, and it alone
        ) as client:
            yield client
    except AccessTokenError as error:
        if error.code in TOKEN_CODES:
            page.reconnect(str(error))
        raise Refused(error.words, Why.RECONNECT) from None
    except PlatformError as error:
        raise Refused(error.words, Why.RECONNECT) from None
    except GoneError as error:
        raise Refused(f"Facebook no longer shows this. {error.words}", Why.GONE) from None
    except GraphError as error:
        raise Refused(f"Facebook did not answer. {error.words}", Why.FACEBOOK) from None


class Patience:
    """The pauses of one request: beyond PATIENCE_SECONDS they end it."""

    def __init__(self) -> None:
        self._left, self._reason = PATIENCE_SECONDS, ""

    def hear(self, error: GraphError, seconds: float) -> None:
        self._reason = error.words

    def sleep(self, seconds: float) -> None:
        self._left -= seconds
        if self._left < 0:
            # Not one of the client's own errors, which it would meet with more patience.
            reason = f" {self._reason}" if self._reason else ""
            raise Refused(f"Facebook makes us wait: try again in a minute.{reason}", Why.FACEBOOK)
        time.sleep(seconds)
