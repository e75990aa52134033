"""The rows of the table of errors about tokens, permissions, the app and the Page: a person must act.

Each message says what to do, and where. Where Facebook documents no code, its main words are matched.
"""

from conversations.graph.error_rules.rule import ErrorRule
from conversations.graph.errors import (
    CONNECT_AGAIN,
    AccessTokenError,
    ActionRequiredError,
    MissingPermissionError,
    PageMovedError,
    PlatformError,
    Recovery,
)

NO_INSTAGRAM = "Instagram is not available for this Page"
NO_PERMISSION = "A permission is missing or was revoked"
CHECK_SECRET = "check FACEBOOK_APP_SECRET."  # noqa: S105 - not a secret
DASHBOARD = "go to the app dashboard (developers.facebook.com → My Apps → your app)"
BY_ITSELF = "Inbox asks again every hour and continues by itself."
WANTS_PAGE_TOKEN = (  # not a secret
    f"Facebook wants the Page's own token, not that of a person. {CONNECT_AGAIN}: with a person's token, "
    "Connect a Page in the admin lists the Pages and stores their own tokens."
)
LOG_IN = "Facebook wants the person who connected the Page to log in at facebook.com"
LOG_IN_FIRST = f"{LOG_IN} and to do what it asks for there. Then: {CONNECT_AGAIN}."
NEW_EXPERIENCE = (
    "The Page uses the New Pages Experience, in which Facebook refuses this token. As a person with Facebook "
    f"access to the Page (facebook.com → the Page → Settings → Page access): {CONNECT_AGAIN}."
)
PERMISSION_CODES = (3, 10, range(200, 300))

