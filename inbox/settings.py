"""All settings, read from environment variables. An invalid value stops the start and names the variable."""

from datetime import timedelta
from urllib.parse import urlsplit

from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from inbox.locations import INSTALLATION, MANAGE, PACKAGES, SHARED, STATE
from inbox.setting_values import (
    database,
    derived,
    email,
    error_reports,
    media_storage,
    pooler,
    queues,
    receiver,
    required,
    static_url,
    time_zone,
    url_of,
    with_languages,
)

BASE_DIR = PACKAGES
STATE_DIR = INSTALLATION / STATE  # created by `make setup`: the private database, its address and the key
MANAGE_COMMAND = MANAGE

env = Env()


def read_state(name: str) -> str:
    """Return the file with this name that `make setup` has written; "" if there is none."""
    path = STATE_DIR / name
    return path.read_text().strip() if path.is_file() else ""


# -- this installation -------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
DATABASE_URL = env.str("DATABASE_URL", "")
MIN_KEY_LENGTH = 32
MAX_DAYS = 36_500  # of settings that are a number of days
SECRET_KEY = env.str("SECRET_KEY", "") or ("" if DATABASE_URL and not DEBUG else read_state("secret_key"))
required(SECRET_KEY, "SECRET_KEY", "is not set: set it (or, without DATABASE_URL, run `make setup`)")
if len(SECRET_KEY) < MIN_KEY_LENGTH and not DEBUG:
    raise ImproperlyConfigured(
        f"SECRET_KEY has fewer than {MIN_KEY_LENGTH} characters, so that it can be guessed. Make one with: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    )
EMBEDDED_WORKER = env.bool("EMBEDDED_WORKER", True)
LOG_FORMAT = env.str(
    "LOG_FORMAT", "text", validate=validate.OneOf(["text", "json"], error="must be text or json")
)
# How many jobs of each queue one process works on at the same time: a long one of one kind delays no other.
WORKER_QUEUES = queues(env.str("WORKER_QUEUES", ""), "WORKER_QUEUES")
JOBS = sum(WORKER_QUEUES.values())
DATABASE_POOL_SIZE = env.int(
    "DATABASE_POOL_SIZE",
    20,
    validate=validate.Range(
        min=2,
        max=21 if EMBEDDED_WORKER else 45,  # docs/deploying.md says how the connections add up
        error="must be between {min} and {max}",
    ),
)
DATABASES = {
    "default": database(
        required(
            DATABASE_URL or read_state("database_url"),
            "DATABASE_URL",
            "is not set and there is no private PostgreSQL yet: run `make setup`",
        )
    )
}
# HTTP requests take their connection from the pool, nothing else does (inbox/database/base.py).
DATABASES["default"] |= {"ENGINE": "inbox.database", "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 2,
    "max_size": DATABASE_POOL_SIZE,
    "timeout": 5,
}
# The same database through a transaction-pooling proxy, for what needs no session (inbox/database/base.py).
DATABASE_POOLER = pooler(env.str("DATABASE_POOL_URL", ""))
# The first key encrypts, all keys decrypt: to rotate, add a new key in front.
TOKEN_ENCRYPTION_KEYS: list[str] = list(filter(None, env.list("TOKEN_ENCRYPTION_KEYS", []))) or [SECRET_KEY]

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost"])
# The address of this installation for people, in mails; by default that of the request.
PUBLIC_URL = env.str(
    "PUBLIC_URL",
    "",
    validate=validate.Regexp(r"(https?://[^/?#\s@]+/?)?$", error="must be like https://inbox.example.com"),
).rstrip("/")
if PUBLIC_URL and (public_host := urlsplit(PUBLIC_URL).hostname):
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, public_host]
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", [])
for name, origins in (
    ("CSRF_TRUSTED_ORIGINS", CSRF_TRUSTED_ORIGINS),
    ("CORS_ALLOWED_ORIGINS", CORS_ALLOWED_ORIGINS),
):
    if any("://" not in origin for origin in origins):
        raise ImproperlyConfigured(f"{name} must list origins such as https://inbox.example.com")
TIME_ZONE = env.str("TIME_ZONE", "UTC", validate=time_zone)
USE_TZ = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # docs/contributing.md, "A language"
LOCALE_PATHS = [SHARED / "locale"]
FORMAT_MODULE_PATH = ["inbox.formats"]

