"""Changes the state of a Page after Facebook refused or accepted its token."""

from conversations.graph.errors import AccessTokenError, ActionRequiredError, PageMovedError
from conversations.models import Page


def record_refusal(page: Page, error: ActionRequiredError) -> None:
    """Save that Facebook refused the Page.

    A refused token alone changes no state: in an outage Facebook refuses valid ones too. A job asks again
    (see `connections.probe`).
    """
    if isinstance(error, AccessTokenError):
        page.schedule_probe()
    else:
        require_reconnect(page, error)


def require_reconnect(page: Page, error: ActionRequiredError) -> None:
    """Save that a person must act, and why."""
    new_id = error.new_page_id if isinstance(error, PageMovedError) else ""
    if error.advice:
        page.reconnect(error.advice, details=error.facebook_text, migrated_to=new_id)
    else:
        page.reconnect(error.full_text)
