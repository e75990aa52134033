"""The Pages that a person's token sees, each with its own token."""

from dataclasses import dataclass
from typing import Any

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, TransientError
from conversations.graph.records import next_cursor

FIELDS = "id,name,access_token,tasks"
MOST_ANSWERS = 400  # of 25 Pages each


@dataclass(frozen=True)
class Account:
    """`token`: empty where Facebook gave none. `tasks`: what the person may do there; None: not told."""

    id: str
    name: str
    token: str
    tasks: tuple[str, ...] | None

    def __repr__(self):
        return f"Account({self.id})"  # the token belongs into no traceback


def list_accounts(client: GraphClient) -> list[Account]:
    """All of them, to the end of the list. RefusedRequestError: the token is no person's."""
    found: dict[str, Account] = {}
    cursors: list[str] = []
    for _ in range(MOST_ANSWERS):
        answer = client.get("me/accounts", fields=FIELDS, **({"after": cursors[-1]} if cursors else {}))
        if not isinstance(answer.get("data"), list):
            raise TransientError("Facebook answered without the list of Pages that was asked for.")
        found |= {account.id: account for account in map(_account, answer["data"]) if account}
        cursor = next_cursor(answer)
        if cursor is None:
            return list(found.values())
        if cursor in cursors:
            break
        cursors.append(cursor)
    raise GraphError("Facebook's list of Pages does not end.")


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
