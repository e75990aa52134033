"""Pagination: by page number or cursor for conversations, by cursor for events, runs and threads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from conversations.api.cursors import decode_cursor, decode_id, decode_time_and_id, encode_cursor
from conversations.api.query_params import whole_number
from conversations.search.conditions import Keyset
from conversations.search.criteria import SearchCriteria
from conversations.search.parsing import MAX_ID, quote
from conversations.search.results import COUNT_MODES, read_page

DEFAULT_LIMIT = 20
NEWER = "~"  # before a cursor that leads to newer rows: base64 has no such character
NULLABLE_INTEGER = {"type": ["integer", "null"]}
NULLABLE_STRING = {"type": ["string", "null"]}
UNINDEXED_HELP = (
    "With `search_in=messages` or `all`: conversations whose newest messages are not indexed yet."
)


class ConversationPagination(BasePagination):
    """By `page`, or by `cursor`, which is equally fast at any depth; `total` says how to count."""

    parameters = ("page", "limit", "cursor", "total")

    def get_response(self, criteria: SearchCriteria, params: Mapping[str, str]) -> Response:
        cursor = params.get("cursor", "").strip()
        if cursor and params.get("page", "").strip():
            raise ValidationError({"cursor": [gettext("Provide cursor or page, not both.")]})
        page = whole_number(params, "page", default=1)
        default = DEFAULT_LIMIT if criteria.ids is None else max(DEFAULT_LIMIT, len(criteria.ids))
        limit = whole_number(params, "limit", default=default, highest=10_000)
        total = params.get("total", "").strip() or ("estimate" if cursor else "exact")
        if total not in (*COUNT_MODES, "none"):
            raise ValidationError(
                {
                    "total": [
                        gettext("It must be exact, estimate or none, not %(total)s.")
                        % {"total": quote(total)}
                    ]
                }
            )
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
            query_parameter(
                "page", integer_schema(), "From 1 on (the default); after the end the list is empty."
            ),
            query_parameter("limit", integer_schema(10_000), "Maximum number of rows; the default is 20."),
            query_parameter(
                "cursor", {"type": "string"}, "`nextCursor` of the previous response; not with `page`."
            ),
            query_parameter(
                "total",
                modes,
                "exact (default with `page`), estimate (default with `cursor`; exact up to 10,000) or none.",
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


class KeysetPagination(BasePagination):
    """By `limit` and an opaque `cursor`, the position of a row, which stays valid while rows are added.

    The queryset has `newest_first()`, and `after_cursor()` for the position: the ID of a row, with `has_time`
    its time and ID.
    """

    name: str  # of the list in the response
    default_limit: int
    max_limit: int
    has_time = False
    parameters: tuple[str, ...] = ("limit", "cursor")

    def paginate_queryset(self, queryset, request, view=None) -> list:
        params = request.query_params
        self.limit = whole_number(params, "limit", default=self.default_limit, highest=self.max_limit)
        if cursor := params.get("cursor", "").strip():
            decode = decode_time_and_id if self.has_time else decode_id
            queryset = queryset.after_cursor(*decode(cursor))
        rows = list(queryset.newest_first()[: self.limit + 1])
        self.last = rows[self.limit - 1] if len(rows) > self.limit else None
        return rows[: self.limit]

    def get_paginated_response(self, data) -> Response:
        next_cursor = encode_cursor(*self.position(self.last)) if self.last else None
        pagination = {"limit": self.limit, "hasNext": self.last is not None, "nextCursor": next_cursor}
        return Response({self.name: data, "pagination": pagination})

    def position(self, row) -> Keyset:
        """Return the time, None without `has_time`, and the ID of a row."""
        return None, row.pk

    def get_schema_operation_parameters(self, view) -> list[dict]:
        limit = integer_schema(self.max_limit)
        help_text = f"Maximum number of rows; the default is {self.default_limit}."
        return [
            query_parameter("limit", limit, help_text),
            query_parameter("cursor", {"type": "string"}, "`nextCursor` of the previous response."),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return list_schema(
            self.name,
            schema,
            limit={"type": "integer"},
            hasNext={"type": "boolean"},
            nextCursor=NULLABLE_STRING,
        )


class EventPagination(KeysetPagination):
    """Also around an event, and from there to newer ones by `previousCursor`."""

    name, default_limit, max_limit, has_time = "events", 50, 1000, True
    parameters = (*KeysetPagination.parameters, "around")
    first: Any = None  # the row before which others stand, if `previousCursor` leads to them
    total: int | None = None  # of all matches of a search

    def paginate_queryset(self, queryset, request, view=None) -> list:
        params = request.query_params
        cursor, around = (params.get(name, "").strip() for name in ("cursor", "around"))
        if cursor and around:
            raise ValidationError({"around": [gettext("Provide around or cursor, not both.")]})
        self.limit = whole_number(params, "limit", default=self.default_limit, highest=self.max_limit)
        self.total = queryset.count() if params.get("search", "").strip() else None
        if around:
            event_id = whole_number(params, "around", default=1, highest=MAX_ID)
            return self.rows_around(queryset, event_id)
        if cursor.startswith(NEWER):
            return self.rows_before(queryset, *decode_time_and_id(cursor.removeprefix(NEWER)))
        return super().paginate_queryset(queryset, request, view)

    def rows_around(self, queryset, event_id: int) -> list:
        event = queryset.filter(pk=event_id).first()
        if event is None:
            raise NotFound(gettext("This conversation has no such event."))
        position, before = self.position(event), self.limit // 2
        newer = list(queryset.before_cursor(*position).oldest_first()[: before + 1])
        older = list(queryset.after_cursor(*position).newest_first()[: self.limit - before])
        rows = [*reversed(newer[:before]), event, *older[: self.limit - before - 1]]
        self.first = rows[0] if len(newer) > before else None
        self.last = rows[-1] if len(older) == self.limit - before else None
        return rows

    def rows_before(self, queryset, occurred_at: datetime, event_id: int) -> list:
        newer = list(queryset.before_cursor(occurred_at, event_id).oldest_first()[: self.limit + 1])
        rows = newer[self.limit - 1 :: -1] if len(newer) > self.limit else newer[::-1]
        self.first = rows[0] if len(newer) > self.limit else None
        self.last = rows[-1] if rows else None  # the event of the cursor follows it
        return rows

    def get_paginated_response(self, data) -> Response:
        response = super().get_paginated_response(data)
        pagination = response.data["pagination"]
        newer = encode_cursor(*self.position(self.first)) if self.first else None
        pagination["previousCursor"] = newer and NEWER + newer
        if self.total is not None:
            pagination["total"] = self.total
        return response

    def position(self, row) -> Keyset:
        return row.occurred_at, row.pk

    def get_schema_operation_parameters(self, view) -> list[dict]:
        help_text = "The ID of an event: the events around it, those of a search as well."
        around = query_parameter("around", integer_schema(), help_text)
        return [*super().get_schema_operation_parameters(view), around]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        response = super().get_paginated_response_schema(schema)
        pagination = response["properties"]["pagination"]
        newer = NULLABLE_STRING | {"description": "Leads to newer events, after `around`."}
        total = {"type": "integer", "description": "With `search`: the number of all matches."}
        pagination["properties"] |= {"previousCursor": newer, "total": total}
        pagination["required"] = [*pagination["required"], "previousCursor"]
        return response


class RunPagination(KeysetPagination):
    name, default_limit, max_limit = "sync_runs", 20, 100


class ThreadPagination(KeysetPagination):
    name, default_limit, max_limit = "threads", 50, 1000


def query_parameter(name: str, schema: dict, description: str) -> dict:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def integer_schema(highest: int | None = None) -> dict:
    """Return a schema without a default: some generated clients send it, and `page` excludes `cursor`."""
    return {"type": "integer", "minimum": 1} | ({} if highest is None else {"maximum": highest})


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
