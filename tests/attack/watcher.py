"""python -m tests.attack.watcher URL: asks for a list and /readyz again and again until a line comes in.

Prints the seconds of each list, and every status but 200, as JSON. $KEY is the Authorization header.
"""

import json
import os
import sys
import threading
import time

import requests

LIST = "/api/conversations?limit=50&total=none"
PAUSE = 0.02


def watch(url: str, headers: dict[str, str], ended: threading.Event) -> dict[str, list]:
    seen: dict[str, list] = {"times": [], "failed": []}
    with requests.Session() as session:
        while not ended.is_set():
            began = time.monotonic()
            answers = [session.get(url + LIST, headers=headers, timeout=60)]
            seen["times"].append(time.monotonic() - began)
            answers.append(session.get(f"{url}/readyz", timeout=60))
            seen["failed"] += [str(answer.status_code) for answer in answers if answer.status_code != 200]
            if len(seen["times"]) == 1:
                print(flush=True)  # noqa: T201 - the one who started us waits for it
            time.sleep(PAUSE)
    return seen


def main() -> None:
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.readline()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    print(json.dumps(watch(sys.argv[1], {"Authorization": os.environ["KEY"]}, ended)))  # noqa: T201


if __name__ == "__main__":
    main()
