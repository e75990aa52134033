"""Graph's error responses."""

import random
from typing import Any

REDUCE_DATA = "Please reduce the amount of data you're asking for, then retry your request"

# Messages for code 190, by subcode.
TOKEN_MESSAGES = {
    None: "Invalid OAuth access token - Cannot parse access token",
    458: "Error validating access token: The user has not authorized application 100000000000000.",
    460: "Error validating access token: The session has been invalidated because the user changed their "
    "password or Facebook has changed the session for security reasons.",
    463: "Error validating access token: Session has expired.",
    467: "Error validating access token: The session is invalid because the user logged out.",
    492: "Error validating access token: The user no longer has a role on the connected Page.",
}


class GraphFailure(Exception):
    """An error of Graph; the server turns it into a response."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        status: int = 400,
        type: str = "OAuthException",
        **fields: Any,
    ) -> None:
        super().__init__(message)
        self.code, self.subcode, self.status, self.type = code, subcode, status, type
        self.message, self.fields = message, fields

    def envelope(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": {**error, **self.fields, "fbtrace_id": trace_id()}}

    def headers(self) -> dict[str, str]:
        if self.code not in (102, 104, 190):
            return {}
        text = self.message.replace('"', "'")
        return {"WWW-Authenticate": f'OAuth "Facebook Platform" "invalid_token" "{text}"'}


def trace_id() -> str:
    return "A" + "".join(
        random.choices("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789_-", k=22)
    )


def bad_token(subcode: int | None = None, status: int = 400) -> GraphFailure:
    message = TOKEN_MESSAGES.get(subcode, f"Error validating access token ({subcode}).")
    return GraphFailure(190, message, subcode=subcode, status=status)


def bad_parameter(message: str) -> GraphFailure:
    return GraphFailure(100, f"(#100) {message}")


def unknown_field(name: str, node_type: str, *, named: bool = True) -> GraphFailure:
    if not named:
        return bad_parameter("Tried accessing a nonexisting field")
    return bad_parameter(f"Tried accessing nonexisting field ({name}) on node type ({node_type})")


def not_visible(node_id: str, method: str = "get") -> GraphFailure:
    return GraphFailure(
        100,
        f"Unsupported {method} request. Object with ID '{node_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation",
        subcode=33,
        type="GraphMethodException",
    )


def no_such_alias(alias: str) -> GraphFailure:
    message = f"(#803) Some of the aliases you requested do not exist: {alias}"
    return GraphFailure(803, message, status=404)


def missing_permission(platform: str) -> GraphFailure:
    if platform == "messenger":
        message = "(#230) Requires pages_messaging permission to manage the object"
        return GraphFailure(230, message, status=403)
    return GraphFailure(10, "(#10) Application does not have permission for this action", status=403)


def bad_batch(message: str) -> GraphFailure:
    return GraphFailure(100, message, type="GraphBatchException")


def invalid_cursor() -> GraphFailure:
    return GraphFailure(2642, "(#2642) Invalid cursors values")


def too_heavy() -> GraphFailure:
    return GraphFailure(1, REDUCE_DATA, status=500)


def message_gone() -> GraphFailure:
    return GraphFailure(9000001, "(#9000001) This message has been deleted by the user or the business.")
