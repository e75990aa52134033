"""Lists the Pages that a user's token can access, each with its own token."""

from dataclasses import dataclass
from typing import Any

from conversations.graph.client import GraphClient
from conversations.graph.errors import EndlessListError, TransientError
from conversations.graph.readers.list_progress import ListProgress
from conversations.graph.readers.next_link import next_cursor, position_params

FIELDS = "id,name,access_token,tasks"
MAX_CALLS = 400  # of 25 Pages each


@dataclass(frozen=True)
class Account:
    """A Page as `me/accounts` shows it.

    `token` is empty if Facebook gave none. `tasks` is what the user may do on the Page, None if unknown.
    """

    id: str
    name: str
    token: str
    tasks: tuple[str, ...] | None

    def __repr__(self):
        return f"Account({self.id})"  # no token in a traceback


def list_accounts(client: GraphClient) -> list[Account]:
    """Return all Pages of the user.

    Raises InvalidRequestError if the token is not a user's token, and EndlessListError.
    """
    accounts: dict[str, Account] = {}
    cursor, progress = None, ListProgress()
    for _ in range(MAX_CALLS):
        body = client.get("me/accounts", fields=FIELDS, **position_params(cursor))
        if not isinstance(body.get("data"), list):
            raise TransientError("Facebook's response does not contain the list of Pages.")
        shown = {account.id: account for account in map(_account, body["data"]) if account}
        accounts |= shown
        cursor = next_cursor(body)
        if cursor is None:
            return list(accounts.values())
        progress.record(shown)
        if progress.error:
            break
    raise EndlessListError("Facebook's list of Pages does not end.")


def _account(raw: Any) -> Account | None:
    if not isinstance(raw, dict) or not str(raw.get("id", "")).isdecimal():
        return None
    token, tasks = raw.get("access_token"), raw.get("tasks")
    return Account(
        str(raw["id"]),
        str(raw.get("name") or ""),
        token if isinstance(token, str) else "",
        tuple(map(str, tasks)) if isinstance(tasks, list) else None,
    )
