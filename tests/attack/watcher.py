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
            statuses = [status(session, url + LIST, headers)]
            seen["times"].append(time.monotonic() - began)
            statuses.append(status(session, f"{url}/readyz"))
            seen["failed"] += [one for one in statuses if one != "200"]
            if len(seen["times"]) == 1:
                print(flush=True)  # noqa: T201 - for its parent - the one who started us waits for it
            time.sleep(PAUSE)
    return seen


def status(session: requests.Session, address: str, headers: dict[str, str] | None = None) -> str:
    try:
        return str(session.get(address, headers=headers, timeout=60).status_code)
    except requests.RequestException as error:
        return type(error).__name__


def main() -> None:
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.readline()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    print(json.dumps(watch(sys.argv[1], {"Authorization": os.environ["KEY"]}, ended)))  # noqa: T201 - for its parent


if __name__ == "__main__":
    main()
