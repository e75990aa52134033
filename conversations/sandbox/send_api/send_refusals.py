"""Refusals of the Send API by name, with Facebook's codes, subcodes and texts."""

from conversations.sandbox.responses.error_responses import GraphFailure, bad_parameter

UNAVAILABLE = "This person isn't available right now."
WINDOW = (
    "This message is sent outside of allowed window. Learn more about the new policy here: "
    "https://developers.facebook.com/docs/messenger-platform/policy-overview"
)
TESTERS = (
    "Cannot message users who are not admins, developers or testers of the app until pages_messaging "
    "permission is reviewed and the app is live."
)
OWNED = "Message failed to send because another app is controlling this thread now."
NO_PERMISSION = "Application does not have permission for this action"

# Name -> code, subcode, text. The status is 400 unless STATUSES says otherwise.
REFUSALS: dict[str, tuple[int, int | None, str]] = {
    # The person cannot be reached. Each of the first four has been seen of somebody who had blocked the Page.
    "blocked": (551, 1545041, UNAVAILABLE),
    "blocked by 551 alone": (551, None, "This person isn't receiving messages from you right now."),
    "blocked by 200": (200, 1545041, f"Message Not Sent: {UNAVAILABLE}"),
    "blocked by 2": (2, None, "An unexpected error has occurred. Please retry your request later."),
    "cannot receive": (10, 2018108, "They can't receive your messages right now."),
    "unknown person": (100, 2018001, "No matching user found"),
    "unknown instagram person": (100, 2534014, "No matching Instagram user"),
    # The Page or the app may not send
    "restricted": (10, 1893063, "You are temporarily restricted from sending messages."),
    "policy": (368, None, "The action attempted has been deemed abusive or is otherwise disallowed"),
    "testers only": (200, 2018028, TESTERS),
    "instagram blocked": (
        100,
        2534029,
        "The business has been blocked from sending messages via the IG Messaging API",
    ),
    "instagram access disabled": (
        200,
        2534041,
        "The account owner has disabled access to instagram direct messages.",
    ),
    "instagram connection": (
        10,
        2534077,
        "Cannot verify the connection between the IG account, the logged in user and the page. Please try "
        "reconnecting or verify if the user needs 2-factor authentication.",
    ),
    # The thread
    "owned by another app": (10, 2018300, OWNED),
    "owned by another app, alone": (2018300, None, OWNED),
    "instagram thread of another app": (
        100,
        2534037,
        "The action is invalid since it's not the thread owner.",
    ),
    "automated answers": (
        2018321,
        None,
        "The chat is currently controlled by Messenger while the user is in an automated question and "
        "answer flow. Please wait for the flow to finish before trying again.",
    ),
    "no receiver": (2018171, None, "Only available to Primary and Secondary Receivers."),
    # Windows and tags
    "window": (10, 2018278, WINDOW),
    "window of news": (
        10,
        2018065,
        "This message is sent outside of allowed window. You need News Messaging permission to be able to "
        "do it.",
    ),
    "instagram window": (10, 2534022, "This message is sent outside of allowed window."),
    "no human agent": (10, None, NO_PERMISSION),
    "invalid parameter": (100, None, "Invalid parameter"),
    # Rates
    "rate": (613, None, "Calls to this api have exceeded the rate limit."),
    "instagram rate": (613, 2534040, "Calls to this api have exceeded the rate limit."),
    "bothersome": (
        613,
        2018338,
        "Warning! You are engaging in behavior that may be considered bothersome or abusive by users.",
    ),
    "temporary": (1200, None, "Temporary send message failure. Please try again later."),
    # Contents
    "nothing to send": (
        100,
        None,
        "Message cannot be empty, must provide valid attachment, template or text",
    ),
    "message and action": (100, 2018014, "Cannot send both message and state at the same time."),
    "comment": (100, 2534025, "The comment is invalid for a private reply"),
    "instagram data": (100, 2534015, "Invalid message data"),
    # Files
    "not fetched": (100, 2018008, "Failed to fetch the file from the url"),
    "not accepted": (100, 2018047, "Upload attachment failure."),
    "too large": (100, 2018109, "Attachment size exceeds allowable limit"),
    "unknown attachment": (100, 2018074, "Possible invalid ID or you do not own the attachment."),
    "video": (100, 2018294, "Video upload timed out or video is corrupted."),
    "instagram not fetched": (9004, None, "The media could not be fetched from this URI."),
    "instagram not accepted": (36001, None, "The image format is not supported."),
    "instagram too large": (36000, None, "The image size is too large."),
    # Sent nevertheless, says the documentation
    "invalid JSON reply": (1, 1357046, "Received invalid JSON reply."),
}
STATUSES = {"blocked by 2": 500, "invalid JSON reply": 500, "temporary": 500}


def refusal(name: str) -> GraphFailure:
    """Return the refusal of this name. Raises KeyError for an unknown one."""
    code, subcode, text = REFUSALS[name]
    return GraphFailure(code, f"(#{code}) {text}", subcode=subcode, status=STATUSES.get(name, 400))


def too_long(name: str, limit: int) -> GraphFailure:
    return bad_parameter(f"Length of param {name} must be less than or equal to {limit}")


def too_many(name: str) -> GraphFailure:
    return bad_parameter(f"param {name} has too many elements.")