# -- Facebook ----------------------------------------------------------------------------------------------
GRAPH_API_URL = env.str(
    "GRAPH_API_URL",
    "https://graph.facebook.com",
    validate=validate.Regexp(r"https?://[^/?#\s]+/?$", error="must be like https://graph.facebook.com"),
).rstrip("/")
GRAPH_API_VERSION = env.str(
    "GRAPH_API_VERSION", "v26.0", validate=validate.Regexp(r"v\d+\.\d+$", error="must be like v26.0")
)
GRAPH_CALLS_PER_SECOND = env.float(
    "GRAPH_CALLS_PER_SECOND", 2, validate=validate.Range(min=0, error="must be 0 (no cap) or more")
)
GRAPH_RETRY_SECONDS = 1.0  # before the first retry of a failed request; it doubles with each retry
QUEUED_SECONDS = 10  # after that, callers that wait for a sync learn that no worker runs it
FACEBOOK_APP_SECRET = env.str("FACEBOOK_APP_SECRET", "")
# Any of these may have signed a webhook: those of several apps, or the old one while it is replaced.
FACEBOOK_WEBHOOK_SECRETS: list[str] = list(
    filter(None, map(str.strip, env.list("FACEBOOK_WEBHOOK_SECRETS", [])))
) or list(filter(None, [FACEBOOK_APP_SECRET]))
FACEBOOK_VERIFY_TOKEN = (
    env.str("FACEBOOK_VERIFY_TOKEN", "") or derived(SECRET_KEY, "inbox: verify token of webhooks")[:32]
)
FACEBOOK_APP_ID = env.str(
    "FACEBOOK_APP_ID", "", validate=validate.Regexp(r"\d*$", error="must be the app's id, digits only")
)
FACEBOOK_DIALOG_URL = env.str(
    "FACEBOOK_DIALOG_URL",
    "https://www.facebook.com/{version}/dialog/oauth",
    validate=validate.Regexp(
        r"https?://[^?#\s]+$", error="must be like https://www.facebook.com/v26.0/dialog/oauth"
    ),
).replace("{version}", GRAPH_API_VERSION)

# Whether users can answer customers. 0: everything is only read, whatever their roles are.
SENDING = env.bool("SENDING", True)
LOOK_AFTER_SECONDS = 60.0  # for a message of unknown fate; an echo comes sooner, if it comes
# Whether Facebook has allowed the app to let people answer for 7 days after the customer wrote (HUMAN_AGENT).
FACEBOOK_HUMAN_AGENT = env.bool("FACEBOOK_HUMAN_AGENT", False)

# Days: a first sync inserts older conversations as done. 0: none.
HISTORY_DONE_BEFORE = env.int(
    "HISTORY_DONE_BEFORE",
    30,
    validate=validate.Range(min=0, max=MAX_DAYS, error="must be a number of days from {min} (off) to {max}"),
)
# Days: older messages are erased, and no sync stores them again. 0: all are kept.
RETENTION_DAYS = env.int(
    "RETENTION_DAYS",
    0,
    validate=validate.Range(min=0, max=MAX_DAYS, error="must be a number of days from {min} (off) to {max}"),
)

# -- jobs --------------------------------------------------------------------------------------------------
SYNC_EVERY_MINUTES = env.int(
    "SYNC_EVERY_MINUTES", 10, validate=validate.Range(min=0, error="must be 0 (off) or more")
)
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_ON_APP_READY = "inbox.logs.job_ids.keep_origins"
PROCRASTINATE_IMPORT_PATHS = [
    "conversations.actions.bulk_tasks",
    "conversations.alerts.alert_tasks",
    "conversations.exports.export_tasks",
    "conversations.media.archive_tasks",
    "conversations.privacy.erase_tasks",
    "conversations.sending.outbox_tasks",
    "conversations.webhooks.drain_tasks",
    "conversations.webhooks.name_tasks",
]
PROCRASTINATE_WORKER_DEFAULTS = {
    # Twenty Pages at the same time, and some other tasks. A sync holds two connections (for its lock and for
    # its rows), another job one, a process 12 more, and requests have the pool: at most 85 of the 100 that
    # PostgreSQL allows by default. A Page has one sync at a time, so a second process adds only its pool and
    # what is no sync, and more only beyond 20 Pages.
    "concurrency": JOBS,
    "shutdown_graceful_timeout": 0,  # an interrupted sync resumes later: nothing to wait for
    "delete_jobs": "successful",
}
# Files of attachments are read from Facebook when somebody looks at them. With "on" they are also kept.
MEDIA_ARCHIVE = (
    env.str("MEDIA_ARCHIVE", "off", validate=validate.OneOf(["on", "off"], error="must be on or off")) == "on"
)
MEDIA_ROOT = env.str("MEDIA_ROOT", "") or str(STATE_DIR / "media")
MEDIA_S3_BUCKET = env.str("MEDIA_S3_BUCKET", "")  # instead of MEDIA_ROOT; needs requirements-s3.txt
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "media": media_storage(MEDIA_ROOT, MEDIA_S3_BUCKET, env.str("MEDIA_S3_ENDPOINT", "")),
}
EVENTSTREAM_CHANNELMANAGER_CLASS = "conversations.api.event_stream.NoChannels"

