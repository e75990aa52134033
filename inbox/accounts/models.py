"""API keys, sessions of users, the second factor, and mails with a link to set the password."""

import base64
import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from conversations.lib.encryption import EncryptedTextField

USER = settings.AUTH_USER_MODEL
NOTED_EVERY = timedelta(minutes=1)  # the last use of a key or a session is written at most this often
PREFIX_LENGTH = 6  # of 40 characters, enough to recognize a key


def digest_of(secret: str) -> str:
    """A plain hash is enough for random secrets of 112 bits or more; passwords have a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


# -- API keys
class ApiKeyQuerySet(models.QuerySet):
    def usable(self) -> "ApiKeyQuerySet":
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), user__is_active=True)


class ApiKey(models.Model):
    """A key for REST: 40 hexadecimal digits, of which only a hash is stored."""

    class Scope(models.TextChoices):
        READ = "read"
        WRITE = "write"

    user = models.ForeignKey(USER, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=5, choices=Scope)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=PREFIX_LENGTH, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def issue(
        cls, user, name: str, scope: str = Scope.WRITE, expires_at: datetime | None = None
    ) -> tuple["ApiKey", str]:
        """Create a key. Return its row and the key itself, which is not stored."""
        key = secrets.token_hex(20)
        row = cls.objects.create(
            user=user,
            name=name,
            scope=scope,
            expires_at=expires_at,
            digest=digest_of(key),
            prefix=key[:PREFIX_LENGTH],
        )
        return row, key

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def note_use(self) -> None:
        now = timezone.now()
        if self.last_used_at is None or self.last_used_at <= now - NOTED_EVERY:
            is_due = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
            type(self).objects.filter(is_due, pk=self.pk).update(last_used_at=now)


# -- sessions
class SessionRecord(models.Model):
    """Whose a session is, and where it was started. A trigger deletes the record with its session."""

    session_key = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(USER, models.CASCADE, related_name="session_records")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.user} since {self.started_at}"


# -- the second factor
class Authenticator(TimestampMixin, ThrottlingMixin, Device):
    """An app that shows time-based codes (RFC 6238). Unlike that of django-otp, its secret is encrypted."""

    secret = EncryptedTextField()
    last_step = models.BigIntegerField(default=-1)  # each code is accepted once

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="authenticator_user")]

    def get_throttle_factor(self) -> int:
        return 1  # after failures: 1, 2, 4, … seconds until the next code is checked

    def verify_token(self, token: str) -> bool:
        is_allowed, _ = self.verify_is_allowed()
        step = matching_step(self.secret, token, after=self.last_step) if is_allowed else None
        if step is not None:
            self.last_step = step
            self.throttle_reset(commit=False)
            self.set_last_used_timestamp(commit=False)
        elif is_allowed:
            self.throttle_increment(commit=False)
        self.save()
        return step is not None


def totp_of(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret))


def matching_step(secret: str, token: str, after: int = -1) -> int | None:
    """Return the time step of this code: the present one, or one beside it as clocks differ; else None."""
    if not (secret and token.isascii() and token.isdigit() and len(token) == 6):
        return None
    totp = totp_of(secret)
    return totp.t() if totp.verify(int(token), tolerance=1, min_t=after + 1) else None


class RecoveryCode(models.Model):
    """A code that replaces the app once."""

    user = models.ForeignKey(USER, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recoverycode_user_digest")]

    def __str__(self) -> str:
        return f"of {self.user}"


# -- mails
class PasswordMail(models.Model):
    """When a user was last sent a link to set the password: nobody can flood a mailbox."""

    user = models.OneToOneField(USER, models.CASCADE, primary_key=True, related_name="+")
    sent_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"to {self.user} at {self.sent_at}"
