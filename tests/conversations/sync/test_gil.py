import gc

from conversations.sync.gil import GC_THRESHOLDS, tuned_gil


def test_garbage_collection_settings_are_restored():
    before = gc.get_threshold()
    with tuned_gil():
        with tuned_gil():
            assert gc.get_threshold() == GC_THRESHOLDS
        assert gc.get_threshold() == GC_THRESHOLDS
    assert gc.get_threshold() == before
