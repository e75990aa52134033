"""Sessions end after 12 hours without a request, and after 14 days in any case.

The engine is Django's: a row of django_session, whose expire_date moves with the requests of its user. Beside
each session of a user there is a SessionRecord.
"""

from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from conversations.permissions import CONFIRMED_AT
from inbox.accounts import second_factor
from inbox.accounts.models import NOTED_EVERY, SessionRecord
from inbox.accounts.signed_in import living_session

IDLE = timedelta(hours=12)
LIFETIME = timedelta(days=14)  # settings.SESSION_COOKIE_AGE has the same
# In the data of a session: when its user signed in, and where
STARTED_AT, ADDRESS, USER_AGENT = "started_at", "address", "user_agent"


class SessionStore(db.SessionStore):
    def load(self) -> dict:
        row = self._get_session_from_db()
        if row is None:
            return {}
        data = self.decode(row.session_data)
        if SESSION_KEY in data and STARTED_AT not in data:  # of an earlier version
            self._begin(data)
            self.modified = True
        elif SESSION_KEY in data:
            note_activity(row, data)
        return data

    async def aload(self) -> dict:
        return await sync_to_async(self.load)()

    def save(self, must_create=False) -> None:
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # django-stubs lacks it
        if SESSION_KEY in data and STARTED_AT not in data:
            self._begin(data)
        super().save(must_create)
        if SESSION_KEY in data:
            write_record(self.session_key or "", data)

    async def asave(self, must_create=False) -> None:
        await sync_to_async(self.save)(must_create)

    def _get_session_from_db(self) -> Session | None:
        row = living_session(self.session_key) if self.session_key else None
        if row is None:
            self._session_key = None
        return row

    def create_model_instance(self, data):
        row = super().create_model_instance(data)
        if STARTED_AT in data:
            row.expire_date = expiry_of(data)
        return row

    def _begin(self, data: dict) -> None:
        """A user who signs in gives the password, so it need not be confirmed soon afterwards."""
        data[STARTED_AT] = data[CONFIRMED_AT] = timezone.now().timestamp()

    def _validate_session_key(self, key) -> bool:
        """Whether Django may have made this key: a cookie can hold texts that PostgreSQL refuses."""
        is_key = super()._validate_session_key(key)  # type: ignore[misc]  # likewise
        return bool(is_key) and key.isascii() and key.isalnum()

    def credential(self) -> "SessionCredential":
        return SessionCredential(self.session_key or "")


def started_at(data: dict) -> datetime:
    return datetime.fromtimestamp(data[STARTED_AT], UTC)


def expiry_of(data: dict) -> datetime:
    return min(timezone.now() + IDLE, started_at(data) + LIFETIME)


def note_activity(row: Session, data: dict) -> None:
    """Move the end of a session. Many requests at once write once, and at most once a minute."""
    expiry = expiry_of(data)
    if row.expire_date <= expiry - NOTED_EVERY:
        is_due = Session.objects.filter(pk=row.pk, expire_date__lte=expiry - NOTED_EVERY)
        if is_due.update(expire_date=expiry):
            SessionRecord.objects.filter(session_key=row.pk).update(seen_at=timezone.now())


def write_record(session_key: str, data: dict) -> None:
    record = SessionRecord(
        session_key=session_key,
        user_id=data[SESSION_KEY],
        started_at=started_at(data),
        seen_at=timezone.now(),
        address=data.get(ADDRESS),
        user_agent=data.get(USER_AGENT, ""),
    )
    SessionRecord.objects.bulk_create([record], ignore_conflicts=True)


# -- the sessions of a user
def sessions_of(user) -> list[SessionRecord]:
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return list(SessionRecord.objects.filter(user=user, session_key__in=alive))


def end_sessions(user, *, keep: str | None = None) -> int:
    """End all sessions of the user but the one with the key `keep`. Return their number."""
    others = SessionRecord.objects.filter(user=user).exclude(session_key=keep or "")
    keys = list(others.values_list("session_key", flat=True))
    return Session.objects.filter(session_key__in=keys).delete()[0]


class SessionCredential:
    """What an open stream was authenticated with; it is checked again without prolonging the session."""

    def __init__(self, session_key: str):
        self._session_key = session_key

    def check(self) -> tuple[object, datetime | None] | None:
        """Return the user and when to check again; None if the session has ended."""
        row = Session.objects.filter(pk=self._session_key, expire_date__gt=timezone.now()).first()
        data = row.get_decoded() if row else {}
        user = get_user_model().objects.filter(pk=data.get(SESSION_KEY, 0), is_active=True).first()
        if row is None or user is None or second_factor.is_missing(user, data):
            return None
        is_valid = constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
        return (user, row.expire_date) if is_valid else None
