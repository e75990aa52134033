"""Requests per second of one web process with more clients than it can serve, and its processor time for each.

`wrk` sends the requests where it is installed, else threads of Python, which reach fewer. All processes run at
the same time and are measured in turns, so that the ratios hold where the machine changes its speed. BEFORE=…
names a commit that is measured, too.
"""

import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "/api/conversations?facebookPageId=9001&limit=50&total=none"
CLIENTS, SECONDS, ROUNDS = 16, 4, 3
NO_WRK = (
    "wrk is not installed (Debian: apt-get install wrk): the clients are threads of Python, which take processor time"
    " from the process that they measure."
)


def measure_saturation(key: str) -> list[str]:
    """Return lines about the requests per second of this tree, a bare view and, if it is named, BEFORE."""
    before = os.environ.get("BEFORE", "")
    with ExitStack() as running:
        trees = {"a bare view of Django": (ROOT, "tests.benchmarks_reads.bare:application")}
        if before:
            trees[f"before ({before[:10]})"] = (
                running.enter_context(checkout(before)),
                "inbox.asgi:application",
            )
        trees["Inbox"] = (ROOT, "inbox.asgi:application")
        webs = {name: running.enter_context(web(*tree)) for name, tree in trees.items()}
        rounds = [{name: measure_one(*started, key) for name, started in webs.items()} for _ in range(ROUNDS)]
    return [*([] if shutil.which("wrk") else [NO_WRK]), *(line(name, rounds) for name in webs)]


def line(name: str, rounds: list[dict[str, tuple[float, float]]]) -> str:
    rate, cost = (statistics.median(one[name][part] for one in rounds) for part in (0, 1))
    text = f"One web process with {CLIENTS} clients, {name}: {rate:,.0f} requests/s, {cost:.1f} ms of processor time each"
    ratios = [
        f"{statistics.median(one[name][0] / one[other][0] for one in rounds):.2f} times the requests/s and"
        f" {statistics.median(one[name][1] / one[other][1] for one in rounds):.2f} times the time of {other}"
        for other in rounds[0]
        if name == "Inbox" and other != name
    ]
    return "; ".join([text, *ratios]) + "."


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="inbox-before-")) / "tree"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


@contextmanager
def web(folder: Path, application: str) -> Iterator[tuple[psutil.Process, int]]:
    from tests.live.process import free_port

    port = free_port()
    command = [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--no-access-log"]
    environment = os.environ | {"EMBEDDED_WORKER": "0", "SYNC_EVERY_MINUTES": "0"}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield psutil.Process(process.pid), port
        finally:
            process.kill()


def measure_one(process: psutil.Process, port: int, key: str) -> tuple[float, float]:
    """Return the requests per second, and the milliseconds of processor time of each."""
    url, header = f"http://127.0.0.1:{port}{ADDRESS}", f"Token {key}"
    wait_until_up(url, header)
    load(url, header, 1)
    before = sum(process.cpu_times()[:2])
    started = time.monotonic()
    number = load(url, header, SECONDS)
    seconds = time.monotonic() - started
    return number / seconds, 1000 * (sum(process.cpu_times()[:2]) - before) / number


def wait_until_up(url: str, header: str) -> None:
    request = urllib.request.Request(url, headers={"Authorization": header})  # noqa: S310 - our own process
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(request, timeout=10):  # noqa: S310 - our server
            return
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def load(url: str, header: str, seconds: int) -> int:
    """Send requests from CLIENTS clients for some seconds. Return their number."""
    wrk = shutil.which("wrk")
    if not wrk:
        return load_from_threads(url, header, seconds)
    options = ["-t1", f"-c{CLIENTS}", f"-d{seconds}s", "-H", f"Authorization: {header}"]
    text = subprocess.run([wrk, *options, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(text)
    return int(re.findall(r"(\d+) requests in", text)[0])


def load_from_threads(url: str, header: str, seconds: int) -> int:
    end, counts = time.monotonic() + seconds, [0] * CLIENTS
    host, path = re.findall(r"http://([^/]+)(.*)", url)[0]

    def send(index: int) -> None:
        connection = http.client.HTTPConnection(host)
        while time.monotonic() < end:
            connection.request("GET", path, headers={"Authorization": header})
            response = connection.getresponse()
            response.read()
            counts[index] += response.status == 200

    threads = [threading.Thread(target=send, args=[index]) for index in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)
