import gc
import sys
from contextlib import ExitStack

from conversations.sync.gil import GC_THRESHOLDS, MANY_SYNCS, SWITCH_INTERVAL_SECONDS, tuned_gil


def test_garbage_collection_settings_are_restored():
    before = gc.get_threshold()
    with tuned_gil():
        with tuned_gil():
            assert gc.get_threshold() == GC_THRESHOLDS
        assert gc.get_threshold() == GC_THRESHOLDS
    assert gc.get_threshold() == before


def test_threads_are_switched_often_for_few_syncs_only():
    before = sys.getswitchinterval()
    with ExitStack() as syncs:
        for number in range(1, MANY_SYNCS + 1):
            one = syncs.enter_context(ExitStack())
            one.enter_context(tuned_gil())
            expected = before if number == MANY_SYNCS else SWITCH_INTERVAL_SECONDS
            assert abs(sys.getswitchinterval() - expected) < 1e-6
        one.close()
        assert abs(sys.getswitchinterval() - SWITCH_INTERVAL_SECONDS) < 1e-6
    assert sys.getswitchinterval() == before
