"""What follows from an error of Facebook's Send API, which has no key against sending twice."""

from enum import StrEnum

from conversations.graph.errors import (
    ActionRequiredError,
    GraphError,
    InvalidRequestError,
    NotFoundError,
    PlatformError,
    RateLimitError,
    Recovery,
    SendRefusedError,
    StaleCursorError,
    VersionError,
)

# What says for sure that the message was not sent, and would not be if it were tried again.
REFUSALS = (
    ActionRequiredError,
    InvalidRequestError,
    NotFoundError,
    PlatformError,
    SendRefusedError,
    StaleCursorError,
    VersionError,
)


class Outcome(StrEnum):
    """RETRY: it cannot have left, so that it is tried again. FAILED: Facebook does not send it.

    UNCERTAIN: nobody knows, so that it is never sent again without a person's word.
    """

    RETRY = "retry"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


def outcome_of(error: GraphError) -> Outcome:
    if error.never_left or (isinstance(error, RateLimitError) and error.recovery is Recovery.WAIT):
        return Outcome.RETRY
    if isinstance(error, REFUSALS) or error.recovery is Recovery.WAIT_HOURS:
        return Outcome.FAILED
    return Outcome.UNCERTAIN


def outcome_of_upload(error: GraphError) -> Outcome:
    """The same of a file that is uploaded before its message: nobody sees it, so it can be tried again."""
    found = outcome_of(error)
    return Outcome.RETRY if found is Outcome.UNCERTAIN else found
