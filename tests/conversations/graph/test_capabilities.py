"""What is stored about a Page and platform, and what becomes of a value that cannot be read."""

import pytest

from conversations.graph.capabilities import Capabilities

STORED = {"size": [50, 25], "refused_fields": ["snippet"], "windows": True, "folders": {"spam": "refused"}}


def test_capabilities_are_stored_as_they_were_read():
    assert Capabilities.from_stored(STORED).to_stored() == STORED


def test_what_is_not_known_has_no_key():
    assert Capabilities().to_stored() == {"refused_fields": [], "folders": {}}


def test_stored_values_that_are_not_ours_are_kept():
    before = {"another": 1, "windows": True, "refused_fields": ["snippet"]}
    stored = Capabilities().to_stored(before)
    assert stored == {"another": 1, "windows": True, "refused_fields": [], "folders": {}}


def test_stored_value_that_cannot_be_read_is_replaced():
    assert Capabilities(windows=False).to_stored("text")["windows"] is False


@pytest.mark.parametrize("stored", [None, [], "text", 7, {"another": 1}])
def test_other_values_mean_that_nothing_is_known(stored):
    assert Capabilities.from_stored(stored) == Capabilities()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", "big"),
        ("size", ["a"]),
        ("refused_fields", None),
        ("refused_fields", [{}]),
        ("windows", "yes"),
        ("folders", {"spam": 1}),
        ("folders", []),
    ],
)
def test_value_that_cannot_be_read_leaves_the_others(name, value):
    capabilities = Capabilities.from_stored(STORED | {name: value})
    rest = {key: stored for key, stored in STORED.items() if key != name}
    assert capabilities == Capabilities.from_stored(rest)


def test_two_clients_do_not_share_what_they_find_out():
    Capabilities().folders["spam"] = "ok"
    assert Capabilities().folders == {}
