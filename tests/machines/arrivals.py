"""When calls reach the machine of the sandbox, by its kernel's clock: a busy sandbox takes them up later.

tcpdump notes the first packet of each request. Its format is that of pcap: a head of 24 bytes, and before
each packet 16 bytes with its time and length.
"""

import re
import struct
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROGRAM = "tcpdump"
# The first four bytes of what TCP carries are those of a method.
METHODS = " or ".join(f"tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x{name.hex()}" for name in (b"GET ", b"POST"))
HEAD, RECORD, LINK = 24, struct.Struct("=IIII"), 20  # LINK: the head of packets of all interfaces (SLL2)
LINK_TYPE = "LINUX_SLL2"
KEPT_BYTES = 1600
TOKEN = re.compile(rb"EAAsandboxPage(\d+)")  # a call of a thread has no Page in its path
END_SECONDS = 10


class Arrivals:
    """Listens on all interfaces of this namespace from `start()` to `stop()`."""

    def __init__(self, port: int):
        self._file = Path(tempfile.mkstemp(prefix="inbox-arrivals-")[1])
        to_port = f"tcp dst port {port} and ({METHODS})"
        self._command = [PROGRAM, "-i", "any", "-y", LINK_TYPE, "-s", str(KEPT_BYTES), "-B", "65536"]
        self._command += ["-Z", "root", "-w", str(self._file), to_port]
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Raises RuntimeError if it cannot listen."""
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr
        for line in self._process.stderr:
            if "listening on" in line:
                return
        raise RuntimeError(f"{PROGRAM} ended with {self._process.wait()}")

    def stop(self) -> dict[str, list[float]]:
        """Return the times of the calls of each Page, in seconds and sorted."""
        assert self._process
        self._process.terminate()
        self._process.communicate(timeout=END_SECONDS)
        times: dict[str, list[float]] = defaultdict(list)
        for page, moment in first_packets(self._file.read_bytes()):
            times[page].append(moment)
        self._file.unlink()
        return {page: sorted(moments) for page, moments in times.items()}


def first_packets(captured: bytes) -> Iterator[tuple[str, float]]:
    """Yield (Page, time) of each request; a packet that was sent again counts once."""
    seen = set()
    for moment, packet in packets(captured):
        address = packet[12:16]
        tcp = packet[(packet[0] & 15) * 4 :]
        sent = (address, tcp[:2], tcp[4:8])  # by whom, from which port, and its number
        found = TOKEN.search(tcp)
        if found and sent not in seen:
            seen.add(sent)
            yield found[1].decode(), moment


def packets(captured: bytes) -> Iterator[tuple[float, bytes]]:
    at = HEAD
    while at < len(captured):
        seconds, fraction, length, _ = RECORD.unpack_from(captured, at)
        at += RECORD.size
        yield seconds + fraction / 1e6, captured[at + LINK : at + length]
        at += length


def most_in_a_second(times: dict[str, list[float]]) -> int:
    """Return the most calls of one Page within one second."""
    most = 0
    for starts in times.values():
        first = 0
        for last, start in enumerate(starts):
            while start - starts[first] >= 1.0:
                first += 1
            most = max(most, last - first + 1)
    return most
