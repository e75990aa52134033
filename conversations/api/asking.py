"""What a request asks of the conversations: its filters, on the Pages it is about."""

from collections.abc import Mapping

from rest_framework.exceptions import ValidationError

from conversations.api.access import page_ids
from conversations.reading.filters import read
from conversations.reading.selection import Selection


def selected(user, params: Mapping[str, str]) -> Selection:
    """Raises ValidationError, which names the parameter, and NotFound for a Page that is not seen."""
    asked = read(params)
    if not asked.is_valid():
        raise ValidationError(asked.errors)
    wanted = params.get("facebookPageId", "").strip()
    everywhere = user.is_superuser and wanted in ("", "all")
    return asked.selection(page_ids(user, wanted), everywhere=everywhere)
