import gc

from conversations.sync.garbage import THRESHOLDS, rare_collections


def test_collector_is_left_as_it_was_found():
    before = gc.get_threshold()
    with rare_collections():
        with rare_collections():
            assert gc.get_threshold() == THRESHOLDS
        assert gc.get_threshold() == THRESHOLDS
    assert gc.get_threshold() == before
