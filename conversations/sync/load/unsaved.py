"""Creates rows that are not saved yet, in a third of the time that a model's own constructor takes.

An answer has two hundred of them. The constructor looks at each field, and computes each default again.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.db import models
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=models.Model)


def unsaved(model: type[Row], **columns: Any) -> Row:
    """Return a row with these columns, by their attribute names, and the defaults of the others."""
    constants, computed = _defaults(model)
    row = model.__new__(model)
    row._state = ModelState()
    vars(row).update(constants)
    vars(row).update(columns)
    for name, default in computed:
        if name not in columns:
            setattr(row, name, default())
    return row


def unsaved_copy(row: Row) -> Row:
    """Return a copy of the row without a primary key. Their values are shared."""
    copy = type(row).__new__(type(row))
    vars(copy).update(vars(row))
    copy._state, copy.pk = ModelState(), None
    return copy


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """Return the defaults that are constant, and the functions that compute the others."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    computed = [
        (field.attname, field.default) for field in fields if field.has_default() and callable(field.default)
    ]
    names = {name for name, _ in computed}
    return {field.attname: field.get_default() for field in fields if field.attname not in names}, computed
