import re
import threading

from django.conf import settings

from conversations.lib.log_ids import carried, current_ids, log_ids


def test_ids_end_with_their_block_and_threads_get_those_of_their_start():
    seen = []

    def note() -> None:
        seen.append(current_ids())

    with log_ids(run=1), log_ids(delivery="2"):
        with_ids = threading.Thread(target=carried(note))
        without = threading.Thread(target=note)
    for thread in (with_ids, without):
        thread.start()
        thread.join()
    assert seen == [{"run": 1, "delivery": "2"}, {}]
    assert current_ids() == {}


def test_every_thread_of_the_product_is_started_with_the_ids():
    starts = []
    for top in ("conversations", "inbox"):
        for path in (settings.BASE_DIR / top).rglob("*.py"):
            if "sandbox" not in path.parts:
                starts += re.findall(r"threading\.Thread\(\s*(target=\w+)", path.read_text())
    assert len(starts) >= 5
    assert set(starts) == {"target=carried"}