# -- HTTPS -------------------------------------------------------------------------------------------------
HTTPS = env.bool("HTTPS", False)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 365 * 86_400 if HTTPS else 0
# Whether other names of the domain have HTTPS is not for us to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # requested over plain HTTP, by programs nearby
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# The number of reverse proxies, each of which adds the address of its client to X-Forwarded-For.
PROXY_COUNT = env.int(
    "PROXY_COUNT", int(HTTPS), validate=validate.Range(min=0, error="must be 0 (none) or more")
)

# Who has it may read /metrics; without one, only programs on this machine.
METRICS_TOKEN = env.str(
    "METRICS_TOKEN",
    "",
    validate=validate.Regexp(
        r"([!-~]{16,})?$", error="must have 16 characters or more: letters, digits and signs, no spaces"
    ),
)

# -- accounts (inbox/accounts) -----------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["inbox.accounts.login_throttle.PasswordBackend"]
PASSWORD_HASHERS = ["inbox.accounts.hashing.BoundedPBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "inbox.accounts.password_rules.EndApiKeys"},
]
REQUIRE_2FA = env.bool("REQUIRE_2FA", False)  # of staff
SESSION_ENGINE = "inbox.accounts.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # the engine ends sessions earlier
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
EMAIL_URL = env.str("EMAIL_URL", "")  # without it no mail is sent, and nothing offers one
if EMAIL_URL:
    vars().update(email(EMAIL_URL))
EMAIL_TIMEOUT = 10  # seconds
# Who else is told of alerts, which managers get by mail. It may be in the own network.
ALERT_URL = env.str("ALERT_URL", "", validate=receiver)
ALERT_SECRET = env.str("ALERT_SECRET", "") or derived(SECRET_KEY, "inbox: signature of alerts")
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login"
AXES_HANDLER = "inbox.accounts.login_throttle.LoginThrottle"
AXES_FAILURE_LIMIT = 5  # of one user from one address; ten times as many of all users from one address
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or an attacker could lock users out forever
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_ENABLE_ADMIN = False  # inbox/site/user_admin.py has its own
AXES_CLIENT_IP_CALLABLE = "conversations.lib.client_address.address_of"
AXES_USERNAME_CALLABLE = "inbox.accounts.login_throttle.known_name"
AXES_LOCKOUT_CALLABLE = "inbox.accounts.login_throttle.locked"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "next", "csrfmiddlewaretoken"]
AXES_VERBOSE = False

# -- browser security --------------------------------------------------------------------------------------
# The policy of every page; the admin adds to it (inbox/site/admin_site.py).
# Other origins use a token, never a session.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "prefer", "x-request-id"]
CORS_EXPOSE_HEADERS = ["Location", "Content-Disposition", "X-Request-ID"]

# -- Django ------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "inbox.apps.InboxAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "django_filters",
    "rest_framework",
    "inbox.process",  # has a command
    "inbox.accounts",  # before authtoken, whose command it replaces
    "rest_framework.authtoken",  # only its empty table is used, by old migrations
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "axes",
    "conversations",
    "tags",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "inbox.web.middleware.ContentSecurityPolicy",
    "inbox.web.middleware.SecurityHeaders",
    "inbox.web.middleware.Limits",
    "inbox.web.middleware.PlainInput",
    "inbox.web.middleware.ReaderTimeZone",
    "inbox.web.static_files.StaticFiles",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "inbox.web.audit_middleware.AuditLog",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
MIDDLEWARE = with_languages(MIDDLEWARE, LANGUAGES)
if REQUIRE_2FA:
    MIDDLEWARE.append("inbox.accounts.second_factor_gate.SecondFactorGate")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [SHARED / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["django.templatetags.i18n", "inbox.web.texts"],
        },
    }
]
ROOT_URLCONF = "inbox.urls"
ASGI_APPLICATION = "inbox.asgi.application"
APPEND_SLASH = False  # the REST routes have no trailing slash
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
STATICFILES_DIRS = [
    BASE_DIR / "inbox" / "static",
    ("inbox/app", BASE_DIR / "inbox" / "frontend"),  # the inbox page, at /static/inbox/app/
]
WHITENOISE_USE_FINDERS = True  # serves files from their packages: no collectstatic
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
WHITENOISE_AUTOREFRESH = DEBUG

