"""Turns texts of the environment into values of settings, and refuses those that are not valid."""

import hmac
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url
import dj_email_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import lazy
from environs import ValidationError


def required(value: str, name: str, reason: str) -> str:
    if not value:
        raise ImproperlyConfigured(f"{name} {reason}")
    return value


def derived(key: str, purpose: str) -> str:
    """Return a secret that follows from the key and tells nothing about it."""
    return hmac.digest(key.encode(), purpose.encode(), "sha256").hex()


def time_zone(name: str) -> None:
    """Look only for this time zone: the list of all of them reads hundreds of files."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        raise ValidationError("no such time zone: give a name such as Europe/Paris") from None


# Both ends notice within 20 s that the other was cut off, also while nothing is sent: so a lock is free soon.
# PostgreSQL then also ends what it is doing for who is gone. Values in the URL come before these.
SILENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 8,
    "keepalives_interval": 4,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
SILENCE_OF_SERVER = (
    "-c tcp_keepalives_idle=8 -c tcp_keepalives_interval=4 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=20000 -c client_connection_check_interval=5000"
)


def database(url: str, name: str = "DATABASE_URL") -> dict:
    """Return Django's settings for a PostgreSQL URL. Errors do not repeat it: it may contain a password."""
    config: dj_database_url.DBConfig | None
    try:
        config = dj_database_url.parse(url)
    except ValueError:
        config = None
    if config is None or config["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(f"{name} must look like postgresql://USER:PASSWORD@HOST:PORT/NAME")
    options = config.get("OPTIONS", {})
    of_server = f"{SILENCE_OF_SERVER} {options.get('options', '')}".strip()
    return dict(config) | {"OPTIONS": SILENCE | options | {"options": of_server}}


def pooler(url: str) -> dict[str, Any]:
    """Return psycopg's parameters for the URL of a pooler; none without one.

    Without `options` unless the URL has some: PgBouncer refuses them before 1.20.
    """
    if not url:
        return {}
    config = database(url, "DATABASE_POOL_URL")
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    address = {names[key]: config[key] for key in names if config.get(key)}
    of_server = config["OPTIONS"]["options"].removeprefix(SILENCE_OF_SERVER).strip()
    parameters = address | config["OPTIONS"] | {"options": of_server}
    return {key: value for key, value in parameters.items() if value != ""}


# The queues of jobs, and how many jobs of each one process works on at the same time.
QUEUES = {"sync": 20, "webhooks": 2, "sending": 2, "indexing": 1, "media": 2, "default": 6}
MAX_JOBS = 100  # of one queue in one process


def queues(text: str, name: str) -> dict[str, int]:
    """Return the number of jobs by queue: of all for an empty text, else of those that it lists.

    Raises ImproperlyConfigured, which names the variable or option.
    """
    if not text.strip():
        return dict(QUEUES)
    pairs = [tuple(map(str.strip, part.split("=", 1))) for part in text.split(",")]
    if not all(len(pair) == 2 and is_number_of_jobs(pair[1]) for pair in pairs):
        raise ImproperlyConfigured(
            f"{name} must be like sync=20,sending=2: queues with the number of jobs of each at the same "
            f"time, from 1 to {MAX_JOBS}"
        )
    names = [pair[0] for pair in pairs]
    for queue in names:
        if queue not in QUEUES:
            raise ImproperlyConfigured(f"{name}: there is no queue {queue!r}. There are {', '.join(QUEUES)}.")
        if names.count(queue) > 1:
            raise ImproperlyConfigured(f"{name} names the queue {queue} twice")
    return {queue: int(number) for queue, number in pairs}


def is_number_of_jobs(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_JOBS


def with_languages(middleware: list[str], languages: list[tuple[str, str]]) -> list[str]:
    """Choose the language by the reader's browser, if there are several."""
    if len(languages) == 1:
        return middleware
    place = middleware.index("django.middleware.common.CommonMiddleware")  # after the sessions
    return [*middleware[:place], "django.middleware.locale.LocaleMiddleware", *middleware[place:]]


def email(url: str) -> dict[str, Any]:
    """Return Django's settings for sending mail. Errors do not repeat the URL: it may contain a password."""
    scheme, _, rest = url.partition("://")
    is_ssl = scheme in ("smtps", "smtp+ssl")
    scheme = {"smtps": "smtp", "smtp+ssl": "smtp", "smtp+tls": "submission"}.get(scheme, scheme)
    try:
        config = dict(dj_email_url.parse(f"{scheme}://{rest}"))
        has_port = bool(urlsplit(url).port)
    except (ValueError, KeyError):
        config = {}
    if not config.get("EMAIL_BACKEND") or (not rest and scheme in ("smtp", "submission")):
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp://HOST:25, submission://USER:PASSWORD@HOST:587 or smtps://…"
        )
    if is_ssl:
        config |= {"EMAIL_USE_SSL": True, "EMAIL_USE_TLS": False}
        config["EMAIL_PORT"] = config["EMAIL_PORT"] if has_port else 465
    return config


def receiver(url: str) -> None:
    """Refuse what is not the address of a web server. Errors do not repeat it: its path may be a secret."""
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if url and (not is_valid or "@" in parts.netloc or parts.fragment or len(url.split()) != 1):
        raise ValidationError("must be like https://example.com/alerts, without a user name or a fragment")


def error_reports(dsn: str) -> dict[str, Any]:
    """Return the handler of the log that reports errors to Sentry, if that is wanted.

    Errors do not repeat the DSN: its key lets anybody write there.
    """
    if not dsn:
        return {}
    try:
        parts = urlsplit(dsn)
        is_valid = parts.scheme in ("http", "https") and bool(parts.username and parts.hostname)
        is_valid = is_valid and parts.path.rpartition("/")[2].isdigit() and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ImproperlyConfigured("SENTRY_DSN must look like https://KEY@sentry.example.com/PROJECT")
    if find_spec("sentry_sdk") is None:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is missing: pip install -r requirements-sentry.txt"
        )
    return {"error_reports": {"()": "inbox.logs.error_reports.ErrorReports", "dsn": dsn}}


def media_storage(folder: str, bucket: str, endpoint: str) -> dict[str, Any]:
    """Return where files are kept: a folder that nobody else can read, or a bucket of S3.

    The keys of the bucket are those of boto3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role.
    """
    if not bucket:
        options: dict[str, Any] = {"location": folder, "file_permissions_mode": 0o600}
        backend = "django.core.files.storage.FileSystemStorage"
        return {"BACKEND": backend, "OPTIONS": options | {"directory_permissions_mode": 0o700}}
    if find_spec("storages") is None:
        raise ImproperlyConfigured(
            "MEDIA_S3_BUCKET is set, but django-storages is missing: pip install -r requirements-s3.txt"
        )
    options = {"bucket_name": bucket, "default_acl": None, "file_overwrite": True} | s3_limits()
    if endpoint:
        options["endpoint_url"] = endpoint
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def s3_limits() -> dict[str, Any]:
    """Return bounds of time and memory: while a bucket is away, readers get the file from Facebook."""
    config = import_module("botocore.config").Config
    return {
        "client_config": config(connect_timeout=3, read_timeout=10, retries={"max_attempts": 2}),
        "max_memory_size": 1024 * 1024,  # bytes of a file; more is put on disk while it is read
    }


# Every process reads the settings and few render a page: these import templates and URLs when they are used.
def _static_url(path: str) -> str:
    from django.templatetags.static import static

    return static(path)


def _url_of(view: str) -> str:
    from django.urls import reverse

    return reverse(view)


static_url, url_of = lazy(_static_url, str), lazy(_url_of, str)
