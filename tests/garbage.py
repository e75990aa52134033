"""pytest plugin: the garbage collector leaves out the modules and the collected tests.

They stay until the end of the run, are hundreds of thousands of objects, and would be visited by every
collection of the oldest generation.
"""

import gc
from collections.abc import Iterator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()  # what is garbage already must not stay
        gc.freeze()
