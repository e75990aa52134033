"""What screens show of the open alerts of a Page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from conversations.alerts.causes import KINDS
from conversations.models.roles import SUPERUSER, Role


@dataclass(frozen=True)
class ShownAlert:
    """An open alert for one reader, who may mend its cause or else asks one of `ask` (names of users)."""

    cause: str
    sentence: str
    since: datetime
    advice: Promise
    may_mend: bool
    ask: list[str]


def shown_alerts(page: Any, role: str) -> list[ShownAlert]:
    """Return the open alerts for somebody with this role. The Page comes from `with_open_alerts()`."""
    return [_shown(page, row, role) for row in page.open_alerts]


def _shown(page: Any, row: dict[str, str], role: str) -> ShownAlert:
    kind = KINDS[row["cause"]]
    may_mend = role == SUPERUSER or role in _sufficient(kind.mender)
    names = page.superuser_names if kind.mender == SUPERUSER else page.manager_names or page.superuser_names
    return ShownAlert(
        row["cause"],
        row["sentence"],
        datetime.fromisoformat(row["since"]),
        kind.advice,
        may_mend,
        [] if may_mend else list(names),
    )


def _sufficient(mender: str) -> set[str]:
    return set() if mender == SUPERUSER else Role(mender).sufficient
