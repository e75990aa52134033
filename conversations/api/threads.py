"""The list of a Page's threads: which of them, and in parts."""

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from conversations.api.pagination import NULLABLE_STRING, listed, number, parameter
from conversations.api.params import whole_number
from conversations.models import Thread
from conversations.reading.values import BIGGEST_ID, shown

STATES = Thread.State.values


class ThreadPagination(BasePagination):
    """`state`, `limit` and a `cursor`; what was listed last comes first."""

    parameters = ("state", "limit", "cursor")

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.limit = whole_number(request.query_params, "limit", default=50, highest=1000)
        before = whole_number(request.query_params, "cursor", default=BIGGEST_ID, highest=BIGGEST_ID)
        rows = in_state(queryset, request.query_params).filter(pk__lt=before).order_by("-pk")
        found = list(rows[: self.limit + 1])
        self.next_cursor = str(found[self.limit - 1].pk) if len(found) > self.limit else None
        return found[: self.limit]

    def get_paginated_response(self, data) -> Response:
        has_next = self.next_cursor is not None
        pagination = {"limit": self.limit, "hasNext": has_next, "nextCursor": self.next_cursor}
        return Response({"threads": data, "pagination": pagination})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [
            parameter("state", {"type": "string", "enum": STATES}, "Those in this state only."),
            parameter("limit", number(50, 1000), "How many at most."),
            parameter("cursor", {"type": "string"}, "`nextCursor` of the part before."),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return listed(
            "threads",
            schema,
            limit={"type": "integer"},
            hasNext={"type": "boolean"},
            nextCursor=NULLABLE_STRING,
        )


def in_state(threads, params):
    state = params.get("state", "").strip()
    if state and state not in STATES:
        raise ValidationError({"state": [f"It must be one of {', '.join(STATES)}, not {shown(state)}."]})
    return threads.filter(state=state) if state else threads
