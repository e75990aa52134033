import re

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from conversations.api.urls import urlpatterns
from conversations.models import SavedReply, SavedView
from tests.factories import (
    ConversationFactory,
    ExportFactory,
    OutgoingMessageFactory,
    SyncRunFactory,
    TagFactory,
    UserFactory,
    api,
    superuser,
)

# These close the database connection of the test; tests/live requests them from another process.
STREAMING = {"/api/conversations/sync", "/api/conversations/sync-stream", "/api/events"}


@pytest.fixture
def schema(db):
    return api(UserFactory()).get("/api/schema").json()


def operations(schema):
    for route, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield route, method, operation


def test_schema_is_valid_and_generated_without_warnings(tmp_path):
    call_command("spectacular", "--fail-on-warn", "--validate", file=str(tmp_path / "schema.yaml"))


def test_schema_is_openapi_3_1_as_json(schema):
    assert schema["openapi"].startswith("3.1")


def test_every_route_is_described(schema):
    ours = {str(pattern.pattern).strip("^$").replace(r"\Z", "") for pattern in urlpatterns}
    routes = {route.replace("(?P<pk>[0-9]+)", "{id}").replace("<str:act>", "{act}") for route in ours}
    routes = {re.sub(r"\(\?P<(\w+)>\[[^]]+\]\+\)", r"{\1}", route) for route in routes}
    routes -= {"schema", "docs", ""}
    assert {f"/api/{route}" for route in routes} == set(schema["paths"])


def test_every_operation_lists_its_responses_and_errors(schema):
    for route, method, operation in operations(schema):
        codes = set(operation["responses"])
        assert {"400", "401"} <= codes, (route, method)
        assert codes & {"200", "201", "204", "302"}, (route, method)
        for_superusers = route == "/api/audit"
        assert ("403" in codes) == (method != "get" or for_superusers), (route, method)
        assert ("404" in codes) or "{id}" not in route, (route, method)
        assert operation["description"]


@pytest.fixture
def address_of(db):
    """A route with the id of something that is there."""
    conversation = ConversationFactory()
    ids = {
        "conversations": conversation.pk,
        "exports": ExportFactory().pk,
        "messages": OutgoingMessageFactory(conversation=conversation).pk,
        "pages": conversation.page_id,
        "saved-replies": SavedReply.objects.create(name="Hello", text="Hi").pk,
        "sync-runs": SyncRunFactory().pk,
        "tags": TagFactory().pk,
        "views": SavedView.objects.create(name="Late", owner=UserFactory()).pk,
    }
    ids_of_others = {"{event}": "1", "{index}": "0"}

    def address(route: str) -> str:
        for name, value in {"{id}": str(ids.get(route.split("/")[2])), **ids_of_others}.items():
            route = route.replace(name, value)
        return route

    return address


def test_no_operation_takes_an_unknown_parameter(schema, address_of):
    client = api(superuser())
    for route, method, _ in operations(schema):
        if route in STREAMING:
            continue
        answer = getattr(client, method)(f"{address_of(route)}?nonsense=1", {}, format="json")
        assert (answer.status_code, answer.json().get("field")) == (400, "nonsense"), (route, method)


def test_every_documented_parameter_is_accepted(schema, address_of):
    client = api(superuser())
    for route, method, operation in operations(schema):
        names = [row["name"] for row in operation.get("parameters", []) if row["in"] == "query"]
        if method == "get" and names and route not in STREAMING:
            assert client.get(address_of(route), dict.fromkeys(names, "")).status_code == 200, route


def test_the_schema_itself_takes_no_parameter(db):
    answer = api(superuser()).get("/api/schema?lang=%00")
    assert (answer.status_code, answer.json()["field"]) == (400, "lang")
    assert api(superuser()).post("/api/schema?lang=x").status_code == 405


def test_docs_page_loads_nothing_from_other_hosts(db):
    client = APIClient()
    client.force_login(UserFactory())
    page = client.get("/api/docs").content.decode()
    script = client.get("/api/docs?script=").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "//" not in page.replace("http://testserver", "").replace("<!DOCTYPE html>", "")
    assert "/api/schema" in script


def test_docs_redirect_strangers_to_the_sign_in_page(db):
    answer = APIClient().get("/api/docs")
    assert (answer.status_code, answer["Location"]) == (302, "/login?next=/api/docs")


def test_every_route_and_parameter_is_in_the_docs(schema, settings):
    text = (settings.BASE_DIR / "docs" / "api.md").read_text()
    for route, method, operation in operations(schema):
        assert route in text, (route, method)
        for parameter in operation.get("parameters", []):
            assert parameter["name"] in text, (route, parameter["name"])
