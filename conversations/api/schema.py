"""What the OpenAPI description says beyond what the views say themselves."""

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema_serializer, inline_serializer

from conversations.api.serializers import ErrorSerializer

# These name things of one's own choice in parameters or bodies.
NAMES_THINGS = ("/conversations", "/sync-runs", "/bulk-tags", "/bulk-status")


def wrapped(name: str, serializer_class, *, many: bool = False):
    """The answer {name: …}."""
    of_what = serializer_class.__name__.removesuffix("Serializer")
    answer = inline_serializer(f"{of_what}{'List' * many}Answer", {name: serializer_class(many=many)})
    # One object, though the view is called a list.
    return extend_schema_serializer(many=False)(type(answer))


class Schema(AutoSchema):
    """Bodies are JSON objects without unknown fields; each route lists the refusals that all routes share."""

    def get_summary(self) -> str:
        """Beside the route in a list of them: the first sentence of what it does."""
        return " ".join(self.get_description().split("\n\n")[0].split()).split(". ")[0].removesuffix(".")

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def _map_serializer(self, serializer, direction, bypass_extensions=False):
        schema = super()._map_serializer(serializer, direction, bypass_extensions)
        return {**schema, "additionalProperties": False} if direction == "request" else schema

    def _get_response_bodies(self, direction="response"):
        bodies = super()._get_response_bodies(direction)
        for code in self.refusals():
            bodies.setdefault(code, self._get_response_for_code(ErrorSerializer, code))
        return dict(sorted(bodies.items()))

    def refusals(self) -> list[str]:
        codes = ["400", "401"]
        if self.method != "GET":
            codes += ["403"]
        if self.method in ("POST", "PUT", "PATCH"):
            codes += ["413"]
        if "{" in self.path or self.path.endswith(NAMES_THINGS):
            codes += ["404"]
        return codes
