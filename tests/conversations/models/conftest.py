from tests.conversations.sync.conftest import shop_page  # noqa: F401 - a fixture
