"""What `manage.py check --database default` says about objects that the database lacks."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from conversations.schema_repair import COMMAND, find_missing
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


@register(Tags.database)
def check_schema(databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """A warning for each object that a failed restore left out."""
    if "default" not in (databases or ()):
        return []
    return [
        Warning(
            f"The database has no {name}, or it is not valid.",
            hint=f"Run `{COMMAND}`, which creates what is missing.",
            id="conversations.W002",
        )
        for name in find_missing()
    ]
