"""Usage headers about other products and other IDs do not slow a sync down; our own counters do."""

import pytest

from conversations.models import CallBudget
from conversations.sandbox import faults
from tests.conversations.engine_cases import EngineCase
from tests.conversations.sync.copies import assert_exact

pytestmark = pytest.mark.django_db

FULL = {"call_count": 100, "total_time": 100, "total_cputime": 100, "estimated_time_to_regain_access": 90}


def test_case_of_another_use_that_is_full(sync, page, world, shop, sandbox, add_threads, small_batches):
    add_threads(25, messages=40)
    EngineCase("20-another-use-is-full", sandbox).play()
    seen = []
    result = sync(on_progress=lambda progress: seen.append(progress.status))
    assert result.status == "complete"
    assert "waiting" not in seen
    assert not CallBudget.objects.exclude(closed_until=None).exists()
    assert_exact(page, world, shop)


@pytest.mark.parametrize("kind", ["pages", "instagram", "ads_management"])
def test_full_counter_of_another_product_of_the_page_does_not_stop_messenger(
    sync, page, world, shop, sandbox, add_threads, kind
):
    add_threads(3)
    sandbox.limits.announced = {"call_count": 3}
    sandbox.limits.announced_types = [{"type": kind, **FULL}]
    sandbox.limits.announced_others = {"112": [{"type": "messenger", **FULL}]}
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_own_counter_still_stops(sync, sandbox, add_threads):
    add_threads(3)
    sandbox.limits.announced = dict(FULL)
    sync()
    assert CallBudget.objects.exclude(closed_until=None).exists()
    sandbox.call_log.clear()
    assert (sync().status, len(sandbox.call_log)) == ("error", 0)


@pytest.mark.parametrize("number", range(len(faults.ODD_USAGE)))
def test_odd_usage_header_changes_nothing(sync, page, world, shop, sandbox, add_threads, number):
    add_threads(2)
    sandbox.faults.add(faults.odd_usage(number), times=None)
    assert sync().status == "complete"
    assert_exact(page, world, shop)
