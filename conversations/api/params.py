"""Reading what was asked: a parameter is known, given once and as it should be, or refused by name."""

from collections.abc import Mapping

from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission

from conversations.reading.values import as_flag, as_number, shown


class KnownParameters(BasePermission):
    """Lets through only parameters that the view names for its action, in `parameters`, each given once."""

    def has_permission(self, request, view) -> bool:
        known = getattr(view, "parameters", {}).get(getattr(view, "action", None), ())
        for name, values in request.query_params.lists():
            if name not in known:
                raise ValidationError({name: ["There is no such parameter here."]})
            if len(values) > 1:
                raise ValidationError({name: ["Give it once."]})
            if "\0" in values[0]:
                raise ValidationError({name: ["It has characters that no text may have."]})
        return True


def whole_number(params: Mapping[str, str], name: str, *, default: int, highest: int | None = None) -> int:
    """The parameter as a number from 1 on; the default where it is absent or empty."""
    text = params.get(name, "").strip()
    if not text:
        return default
    number = as_number(text)
    if not number or (highest and number > highest):
        wanted = f"from 1 to {highest}" if highest else "from 1 on"
        raise ValidationError({name: [f"It must be a whole number {wanted}, not {shown(text)}."]})
    return number


def flag(params: Mapping[str, str], name: str) -> bool:
    """The parameter as yes or no; no where it is absent or empty."""
    try:
        return as_flag(params.get(name, "").strip() or False)
    except ValueError as error:
        raise ValidationError({name: [str(error)]}) from None
