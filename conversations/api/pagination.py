"""Pagination: by page number or cursor for conversations, by cursor for events, runs and threads."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from conversations.api.query_params import whole_number
from conversations.models import Thread
from conversations.search.conditions import Keyset
from conversations.search.criteria import SearchCriteria
from conversations.search.parsing import MAX_ID, quote
from conversations.search.results import COUNT_MODES, read_page

NULLABLE_INTEGER = {"type": ["integer", "null"]}
NULLABLE_STRING = {"type": ["string", "null"]}
NO_TIME = "-"  # in a cursor, for a row without a time
THREAD_STATES = Thread.State.values
UNINDEXED_HELP = "With `search_in=messages`: conversations whose newest messages are not searchable yet."


class ConversationPagination(BasePagination):
    """By `page`, or by `cursor`, which is equally fast at any depth; `total` says how to count."""

    parameters = ("page", "limit", "cursor", "total")

    def get_response(self, criteria: SearchCriteria, params: Mapping[str, str]) -> Response:
        cursor = params.get("cursor", "").strip()
        if cursor and params.get("page", "").strip():
            raise ValidationError({"cursor": ["Provide cursor or page, not both."]})
        page = whole_number(params, "page", default=1)
        limit = whole_number(params, "limit", default=20, highest=10_000)
        total = params.get("total", "").strip() or ("estimate" if cursor else "exact")
        if total not in (*COUNT_MODES, "none"):
            raise ValidationError({"total": [f"It must be exact, estimate or none, not {quote(total)}."]})
        start = min((page - 1) * limit, MAX_ID - limit - 1)
        after = decode_cursor(cursor) if cursor else None
        result = read_page(criteria, total=total, limit=limit, start=start, after=after)
        pagination = {
            "page": None if cursor else min(page, MAX_ID),
            "limit": limit,
            "total": result.total and result.total.number,
            "pages": result.total and -(-result.total.number // limit),
            "hasNext": result.has_next,
            "hasPrev": bool(cursor) or page > 1,
            "nextCursor": encode_cursor(*result.last) if result.has_next and result.last else None,
            "totalIsExact": bool(result.total and result.total.is_exact),
        }
        if criteria.in_messages:
            pagination["behind"] = result.unindexed
        return Response({"conversations": result.json, "pagination": pagination})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        modes = {"type": "string", "enum": [*COUNT_MODES, "none"]}
        return [
            query_parameter("page", integer_schema(None), "From 1 on; after the end the list is empty."),
            query_parameter("limit", integer_schema(20, 10_000), "Maximum number of rows."),
            query_parameter(
                "cursor", {"type": "string"}, "`nextCursor` of the previous response; not with `page`."
            ),
            query_parameter(
                "total",
                modes,
                "exact (default with `page`), estimate (default with `cursor`; exact up to 1000) or none.",
            ),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        integer, boolean = {"type": "integer"}, {"type": "boolean"}
        response = list_schema(
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
        response["properties"]["pagination"]["properties"]["behind"] = integer | {
            "description": UNINDEXED_HELP
        }
        return response


class EventPagination(BasePagination):
    """By `limit` and an opaque `cursor`, which stays valid while new events arrive."""

    parameters = ("limit", "cursor")

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.limit = whole_number(request.query_params, "limit", default=50, highest=1000)
        if cursor := request.query_params.get("cursor", "").strip():
            queryset = queryset.after_cursor(*decode_time_cursor(cursor))
        rows = list(queryset.newest_first()[: self.limit + 1])
        self.has_next = len(rows) > self.limit
        self.last = rows[self.limit - 1] if self.has_next else None
        return rows[: self.limit]

    def get_paginated_response(self, data) -> Response:
        next_cursor = encode_cursor(self.last.occurred_at, self.last.pk) if self.last else None
        pagination = {"limit": self.limit, "hasNext": self.has_next, "nextCursor": next_cursor}
        return Response({"events": data, "pagination": pagination})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [
            query_parameter("limit", integer_schema(50, 1000), "Maximum number of rows."),
            query_parameter("cursor", {"type": "string"}, "`nextCursor` of the previous response."),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return list_schema(
            "events",
            schema,
            limit={"type": "integer"},
            hasNext={"type": "boolean"},
            nextCursor=NULLABLE_STRING,
        )


class RunPagination(BasePagination):
    """By `limit` and an opaque `cursor`, which stays valid while new runs are added."""

    parameters = ("limit", "cursor")

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.limit = whole_number(request.query_params, "limit", default=20, highest=100)
        if cursor := request.query_params.get("cursor", "").strip():
            queryset = queryset.filter(pk__lt=decode_id_cursor(cursor))
        rows = list(queryset.newest_first()[: self.limit + 1])
        self.last = rows[self.limit - 1] if len(rows) > self.limit else None
        return rows[: self.limit]

    def get_paginated_response(self, data) -> Response:
        next_cursor = encode_cursor(None, self.last.pk) if self.last else None
        pagination = {"limit": self.limit, "hasNext": self.last is not None, "nextCursor": next_cursor}
        return Response({"sync_runs": data, "pagination": pagination})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [
            query_parameter("limit", integer_schema(20, 100), "Maximum number of rows."),
            query_parameter("cursor", {"type": "string"}, "`nextCursor` of the previous response."),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return list_schema(
            "sync_runs",
            schema,
            limit={"type": "integer"},
            hasNext={"type": "boolean"},
            nextCursor=NULLABLE_STRING,
        )


class ThreadPagination(BasePagination):
    """By `limit` and `cursor`, optionally in one `state`; threads that were listed last come first."""

    parameters = ("state", "limit", "cursor")

    def paginate_queryset(self, queryset, request, view=None) -> list:
        self.limit = whole_number(request.query_params, "limit", default=50, highest=1000)
        before = whole_number(request.query_params, "cursor", default=MAX_ID, highest=MAX_ID)
        rows = in_state(queryset, request.query_params).filter(pk__lt=before).order_by("-pk")
        threads = list(rows[: self.limit + 1])
        self.next_cursor = str(threads[self.limit - 1].pk) if len(threads) > self.limit else None
        return threads[: self.limit]

    def get_paginated_response(self, data) -> Response:
        has_next = self.next_cursor is not None
        pagination = {"limit": self.limit, "hasNext": has_next, "nextCursor": self.next_cursor}
        return Response({"threads": data, "pagination": pagination})

    def get_schema_operation_parameters(self, view) -> list[dict]:
        return [
            query_parameter(
                "state", {"type": "string", "enum": THREAD_STATES}, "Only threads in this state."
            ),
            query_parameter("limit", integer_schema(50, 1000), "Maximum number of rows."),
            query_parameter("cursor", {"type": "string"}, "`nextCursor` of the previous response."),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return list_schema(
            "threads",
            schema,
            limit={"type": "integer"},
            hasNext={"type": "boolean"},
            nextCursor=NULLABLE_STRING,
        )


def in_state(threads, params):
    state = params.get("state", "").strip()
    if state and state not in THREAD_STATES:
        raise ValidationError(
            {"state": [f"It must be one of {', '.join(THREAD_STATES)}, not {quote(state)}."]}
        )
    return threads.filter(state=state) if state else threads


def encode_cursor(time: datetime | None, row_id: int) -> str:
    """Encode the position of a row in its list as text that needs no escaping in a URL."""
    text = f"{time.isoformat() if time else NO_TIME} {row_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode_cursor(cursor: str) -> Keyset:
    """Return time and ID of a cursor. Raises ValidationError."""
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
        moment, _, digits = text.partition(" ")
        time, row_id = (
            datetime.fromisoformat(moment).astimezone(UTC) if moment != NO_TIME else None,
            int(digits),
        )
        if not 0 < row_id <= MAX_ID:
            raise ValueError
    except (ValueError, OverflowError):
        raise invalid_cursor() from None
    return time, row_id


def decode_time_cursor(cursor: str) -> tuple[datetime, int]:
    """Decode a cursor of events, which always has a time."""
    time, row_id = decode_cursor(cursor)
    if time is None:
        raise invalid_cursor()
    return time, row_id


def decode_id_cursor(cursor: str) -> int:
    """Decode a cursor of runs, which never has a time."""
    time, row_id = decode_cursor(cursor)
    if time is not None:
        raise invalid_cursor()
    return row_id


def invalid_cursor() -> ValidationError:
    return ValidationError({"cursor": ["Invalid cursor."]})


def query_parameter(name: str, schema: dict, description: str) -> dict:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def integer_schema(default: int | None, highest: int | None = None) -> dict:
    schema = {"type": "integer", "minimum": 1, "maximum": highest, "default": default or 1}
    return {key: value for key, value in schema.items() if value is not None}


def list_schema(name: str, rows: dict, **pagination: dict) -> dict:
    """Return the schema of the response of a list."""
    properties = {name: rows}
    if pagination:
        properties["pagination"] = {
            "type": "object",
            "properties": pagination,
            "required": list(pagination),
        }
    return {"type": "object", "properties": properties, "required": list(properties)}
