"""Describes the machine on which the benchmarks ran."""

import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median

import psutil

from .cluster import Cluster

FDATASYNC_CALLS = 50


def machine(cluster: Cluster) -> dict[str, str]:
    packages = ("Django", "psycopg", "requests", "msgspec")
    return {
        "Day": f"{datetime.now(UTC):%Y-%m-%d}",
        "Processor": f"{processor()}, {os.cpu_count()} cores",
        "Memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "System": f"{platform.system()} {platform.release()}",
        "PostgreSQL": f"{cluster.version}, on a Unix socket, fsync on, as `make setup` configures it",
        "Disk": f"fdatasync of 8 kB takes {fdatasync_milliseconds(cluster.server.home):.2f} ms",
        "Python": f"{platform.python_version()}, "
        + ", ".join(f"{name} {metadata.version(name)}" for name in packages),
    }


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def fdatasync_milliseconds(folder: Path) -> float:
    with tempfile.TemporaryFile(dir=folder) as file:
        return 1000 * median(time_fdatasync(file.fileno()) for _ in range(FDATASYNC_CALLS))


def time_fdatasync(file: int) -> float:
    os.write(file, bytes(8192))
    started = time.perf_counter()
    os.fdatasync(file)
    return time.perf_counter() - started
