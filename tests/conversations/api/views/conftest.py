import pytest

from tests.factories import ConversationFactory, PageFactory, member


@pytest.fixture
def page(db):
    return PageFactory()


@pytest.fixture
def user(page):
    return member(page, "tagger")


@pytest.fixture
def three(page):
    return [conversation.pk for conversation in ConversationFactory.create_batch(3, page=page)]
