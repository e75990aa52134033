"""Streams pass a proxy that compresses everything else."""

import subprocess

import pytest
import requests

from tests.live.clients.test_generated_clients import HERE, node_packages
from tests.live.test_proxies import passes_streams
from tests.node import NODE

__all__ = ["node_packages"]  # a fixture


@pytest.fixture
def proxy(node_packages, web):
    process = subprocess.Popen(
        [str(NODE), HERE / "compression.mjs", web.url], stdout=subprocess.PIPE, text=True
    )
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()


def test_head_of_a_stream_ends_and_the_connection_can_be_used_again(web, page, key):
    with requests.Session() as session:
        session.headers.update(key)
        passes_streams(session, web.url, page.facebook_page_id)


def test_streams_pass_a_proxy_that_compresses(proxy, page, key):
    with requests.Session() as session:
        session.headers.update(key)
        assert "Content-Encoding" in session.get(f"{proxy}/api/pages", timeout=60).headers
        passes_streams(session, proxy, page.facebook_page_id)
