"""Parts of long lists: by number for conversations, by cursor for events, the newest few for runs."""

import base64
from datetime import UTC, datetime

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from conversations.api.params import BIGGEST_ID, whole_number
from conversations.api.rows import conversation_rows

NULLABLE_INTEGER = {"type": ["integer", "null"]}
NULLABLE_STRING = {"type": ["string", "null"]}


class ConversationPagination(BasePagination):
    """`page` and `limit`; the total is counted unless `total=none`."""

    parameters = ("page", "limit", "total")

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.page = whole_number(request.query_params, "page", default=1)
        self.limit = whole_number(request.query_params, "limit", default=20, highest=10_000)
        total = request.query_params.get("total", "").strip() or "exact"
        if total not in ("exact", "none"):
            raise ValidationError({"total": [f"It must be exact or none, not {total!r}."]})
        self.total = queryset.count() if total == "exact" else None
        start = min((self.page - 1) * self.limit, BIGGEST_ID - self.limit - 1)
        if self.total is not None and start >= self.total:
            rows = []
        else:
            rows = rows_between(queryset, start, start + self.limit + 1)
        self.has_next = len(rows) > self.limit
        return rows[: self.limit]

    def get_paginated_response(self, data) -> Response:
        pages = None if self.total is None else -(-self.total // self.limit)
        pagination = {
            "page": self.page,
            "limit": self.limit,
            "total": self.total,
            "pages": pages,
            "hasNext": self.has_next,
            "hasPrev": self.page > 1,
            "nextCursor": None,
            "totalIsExact": self.total is not None,
        }
        return Response({"conversations": data, "pagination": pagination})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [
            parameter("page", number(None), "From 1 on; past the end the list is empty."),
            parameter("limit", number(20, 10_000), "How many at most."),
            parameter(
                "total",
                {"type": "string", "enum": ["exact", "none"], "default": "exact"},
                "none: do not count.",
            ),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        integer, boolean = {"type": "integer"}, {"type": "boolean"}
        return listed(
            "conversations",
            schema,
            page=integer,
            limit=integer,
            total=NULLABLE_INTEGER,
            pages=NULLABLE_INTEGER,
            hasNext=boolean,
            hasPrev=boolean,
            nextCursor=NULLABLE_STRING,
            totalIsExact=boolean,
        )


def rows_between(queryset, start: int, end: int) -> list[dict]:
    # The ids first: an index alone gives them, however far from the beginning.
    ids = queryset.newest_first().values("pk")[start:end]
    return conversation_rows(queryset.model.objects.filter(pk__in=ids))


class EventPagination(BasePagination):
    """`limit` and an opaque `cursor`, which stays right while events come in."""

    parameters = ("limit", "cursor")

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.limit = whole_number(request.query_params, "limit", default=50, highest=1000)
        if cursor := request.query_params.get("cursor", "").strip():
            queryset = queryset.after_cursor(*opened(cursor))
        rows = list(queryset.newest_first()[: self.limit + 1])
        self.has_next = len(rows) > self.limit
        self.last = rows[self.limit - 1] if self.has_next else None
        return rows[: self.limit]

    def get_paginated_response(self, data) -> Response:
        next_cursor = sealed(self.last) if self.last else None
        pagination = {"limit": self.limit, "hasNext": self.has_next, "nextCursor": next_cursor}
        return Response({"events": data, "pagination": pagination})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [
            parameter("limit", number(50, 1000), "How many at most."),
            parameter("cursor", {"type": "string"}, "`nextCursor` of the part before."),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return listed(
            "events",
            schema,
            limit={"type": "integer"},
            hasNext={"type": "boolean"},
            nextCursor=NULLABLE_STRING,
        )


class RunPagination(BasePagination):
    """The newest `limit` runs."""

    parameters = ("limit",)

    def paginate_queryset(self, queryset, request, view=None) -> list:
        limit = whole_number(request.query_params, "limit", default=20, highest=100)
        return list(queryset.newest_first()[:limit])

    def get_paginated_response(self, data) -> Response:
        return Response({"sync_runs": data})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [parameter("limit", number(20, 100), "How many at most.")]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return listed("sync_runs", schema)


def sealed(event) -> str:
    """The event's place in the list, as text that needs no escaping in an address."""
    return base64.urlsafe_b64encode(f"{event.occurred_at.isoformat()} {event.pk}".encode()).decode()


def opened(cursor: str) -> tuple[datetime, int]:
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
        moment, _, number = text.partition(" ")
        occurred_at, event_id = datetime.fromisoformat(moment).astimezone(UTC), int(number)
        if not 0 < event_id <= BIGGEST_ID:
            raise ValueError
    except (ValueError, OverflowError):
        raise ValidationError({"cursor": ["It is not one that a list of events gave out."]}) from None
    return occurred_at, event_id


def parameter(name: str, schema: dict, description: str) -> dict:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def number(default: int | None, highest: int | None = None) -> dict:
    schema = {"type": "integer", "minimum": 1, "maximum": highest, "default": default or 1}
    return {key: value for key, value in schema.items() if value is not None}


def listed(name: str, rows: dict, **pagination: dict) -> dict:
    """The schema of a list's answer."""
    properties = {name: rows}
    if pagination:
        properties["pagination"] = {
            "type": "object",
            "properties": pagination,
            "required": list(pagination),
        }
    return {"type": "object", "properties": properties, "required": list(properties)}
