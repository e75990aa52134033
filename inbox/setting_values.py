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


def database(url: str) -> dict:
    """Return Django's settings for a PostgreSQL URL. Errors do not repeat it: it may contain a password."""
    config: dj_database_url.DBConfig | None
    try:
        config = dj_database_url.parse(url)
    except ValueError:
        config = None
    if config is None or config["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://USER:PASSWORD@HOST:PORT/NAME")
    return dict(config)


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
