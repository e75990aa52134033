"""Roles on Pages, which the API, the admin and the streams ask for in the same way."""

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied

from conversations.models import PageMember
from conversations.models.roles import Role
from conversations.permissions import AGENT, MANAGER, TAGGER, VIEWER, has_role, page_ids, require_role
from tests.factories import PageFactory, PageMemberFactory, member, superuser

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_page():
    """A Page on which only somebody else has a role."""
    return PageMemberFactory(role="manager").page


@pytest.mark.parametrize(
    ("role", "included"),
    [
        ("viewer", {VIEWER}),
        ("tagger", {VIEWER, TAGGER}),
        ("agent", {VIEWER, TAGGER, AGENT}),
        ("manager", set(Role)),
    ],
)
def test_role_includes_itself_and_the_lower_ones(other_page, role, included):
    page = PageFactory()
    PageMemberFactory(page=page, role="manager")  # the role of another user
    user = member(page, role)
    for least in Role:
        is_included = least in included
        assert page_ids(user, least) == ([page.pk] if is_included else [])
        assert has_role(user, [page.pk], least) == is_included
        assert not has_role(user, [page.pk, other_page.pk], least)


def test_superuser_has_every_role_on_every_page(other_page):
    user, page = superuser(), PageFactory()
    for role in Role:
        assert page_ids(user, role) == [other_page.pk, page.pk]
        require_role(user, [page.pk, other_page.pk], role)
    assert not has_role(user, [0], VIEWER)


def test_missing_role_is_named(other_page):
    user = member(PageFactory(), "tagger")
    with pytest.raises(PermissionDenied, match="This needs the role manager on the Page"):
        require_role(user, page_ids(user), MANAGER)
    with pytest.raises(PermissionDenied):
        require_role(user, [other_page.pk], VIEWER)


def test_roles_are_read_once_for_a_user_object(django_assert_num_queries):
    user = member(PageFactory(), "tagger")
    with django_assert_num_queries(1):
        assert len(page_ids(user)) == len(page_ids(user, TAGGER)) == 1
        assert page_ids(user, MANAGER) == []


def test_user_without_pages_costs_one_query(django_assert_num_queries):
    user = get_user_model().objects.create_user("stranger")
    with django_assert_num_queries(1):
        assert page_ids(user) == page_ids(user, MANAGER) == []


def test_user_who_is_loaded_again_has_the_present_roles():
    page = PageFactory()
    user = member(page, "viewer")
    assert not has_role(user, [page.pk], MANAGER)
    PageMember.objects.update(role="manager")
    assert has_role(get_user_model().objects.get(pk=user.pk), [page.pk], MANAGER)
