"""Parts of long lists: by number for conversations, by cursor for these, events and runs."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from conversations.api.params import whole_number
from conversations.reading.finding import Place
from conversations.reading.listing import TOTALS, read_part
from conversations.reading.selection import Selection
from conversations.reading.values import BIGGEST_ID, shown

NULLABLE_INTEGER = {"type": ["integer", "null"]}
NULLABLE_STRING = {"type": ["string", "null"]}
NEVER = "-"  # in the place of a time
BEHIND = "With `search_in=messages`: conversations whose newest messages are still to be made searchable."


class ConversationPagination(BasePagination):
    """By `page`, or by a `cursor` that costs the same however deep; `limit`; `total` says how to count."""

    parameters = ("page", "limit", "cursor", "total")

    def answer(self, selection: Selection, params: Mapping[str, str]) -> Response:
        cursor = params.get("cursor", "").strip()
        if cursor and params.get("page", "").strip():
            raise ValidationError({"cursor": ["Give a cursor or a page, not both."]})
        page = whole_number(params, "page", default=1)
        limit = whole_number(params, "limit", default=20, highest=10_000)
        total = params.get("total", "").strip() or ("estimate" if cursor else "exact")
        if total not in (*TOTALS, "none"):
            raise ValidationError({"total": [f"It must be exact, estimate or none, not {shown(total)}."]})
        start = min((page - 1) * limit, BIGGEST_ID - limit - 1)
        after = opened_place(cursor) if cursor else None
        part = read_part(selection, total=total, limit=limit, start=start, after=after)
        pagination = {
            "page": None if cursor else min(page, BIGGEST_ID),
            "limit": limit,
            "total": part.total and part.total.number,
            "pages": part.total and -(-part.total.number // limit),
            "hasNext": part.has_next,
            "hasPrev": bool(cursor) or page > 1,
            "nextCursor": sealed(*part.last) if part.has_next and part.last else None,
            "totalIsExact": bool(part.total and part.total.is_exact),
        }
        if selection.in_messages:
            pagination["behind"] = part.behind
        return Response({"conversations": part.json, "pagination": pagination})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        ways = {"type": "string", "enum": [*TOTALS, "none"]}
        return [
            parameter("page", number(None), "From 1 on; past the end the list is empty."),
            parameter("limit", number(20, 10_000), "How many at most."),
            parameter("cursor", {"type": "string"}, "`nextCursor` of the part before; not with `page`."),
            parameter(
                "total",
                ways,
                "exact (by `page` the default); estimate (by `cursor` the default): exact up to 1000; none.",
            ),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        integer, boolean = {"type": "integer"}, {"type": "boolean"}
        answer = listed(
            "conversations",
            schema,
            page=NULLABLE_INTEGER,
            limit=integer,
            total=NULLABLE_INTEGER,
            pages=NULLABLE_INTEGER,
            hasNext=boolean,
            hasPrev=boolean,
            nextCursor=NULLABLE_STRING,
            totalIsExact=boolean,
        )
        answer["properties"]["pagination"]["properties"]["behind"] = integer | {"description": BEHIND}
        return answer


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
        next_cursor = sealed(self.last.occurred_at, self.last.pk) if self.last else None
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
    """`limit` and an opaque `cursor`: older runs; new ones do not move it."""

    parameters = ("limit", "cursor")

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.limit = whole_number(request.query_params, "limit", default=20, highest=100)
        if cursor := request.query_params.get("cursor", "").strip():
            queryset = queryset.filter(pk__lt=opened_id(cursor))
        rows = list(queryset.newest_first()[: self.limit + 1])
        self.last = rows[self.limit - 1] if len(rows) > self.limit else None
        return rows[: self.limit]

    def get_paginated_response(self, data) -> Response:
        next_cursor = sealed(None, self.last.pk) if self.last else None
        pagination = {"limit": self.limit, "hasNext": self.last is not None, "nextCursor": next_cursor}
        return Response({"sync_runs": data, "pagination": pagination})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [
            parameter("limit", number(20, 100), "How many at most."),
            parameter("cursor", {"type": "string"}, "`nextCursor` of the part before."),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return listed(
            "sync_runs",
            schema,
            limit={"type": "integer"},
            hasNext={"type": "boolean"},
            nextCursor=NULLABLE_STRING,
        )


def sealed(time: datetime | None, row_id: int) -> str:
    """A row's place in its list, as text that needs no escaping in an address."""
    text = f"{time.isoformat() if time else NEVER} {row_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def opened_place(cursor: str) -> Place:
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
        moment, _, digits = text.partition(" ")
        time, row_id = (
            datetime.fromisoformat(moment).astimezone(UTC) if moment != NEVER else None,
            int(digits),
        )
        if not 0 < row_id <= BIGGEST_ID:
            raise ValueError
    except (ValueError, OverflowError):
        raise foreign_cursor() from None
    return time, row_id


def opened(cursor: str) -> tuple[datetime, int]:
    """The place of an event, which has a time always."""
    time, row_id = opened_place(cursor)
    if time is None:
        raise foreign_cursor()
    return time, row_id


def opened_id(cursor: str) -> int:
    """The place in a list by id, whose cursors have no time."""
    time, row_id = opened_place(cursor)
    if time is not None:
        raise foreign_cursor()
    return row_id


def foreign_cursor() -> ValidationError:
    return ValidationError({"cursor": ["It is not one that this list gave out."]})


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
