"""Roles on Pages: which Pages a user may see and what the user may do there.

A user has at most one role on each Page: viewer, tagger, agent or manager; each includes the ones before it.
Superusers have every role on every Page. Django's own model permissions are not used.

The roles are read once for each user object, as Django's own permissions are. Each request loads its user,
and an open stream loads its reader again when permissions change.
"""

import time
import uuid
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils.translation import gettext

from conversations.lib.sql_files import read_statements
from conversations.models.answers.saved_replies import SavedReply
from conversations.models.operations import BulkOperation
from conversations.models.pages import Page
from conversations.models.roles import SUPERUSER, Role

STATEMENTS = read_statements(__file__)
VIEWER, TAGGER, AGENT, MANAGER = Role
MAX_BIGINT = 2**63 - 1
CACHE = "_memberships"  # the attribute of a user object


class Membership(NamedTuple):
    """A Page that a user may see, with the user's role on it."""

    facebook_page_id: str
    role: str


def memberships_of(user) -> dict[int, Membership]:
    """Return the user's memberships by the ID of each Page that the user may see."""
    memberships = getattr(user, CACHE, None)
    if memberships is None:
        memberships = _read_memberships(user)
        setattr(user, CACHE, memberships)
    return memberships


def _read_memberships(user) -> dict[int, Membership]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["roles"], {"user": user.pk, "is_superuser": user.is_superuser})
        rows = cursor.fetchall()
    return {
        page_id: Membership(facebook_page_id, SUPERUSER if user.is_superuser else role)
        for page_id, facebook_page_id, role in rows
    }


def roles_of(user) -> dict[int, str]:
    """Return the user's role by the ID of each Page that the user may see."""
    return {page_id: membership.role for page_id, membership in memberships_of(user).items()}


def page_ids(user, at_least: Role = VIEWER) -> list[int]:
    """Return the IDs of the Pages on which the user has at least this role."""
    sufficient = at_least.sufficient
    return sorted(page_id for page_id, role in roles_of(user).items() if role in sufficient)


def has_role(user, ids: Iterable[int], role: Role) -> bool:
    """Whether the user has at least this role on each of these Pages."""
    return set(ids) <= set(page_ids(user, role))


def require_role(user, ids: Iterable[int], role: Role) -> None:
    """Raise PermissionDenied unless the user has at least this role on each of these Pages."""
    if not has_role(user, ids, role):
        raise PermissionDenied(gettext("This needs the role %(role)s on the Page.") % {"role": role})


class PageUser(NamedTuple):
    """An active user who may see a Page, with the role there."""

    id: int
    name: str
    role: str


def colleagues_of(page_id: int) -> list[PageUser]:
    """Return who works on a Page, by name."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["colleagues"], {"page": page_id})
        return [PageUser(pk, name, role or SUPERUSER) for pk, name, role in cursor.fetchall()]


def assignable_user(user_id: int, ids: Iterable[int]):
    """Return the user if conversations of these Pages can be assigned to this one, else None."""
    users = get_user_model().objects.filter(is_active=True)
    user = users.filter(pk=user_id).first() if user_id <= MAX_BIGINT else None
    return user if user and has_role(user, ids, TAGGER) else None


def may_see_operation(user, operation) -> bool:
    """Whether the user started this bulk operation and sees one of its Pages, or manages all of them."""
    if operation.actor_id == user.pk and set(operation.page_ids) & set(page_ids(user)):
        return True
    manages_all = bool(operation.page_ids) and has_role(user, operation.page_ids, MANAGER)
    return user.is_superuser or manages_all


def require_cancel(user, operation: uuid.UUID) -> None:
    """Raise PermissionDenied if this bulk operation is in progress and the user may not cancel it."""
    active = BulkOperation.objects.active().filter(operation=operation).first()
    if active and not may_see_operation(user, active):
        raise PermissionDenied(
            gettext("It is still in progress. Only who started it and managers may cancel it.")
        )


class ReplyRights:
    """What a user may do with saved replies. A Page that is None stands for all Pages."""

    def __init__(self, user):
        self._user = user

    def may_make(self, page_id: int | None) -> bool:
        """Whether the user is tagger of the Page; for all Pages: of any."""
        return bool(page_ids(self._user, TAGGER)) if page_id is None else self._has_role(page_id, TAGGER)

    def may_change(self, reply: SavedReply) -> bool:
        """Whether the user made it and may still make such, or manages the Page (for all: all Pages)."""
        if reply.maker_id == self._user.pk and self.may_make(reply.page_id):
            return True
        return self._manages_all if reply.page_id is None else self._has_role(reply.page_id, MANAGER)

    def require_making(self, page_id: int | None) -> None:
        if not self.may_make(page_id):
            raise PermissionDenied(gettext("This needs the role %(role)s on the Page.") % {"role": TAGGER})

    def require_change(self, reply: SavedReply) -> None:
        if not self.may_change(reply):
            raise PermissionDenied(gettext("Only its maker and managers change a saved reply."))

    def _has_role(self, page_id: int, role: Role) -> bool:
        return has_role(self._user, [page_id], role)

    @cached_property
    def _manages_all(self) -> bool:
        managed = page_ids(self._user, MANAGER)
        return self._user.is_superuser or (
            bool(managed) and not Page.objects.exclude(pk__in=managed).exists()
        )


# -- acts that ask for the password again
CONFIRMED_AT = "confirmed_at"  # in a session: when its user last gave the password
CONFIRMED_SECONDS = 15 * 60


class ConfirmationRequired(PermissionDenied):
    """The user must give the password again, at `url`."""

    url = "/account/confirm"

    def __init__(self) -> None:
        super().__init__(
            gettext("Confirm your password first: you last entered it more than 15 minutes ago.")
        )


def require_confirmation(session) -> None:
    """Raise ConfirmationRequired unless the user of this session gave the password a short while ago."""
    age = time.time() - session.get(CONFIRMED_AT, 0)
    if not 0 <= age < CONFIRMED_SECONDS:
        raise ConfirmationRequired
