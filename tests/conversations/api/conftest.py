import pytest

from tests.factories import PageFactory, api, member


@pytest.fixture
def page(db):
    return PageFactory(facebook_page_id="900000000000001", name="Demo Shop")


@pytest.fixture
def viewer(page):
    return api(member(page, "viewer"))


@pytest.fixture
def tagger(page):
    return api(member(page, "tagger"))
