import gc

from conversations.sync.python_pace import THRESHOLDS, sync_pace


def test_collector_is_left_as_it_was_found():
    before = gc.get_threshold()
    with sync_pace():
        with sync_pace():
            assert gc.get_threshold() == THRESHOLDS
        assert gc.get_threshold() == THRESHOLDS
    assert gc.get_threshold() == before
