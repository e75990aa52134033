"""What `manage.py check --database default` says about a database that was taken over."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from conversations.sync.takeover import REPAIR, missing_keys


@register(Tags.database)
def check_unique_keys(databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """A warning for each key that is missing: syncs do without it, slowly, and `migrate` must not stop."""
    if "default" not in (databases or ()):
        return []
    return [
        Warning(
            f"There is no unique key on {key}.",
            hint=f"Run `{REPAIR}`: it merges what is there twice and makes the key.",
            obj=key.model,
            id="conversations.W001",
        )
        for key in missing_keys()
    ]
