"""docs/data.md and its picture say what the views and the models are."""

from tests import data_page


def test_columns_in_the_page_are_those_of_the_views():
    shown = data_page.in_page(data_page.PAGE.read_text())
    assert shown == data_page.views(), "write it anew: .venv/bin/python -m tests.data_page"


def test_picture_is_that_of_the_models():
    assert data_page.PICTURE.read_text() == data_page.picture(), "write it anew: python -m tests.data_page"


def test_page_has_ten_questions():
    assert len(data_page.questions()) == 10