APP_RULES = (
    ErrorRule(
        (), ActionRequiredError, "app in development mode",
        f"The app is in development mode: {DASHBOARD} and switch it to live. {BY_ITSELF}",
        phrases=("development mode", "in dev mode"),
    ),
    ErrorRule(
        (), ActionRequiredError, "app switched off at Facebook",
        f"The app is switched off at Facebook: {DASHBOARD} and do what it asks for. {BY_ITSELF}",
        phrases=("api access deactivated", "api access blocked", "api access disabled", "non-active app",
                 "app not active", "app is not active", "app is inactive", "not currently accessible",
                 "application has been disabled", "app has been disabled", "application has been deactivated",
                 "app is disabled", "access to this data is temporarily disabled"),
    ),
    ErrorRule(
        (101, 190, None), ActionRequiredError, "app deleted or unknown",
        f"Facebook does not know the app any more: {DASHBOARD}. If it was deleted, make a new one, "
        "and connect the Page again with a token of that app.",
        phrases=("error validating application",),
    ),
)  # fmt: skip
PAGE_RULES = (
    ErrorRule(
        (), PageMovedError, "Page merged into another one",
        "Facebook merged this Page into Page {new_id}: connect that one, with Connect a Page in the admin or "
        "with manage.py connectpage {new_id}. What is stored of this Page stays.",
        pattern=r"(migrated|merged|moved) (in)?to page id:? ?(?P<new_id>\d+)",
    ),
    ErrorRule(
        (21,), PageMovedError, "Page merged into another one, which is not named",
        "Facebook merged this Page into another one: look for it at facebook.com, and connect that one. What "
        "is stored of this Page stays.",
    ),
    ErrorRule(
        (), ActionRequiredError, "the Page's own token is needed",
        WANTS_PAGE_TOKEN,
        subcodes=(2069032,),
    ),
    ErrorRule(
        (190, 210, None), ActionRequiredError, "the Page's own token is needed",
        WANTS_PAGE_TOKEN,
        phrases=("page access token",),
    ),
    ErrorRule(
        (), ActionRequiredError, "New Pages Experience",
        NEW_EXPERIENCE,
        subcodes=(2069030,),
    ),
    ErrorRule(
        (), ActionRequiredError, "New Pages Experience",
        NEW_EXPERIENCE,
        phrases=("new pages experience", "new page experience"),
    ),
    ErrorRule(
        (100, 803, None), ActionRequiredError, "Page gone",
        "Facebook does not show Page {page_id} any more: look at facebook.com/{page_id}. If the Page is "
        f"there: {CONNECT_AGAIN} as a person with a role on it. If it was deleted, what is stored stays.",
        pattern=r"(object with id '|aliases you requested do not exist: ?)(?P<page_id>\d+)\b",
    ),
)  # fmt: skip
TOKEN_RULES = (
    ErrorRule(
        (190,), AccessTokenError, "app removed",
        f"The app was removed from the Page's settings. {CONNECT_AGAIN}.", (458,),
    ),
    ErrorRule(
        (190,), AccessTokenError, "checkpoint",
        LOG_IN_FIRST,
        (459, 490),
    ),
    ErrorRule(
        (10, 102, 190, range(200, 300), None), AccessTokenError, "two-factor login required",
        f"{LOG_IN} with two-factor authentication ("
        f"Settings → Accounts Center → Password and security). Then: {CONNECT_AGAIN}.",
        phrases=("two-factor", "two factor", "2fa", "login approval"),
    ),
    ErrorRule(
        (102, 190, None), AccessTokenError, "checkpoint",
        LOG_IN_FIRST,
        phrases=("checkpoint",),
    ),
    ErrorRule(
        (190,), AccessTokenError, "password changed",
        f"The person who connected the Page has a new password. {CONNECT_AGAIN}.", (460,),
    ),
    ErrorRule(
        (190,), AccessTokenError, "token expired", f"The access token has expired. {CONNECT_AGAIN}.", (463,)
    ),
    ErrorRule(
        (190,), AccessTokenError, "account not confirmed",
        f"The person who connected the Page must confirm their Facebook account. Then: {CONNECT_AGAIN}.",
        (464,),
    ),
    ErrorRule(
        (190,), AccessTokenError, "role lost",
        f"The person who connected the Page no longer has a role on it. {CONNECT_AGAIN} as a person who has "
        "one.",
        (492,),
    ),
    ErrorRule(
        (104, 190, 2500, None), ActionRequiredError, "no token arrived",
        "No access token arrived at Facebook: a proxy or gateway on the way there probably removes the "
        f"Authorization header. Let it pass. {BY_ITSELF}",
        phrases=("access token is required", "access token must be", "missing access token",
                 "access_token url parameter"),
    ),
    ErrorRule(
        (102, 190), AccessTokenError, "token invalid",
        f"Facebook does not accept the access token. {CONNECT_AGAIN}.",
    ),
    ErrorRule(
        (None,), AccessTokenError, "token invalid, in an error without a code",
        f"Facebook does not accept the access token. {CONNECT_AGAIN}.",
        phrases=("access token", "access_token"),
    ),
    ErrorRule(
        (104,), ActionRequiredError, "wrong signature",
        f"The signature of the requests is wrong: {CHECK_SECRET}",
    ),
    ErrorRule(
        (100,), ActionRequiredError, "signature missing or wrong", f"Requests must be signed: {CHECK_SECRET}",
        phrases=("appsecret_proof",),
    ),
)  # fmt: skip
INSTAGRAM_RULES = (
    ErrorRule(
        (10,), PlatformError, "Instagram: link or two-factor login broken",
        f"{NO_INSTAGRAM}: its link to the account is broken, or a two-factor login is required.", (2534077,),
    ),
    ErrorRule(
        (100,), PlatformError, "Instagram: no account linked",
        f"{NO_INSTAGRAM}: no professional account is linked to it.", (2534013,),
    ),
    ErrorRule(
        (200,), PlatformError, "Instagram: access to messages turned off",
        f"{NO_INSTAGRAM}: allow access to messages in the settings of the Instagram app.", (2534041,),
    ),
    ErrorRule(
        (36103,), PlatformError, "Instagram: account not eligible",
        f"{NO_INSTAGRAM}: Facebook says that the account is not eligible.",
    ),
)  # fmt: skip
PERMISSION_RULES = (
    ErrorRule(
        PERMISSION_CODES, PlatformError, "permission for Instagram missing",
        f"{NO_INSTAGRAM}: a permission is missing or was revoked. {CONNECT_AGAIN} and allow "
        "instagram_basic and instagram_manage_messages.",
        platform="instagram", recovery=Recovery.CONFIRM_ON_LIST,
    ),
    ErrorRule(
        PERMISSION_CODES, MissingPermissionError, "permission missing",
        f"{NO_PERMISSION}. {CONNECT_AGAIN} and allow pages_messaging.",
    ),
)  # fmt: skip
