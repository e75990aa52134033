"""Forms with a file, which one route reads: all others read JSON, whatever the Content-Type says."""

from django.core.exceptions import SuspiciousOperation
from django.utils.translation import gettext
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import DataAndFiles, MultiPartParser


class FormParser(MultiPartParser):
    """Reads a form; the file of it is on the disk, not in memory."""

    def parse(self, stream, media_type=None, parser_context=None) -> DataAndFiles:
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation:
            raise ParseError(gettext("The form has too many fields, or too much beside its file.")) from None


def fields_of(data) -> dict:
    """Return the fields of a form, each of which may stand once, or a JSON object as it is."""
    if not hasattr(data, "lists"):
        return data
    for name, values in data.lists():
        if len(values) > 1:
            raise ValidationError({name: [gettext("Provide this field only once.")]})
    return {name: values[0] for name, values in data.lists()}
