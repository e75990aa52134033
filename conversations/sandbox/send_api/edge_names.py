"""The edges of a Page that belong to the Send API, and the methods of each."""

MESSAGES, UPLOADS, OWNER = "messages", "message_attachments", "thread_owner"
CONTROL = (
    "take_thread_control",
    "pass_thread_control",
    "release_thread_control",
    "request_thread_control",
    "extend_thread_control",
)
METHODS = {MESSAGES: "POST", UPLOADS: "POST", OWNER: "GET", **dict.fromkeys(CONTROL, "POST")}
