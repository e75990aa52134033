"""Roles on Pages: which Pages a user may see and what the user may do there.

A user has at most one role on each Page: viewer, tagger or manager; each role includes the ones before it.
Superusers have every role on every Page. Django's own model permissions are not used.

The roles are read once for each user object, as Django's own permissions are. Each request loads its user,
and an open stream loads its reader again when permissions change.
"""

import time
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied

from conversations.models import Page, PageMember
from conversations.models.roles import SUPERUSER, Role

VIEWER, TAGGER, MANAGER = Role
CACHE = "_roles_on_pages"  # the attribute of a user object


def roles_of(user) -> dict[int, str]:
    """Return the user's role by the ID of each Page that the user may see."""
    roles = getattr(user, CACHE, None)
    if roles is None:
        roles = _read_roles(user)
        setattr(user, CACHE, roles)
    return roles


def _read_roles(user) -> dict[int, str]:
    if user.is_superuser:
        return dict.fromkeys(Page.objects.values_list("pk", flat=True), SUPERUSER)
    return dict(PageMember.objects.filter(user=user).values_list("page", "role"))


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
        raise PermissionDenied(f"This needs the role {role} on the Page.")


# -- acts that ask for the password again
CONFIRMED_AT = "confirmed_at"  # in a session: when its user last gave the password
CONFIRMED_SECONDS = 15 * 60


class ConfirmationRequired(PermissionDenied):
    """The user must give the password again, at `url`."""

    url = "/account/confirm"

    def __init__(self) -> None:
        super().__init__("Confirm your password first: it was last given more than 15 minutes ago.")


def require_confirmation(session) -> None:
    """Raise ConfirmationRequired unless the user of this session gave the password a short while ago."""
    age = time.time() - session.get(CONFIRMED_AT, 0)
    if not 0 <= age < CONFIRMED_SECONDS:
        raise ConfirmationRequired
