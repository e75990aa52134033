"""Adds to the OpenAPI schema what the views do not say themselves."""

import json

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_serializer, inline_serializer

from conversations.api.serializers.error import ErrorSerializer

# Parameters or bodies of these routes name objects, which may not exist.
BULK_ACTIONS = ("/bulk-tags", "/bulk-status", "/bulk-assign", "/bulk-read", "/bulk-snooze")
MAY_ANSWER_404 = ("/conversations", "/sync-runs", *BULK_ACTIONS)
FILE = {(200, "application/octet-stream"): OpenApiTypes.BINARY}  # the response of a route that sends one


def wrapped(name: str, serializer_class, *, many: bool = False):
    """Return the schema of a response that has one field, `name`."""
    base_name = serializer_class.__name__.removesuffix("Serializer")
    serializer = inline_serializer(f"{base_name}{'List' * many}Answer", {name: serializer_class(many=many)})
    # Otherwise a view called `list` would return a list of these.
    return extend_schema_serializer(many=False)(type(serializer))


def without_default(field: dict) -> dict:
    """Say the default in words: generators of TypeScript take a field with one for required."""
    if "default" not in field:
        return field
    rest = {key: value for key, value in field.items() if key != "default"}
    help_text = rest.get("description", "")
    default = f"The default is {json.dumps(field['default'])}."
    return {**rest, "description": f"{help_text}. {default}" if help_text else default}


def with_integer_id(parameter: dict) -> dict:
    """Describe an ID in the path, which the routes match as digits, as the number that responses have."""
    if parameter["schema"].get("pattern") != "^[0-9]+$":
        return parameter
    lowest = 0 if parameter["name"] == "index" else 1
    return {**parameter, "schema": {"type": "integer", "minimum": lowest}}


class Schema(AutoSchema):
    """Request bodies are JSON objects without unknown fields; each route lists the errors that all share."""

    def get_summary(self) -> str:
        """Return the first sentence of the description, for lists of routes."""
        return " ".join(self.get_description().split("\n\n")[0].split()).split(". ")[0].removesuffix(".")

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def _map_serializer(self, serializer, direction, bypass_extensions=False):
        schema = super()._map_serializer(serializer, direction, bypass_extensions)
        if direction != "request":
            return schema
        fields = {name: without_default(field) for name, field in schema.get("properties", {}).items()}
        return {**schema, "properties": fields, "additionalProperties": False}

    def _resolve_path_parameters(self, variables):
        return [with_integer_id(parameter) for parameter in super()._resolve_path_parameters(variables)]

    def _get_response_bodies(self, direction="response"):
        bodies = super()._get_response_bodies(direction)
        for code in self.error_codes():
            bodies.setdefault(code, self._get_response_for_code(ErrorSerializer, code))
        return dict(sorted(bodies.items()))

    def error_codes(self) -> list[str]:
        codes = ["400", "401", "429", "503"]
        if self.method != "GET":
            codes += ["403"]
        if self.method in ("POST", "PUT", "PATCH"):
            codes += ["413"]
        if "{" in self.path or self.path.endswith(MAY_ANSWER_404):
            codes += ["404"]
        return codes
