"""Graph's error responses."""

import random
from typing import Any, Literal

UNAUTHENTICATED = "An access token is required to request this resource."
REDUCE_DATA = "Please reduce the amount of data you're asking for, then retry your request"

# Messages for code 190, by subcode.
TOKEN_MESSAGES = {
    None: "Invalid OAuth access token - Cannot parse access token",
    458: "Error validating access token: The user has not authorized application 100000000000000.",
    459: "Error validating access token: You cannot access the app till you log in to www.facebook.com and "
    "follow the instructions given.",
    460: "Error validating access token: The session has been invalidated because the user changed their "
    "password or Facebook has changed the session for security reasons.",
    463: "Error validating access token: Session has expired.",
    464: "Error validating access token: Sessions for the user are not allowed because the user is not a "
    "confirmed user.",
    467: "Error validating access token: The session is invalid because the user logged out.",
    490: "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint",
    492: "Error validating access token: The user no longer has a role on the connected Page.",
}

# Messages for code 200 when the app does not work at all, by the value of `switches.app`.
APP_MESSAGES = {
    "off": "API access deactivated. To reactivate, go to the app dashboard.",
    "blocked": "API access blocked.",
    "inactive": "(#200) Access to this data is temporarily disabled for non-active apps or apps that have "
    "not recently accessed this data due to changes we are making to the Facebook Platform.",
    "development": "(#200) App not setup: This app is still in development mode, and you don't have access "
    "to it. Switch to a registered test user or ask an app admin for permissions.",
}
Shape = Literal["error", "error_code", "error_type"]


class GraphFailure(Exception):
    """An error of Graph; the server turns it into a response. `shape` is its envelope: today's, that of the
    REST API of the past, or that of Instagram's login. `fields` are more of Graph's: is_transient,
    error_user_title, error_user_msg, error_data."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        status: int = 400,
        type: str = "OAuthException",
        shape: Shape = "error",
        **fields: Any,
    ) -> None:
        super().__init__(message)
        self.code, self.subcode, self.status, self.type = code, subcode, status, type
        self.message, self.fields, self.shape = message, fields, shape

    def envelope(self) -> dict[str, Any]:
        if self.shape == "error_code":
            return {"error_code": self.code, "error_msg": self.message, "request_args": [], **self.fields}
        if self.shape == "error_type":
            return {"error_type": self.type, "code": self.code, "error_message": self.message, **self.fields}
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


def app_off(state: str) -> GraphFailure:
    return GraphFailure(200, APP_MESSAGES[state])


def page_migrated(page_id: str, new_id: str) -> GraphFailure:
    moved = f"(#21) Page ID {page_id} was migrated to page ID {new_id}."
    return GraphFailure(21, f"{moved}  Please update your API calls to the new ID")


def page_token_required(*, is_new_experience: bool) -> GraphFailure:
    if is_new_experience:
        message = "A Page access token is required for this call for the new Pages experience."
        return GraphFailure(190, message, subcode=2069032)
    return GraphFailure(190, "(#190) This method must be called with a Page Access Token")


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
