"""The server matches its OpenAPI schema: schemathesis tests every route, as superuser and as manager.

What it asks is made from the document, right and wrong; ids are mostly of rows that are there. The seed is
printed: `SEED=7 pytest …` asks the same again.
"""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from conversations.actions.tagging import tag_conversations
from conversations.models import SavedReply, SavedView
from tests.factories import (
    ConversationFactory,
    EventFactory,
    ExportFactory,
    OutgoingMessageFactory,
    SyncRunFactory,
    TagFactory,
    member,
    new_key,
)
from tests.seeds import SEED

VALID, INVALID = 5, 3  # requests to each operation


def no_internal_error(context, response, case) -> None:
    """Other errors of the server, 502 and 503, are right where they are documented."""
    assert response.status_code != 500


def has_documented_type(context, response, case) -> None:
    """Files are documented as bytes, and each has a type of its own."""
    documented = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    if "application/octet-stream" not in documented.get("content", {}):
        checks.content_type_conformance(context, response, case)


CHECKS = [
    no_internal_error,
    checks.status_code_conformance,
    has_documented_type,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
STREAM = "/api/events"  # never ends by itself: the client reads its beginning
SECONDS = 60


@pytest.fixture
def rows(page) -> dict:
    """IDs of existing and missing rows for every route with an ID."""
    conversations = ConversationFactory.create_batch(8, page=page)
    EventFactory(conversation=conversations[0])
    tags = TagFactory.create_batch(6)
    act = tag_conversations([row.pk for row in conversations], tags[:3], actor=None)
    boss = member(page, "manager")
    views = [SavedView.objects.create(name=f"Late {n}", owner=boss, is_shared=True) for n in range(4)]
    replies = [SavedReply.objects.create(name=f"Hello {n}", text="Hi", page=page) for n in range(4)]
    return {
        "conversations": [row.pk for row in conversations],
        "pages": [page.pk],
        "saved-replies": [reply.pk for reply in replies],
        "sync-runs": [SyncRunFactory(page=page).pk],
        "tags": [tag.pk for tag in tags],
        "views": [view.pk for view in views],
        "acts": [str(act)],
        "exports": [ExportFactory(actor=boss, page_ids=[page.pk]).pk],
        "messages": [
            OutgoingMessageFactory(conversation=conversations[0], state=state).pk
            for state in ("queued", "failed", "uncertain", "sent")
        ],
        "manager": boss,
    }


@pytest.fixture(scope="module")
def loaded() -> list:
    return []


@pytest.fixture
def document(web, key, loaded):
    """The document of this server. It is the same in each test: loaded once, as that takes a second."""
    if not loaded:
        loaded.append(schemathesis.openapi.from_url(f"{web.url}/api/schema", headers=key))
    return loaded[0]


def operations(document) -> list:
    return [result.ok() for result in document.get_all_operations()]


@pytest.mark.parametrize("role", ["superuser", "manager"])
def test_every_response_matches_the_schema(document, web, key, rows, role):
    print(f"SEED={SEED}")  # noqa: T201 - shown if the test fails
    headers = key if role == "superuser" else token_of(rows["manager"])
    faults = []
    with requests.Session() as session:
        for operation in operations(document):
            faults += faults_of(operation, rows, web, headers, session)
    assert not faults, "\n\n".join(faults)


def token_of(user) -> dict[str, str]:
    return {"Authorization": f"Token {new_key(user)}"}


def faults_of(operation, rows, web, headers, session) -> list[str]:
    """Return the faults of one operation for valid and invalid requests."""
    faults = []
    for mode, number in ((GenerationMode.POSITIVE, VALID), (GenerationMode.NEGATIVE, INVALID)):
        try:
            ask(cases(operation, rows, mode), number, web, headers, session)
        except Unsatisfiable:
            assert mode == GenerationMode.NEGATIVE  # an operation without input has no invalid requests
        except (Exception, BaseExceptionGroup) as fault:  # a group of schemathesis is not an Exception
            faults.append(f"{operation.label}: {type(fault).__name__} {fault}"[:1500])
    return faults


def cases(operation, rows, mode) -> st.SearchStrategy:
    """Usually choose a row that exists."""
    names = [parameter.name for parameter in operation.path_parameters]
    if not names or mode == GenerationMode.NEGATIVE:
        return operation.as_strategy(mode)
    there = rows[operation.path.split("/")[2]]
    known = st.sampled_from(there).flatmap(
        lambda value: operation.as_strategy(mode, path_parameters={names[0]: value})
    )
    return st.one_of(known, known, operation.as_strategy(mode))


def ask(strategy, number, web, headers, session) -> None:
    @seed(SEED)
    @hypothesis_settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def every(case):
        if case.operation.path == STREAM:
            read_beginning(case, web, headers)
        else:
            case.call_and_validate(base_url=web.url, headers=headers, session=session, checks=CHECKS)

    every()


def read_beginning(case, web, headers) -> None:
    """Validate the answer; of a stream its status, its content type, and that it begins in time."""
    options = case.as_transport_kwargs(base_url=web.url, headers=headers) | {"stream": True}
    options.pop("timeout", None)
    with requests.request(timeout=SECONDS, **options) as response:
        kind = response.headers["Content-Type"].split(";")[0]
        if kind != "text/event-stream":
            case.validate_response(response, checks=CHECKS)
            return
        assert kind in case.operation.definition.raw["responses"][str(response.status_code)]["content"]
        assert next(response.iter_content(chunk_size=None))


def test_streaming_responses_match_the_schema(document, web, key, page, rows):
    body = {"facebookPageId": page.facebook_page_id}
    answer = (
        document["/api/conversations/sync"]["post"]
        .Case(body=body, media_type="application/json")
        .call_and_validate(base_url=web.url, headers=key, checks=CHECKS)
    )
    assert answer.status_code == 200
    answer = (
        document["/api/conversations/sync"]["post"]
        .Case(body=body, media_type="application/json", headers={"Prefer": "respond-async"})
        .call_and_validate(base_url=web.url, headers=key, checks=CHECKS)
    )
    assert answer.status_code == 202


def test_responses_to_strangers_match_the_schema(document, web, rows):
    for operation in operations(document):
        ids = dict.fromkeys((parameter.name for parameter in operation.path_parameters), 1)
        answer = operation.Case(path_parameters=ids).call_and_validate(base_url=web.url, checks=CHECKS)
        assert answer.status_code == 401, operation.label
