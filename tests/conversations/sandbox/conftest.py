"""A small world, and the shortest way to ask about it; none of this needs Django or a database."""

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


class Asker:
    """`graph("/me", fields="id")` gives the JSON; `graph.ask(...)` the whole response."""

    def __init__(self, url: str, token: str, session: requests.Session) -> None:
        self.url, self.token, self.session = url, token, session

    def ask(self, path: str, token: str | None = None, **params: Any) -> requests.Response:
        address = path if path.startswith("http") else self.url + path
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.session.get(address, params=params, headers=headers, timeout=10, allow_redirects=False)

    def __call__(self, path: str, token: str | None = None, **params: Any) -> Any:
        return self.ask(path, token, **params).json()

    def error(self, path: str, token: str | None = None, **params: Any) -> tuple[int, int, int | None]:
        """Status, code and subcode of a refusal."""
        response = self.ask(path, token, **params)
        error = response.json()["error"]
        assert error["fbtrace_id"]
        return response.status_code, error["code"], error.get("error_subcode")

    def walk(self, path: str, **params: Any) -> list[list[Any]]:
        """The ids of each answer, following `cursors.after` while there is a `next`."""
        pages, answer = [], self(path, **params)
        while True:
            pages.append([item["id"] for item in answer["data"]])
            if "next" not in answer.get("paging", {}):
                return pages
            answer = self(path, **params, after=answer["paging"]["cursors"]["after"])


@pytest.fixture
def graph(sandbox, page):
    with requests.Session() as session:
        yield Asker(sandbox.url, page.token, session)
