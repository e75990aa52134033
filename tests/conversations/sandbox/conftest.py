"""A small sandbox world and a client for it. Neither needs Django or a database."""

from typing import Any

import pytest
import requests

from conversations.sandbox import Page, SandboxServer, World


@pytest.fixture
def world() -> World:
    world = World()
    world.clock.fix("2026-11-20T18:00:00")
    return world


@pytest.fixture
def page(world) -> Page:
    return world.add_page(
        "900000000000001", "Demo Shop", instagram_id="17841400000000001", instagram_username="demoshop"
    )


@pytest.fixture
def sandbox(world):
    with SandboxServer(world) as server:
        yield server


class SandboxClient:
    """`graph("/me", fields="id")` returns the JSON; `graph.get(...)` returns the whole response."""

    def __init__(self, url: str, token: str, session: requests.Session) -> None:
        self.url, self.token, self.session = url, token, session

    def get(self, path: str, token: str | None = None, **params: Any) -> requests.Response:
        url = path if path.startswith("http") else self.url + path
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.session.get(url, params=params, headers=headers, timeout=60, allow_redirects=False)

    def __call__(self, path: str, token: str | None = None, **params: Any) -> Any:
        return self.get(path, token, **params).json()

    def error(self, path: str, token: str | None = None, **params: Any) -> tuple[int, int, int | None]:
        """Return the HTTP status, the error code and the subcode. The call must fail."""
        response = self.get(path, token, **params)
        error = response.json()["error"]
        assert error["fbtrace_id"]
        return response.status_code, error["code"], error.get("error_subcode")

    def read_all_ids(self, path: str, **params: Any) -> list[list[Any]]:
        """Return the ids of each response, following `cursors.after` while there is a `next`."""
        pages, response = [], self(path, **params)
        while True:
            pages.append([item["id"] for item in response["data"]])
            if "next" not in response.get("paging", {}):
                return pages
            response = self(path, **params, after=response["paging"]["cursors"]["after"])


@pytest.fixture
def graph(sandbox, page):
    with requests.Session() as session:
        yield SandboxClient(sandbox.url, page.token, session)
