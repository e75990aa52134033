"""System checks of the database, run by `manage.py check --database default`.

Every process registers them and hardly any runs them, so they import what they need when they run.
"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.database)
def check_unique_keys(databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """Return a warning for each missing unique key: not an error, because syncs work without it, slowly."""
    from conversations.models.constraints import REPAIR, missing_keys
    from conversations.models.schema_repair import is_migrated

    if "default" not in (databases or ()):
        return []
    return [
        Warning(
            f"The unique key on {key} is missing.",
            hint=f"Run `{REPAIR}` to merge duplicates and create the key.",
            obj=key.model,
            id="conversations.W001",
        )
        for key in missing_keys()
        if key.constraint.fields or is_migrated()  # a migration makes the key of a digest
    ]


@register(Tags.database)
def check_schema(databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """A warning for each object that a failed restore left out."""
    from conversations.models.schema_repair import COMMAND, find_missing

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