# -- admin -------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Inbox",
    "SITE_HEADER": "Inbox",
    "SITE_SYMBOL": "inbox",
    "SITE_FAVICONS": [{"rel": "icon", "href": static_url("inbox/icon.svg")}],
    "STYLES": [
        static_url("conversations/admin.css"),
        static_url("conversations/runs.css"),
        static_url("inbox/admin-fixes.css"),
    ],
    "SCRIPTS": [
        static_url("inbox/accessible-names.js"),
        static_url("inbox/menu-keyboard.js"),
    ],
    "SITE_URL": None,  # the sidebar has a link to the inbox page
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "#effafc",
            "100": "#d6f1f7",
            "200": "#b1e2ee",
            "300": "#7dcce0",
            "400": "#41adca",
            "500": "#2591b0",
            "600": "#1f6f8b",
            "700": "#205f79",
            "800": "#234f63",
            "900": "#214355",
            "950": "#102b39",
        }
    },
    "SIDEBAR": {"navigation": "inbox.site.admin_site.menu"},
    "ACCOUNT": {
        "navigation": [
            {"title": "API keys", "link": url_of("keys")},
            {"title": "Password", "link": url_of("password")},
            {"title": "Second factor", "link": url_of("second-factor")},
            {"title": "Sessions", "link": url_of("sessions")},
        ]
    },
}

# -- REST --------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    # With tokens first, anonymous requests get 401; with sessions first, 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "inbox.accounts.api_authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "conversations.api.query_params.KnownMethod",
        "conversations.api.query_params.KnownParameters",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "conversations.api.negotiation.AfterAuthentication",
    "DEFAULT_RENDERER_CLASSES": ["conversations.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["conversations.api.parsers.AnyTypeJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "conversations.api.schema.Schema",
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS would answer before a view checks permissions
    "URL_FORMAT_OVERRIDE": None,  # no ?format=
    "EXCEPTION_HANDLER": "conversations.api.exception_handler.handle_exception",
}
REST_RESOURCES = {
    "acts": "Bulk operations: progress, cancelling, undo.",
    "audit": "The audit log.",
    "conversations": "Conversations with their messages, tags and status.",
    "events": "The stream of what changes.",
    "exports": "Files of conversations and messages that a worker prepares.",
    "filter": "Filters as people type them.",
    "insight": "Statistics.",
    "messages": "Answers to customers, until Facebook has them.",
    "pages": "Facebook Pages and their threads.",
    "saved-replies": "Texts that staff often send.",
    "sync-runs": "Syncs.",
    "tags": "Tags, which all Pages share.",
    "views": "Saved filters of the list.",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Inbox",
    "DESCRIPTION": "Every conversation of a Facebook Page: list, search, tag and read them.",
    "VERSION": "1",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "CONTACT": {"name": "The administrators of this installation"},
    "SERVERS": [{"url": "/", "description": "This installation"}],
    "TAGS": [{"name": name, "description": text} for name, text in REST_RESOURCES.items()],
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "POSTPROCESSING_HOOKS": [],  # enums stay inline: no invented names for them
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": "none"},  # no request to another host
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

ERROR_REPORTS = error_reports(env.str("SENTRY_DSN", ""))
LOG_HANDLERS = ["console", *ERROR_REPORTS]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"inbox.logs.formatters.{LOG_FORMAT.capitalize()}Formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}, **ERROR_REPORTS},
    "root": {"handlers": LOG_HANDLERS, "level": "WARNING"},  # of libraries, such as the worker of jobs
    "loggers": {
        "conversations": {"handlers": LOG_HANDLERS, "level": "INFO", "propagate": False},
        "inbox": {"handlers": LOG_HANDLERS, "level": "INFO", "propagate": False},
        "django": {"handlers": LOG_HANDLERS, "level": "WARNING", "propagate": False},
        "axes": {"handlers": LOG_HANDLERS, "level": "ERROR", "propagate": False},  # its tables have the rest
        "psycopg.pool": {"level": "ERROR"},  # it tries again by itself
        "django.request": {"level": "ERROR"},  # the response reports errors of the client
        # Likewise: a user could fill the log, as each address of the admin with an odd filter is a traceback.
        "django.security.DisallowedModelAdminLookup": {"level": "CRITICAL"},
    },
}
