"""Two machines as network namespaces, with a cable between them that a test can cut. Root makes them."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Networks:
    """`here` and `there` are the names of the namespaces; `address` is that of `here`."""

    def __init__(self) -> None:
        suffix = "".join(random.choices(LETTERS, k=6))
        self.here, self.there = f"inbox-{suffix}-a", f"inbox-{suffix}-b"
        self.ends = {self.here: f"ib{suffix}a", self.there: f"ib{suffix}b"}
        self.address, self._other = "10.213.77.1", "10.213.77.2"

    def make(self) -> None:
        for name in self.ends:
            ip("netns", "add", name)
        one, other = self.ends.items()
        ip(
            "link",
            "add",
            one[1],
            "netns",
            one[0],
            "type",
            "veth",
            "peer",
            "name",
            other[1],
            "netns",
            other[0],
        )
        for (name, end), address in zip(self.ends.items(), (self.address, self._other), strict=True):
            ip("-n", name, "address", "add", f"{address}/24", "dev", end)
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", end, "up")

    def cut(self) -> None:
        """Lose every packet from now on. Nobody is told: connections stay open on both sides."""
        ip("-n", self.there, "link", "set", self.ends[self.there], "down")

    def mend(self) -> None:
        ip("-n", self.there, "link", "set", self.ends[self.there], "up")

    def remove(self) -> None:
        for name in self.ends:
            subprocess.run([program(), "netns", "del", name], check=False, capture_output=True)

    @staticmethod
    def inside(name: str) -> list[str]:
        """The words before a command that runs there."""
        return [program(), "netns", "exec", name]


def ip(*arguments: str) -> None:
    subprocess.run([program(), *arguments], check=True, capture_output=True)


def program() -> str:
    return shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or "ip"


def make_or_skip(made: Networks) -> None:
    try:
        made.make()
    except subprocess.CalledProcessError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"network namespaces are not allowed here: {error.stderr.decode().strip()}")


@contextmanager
def networks() -> Iterator[Networks]:
    """Skips the test where there can be none."""
    if os.geteuid() != 0 or shutil.which(program()) is None:
        pytest.skip("network namespaces need root and iproute2")
    made = Networks()
    try:
        make_or_skip(made)
        yield made
    finally:
        made.remove()
