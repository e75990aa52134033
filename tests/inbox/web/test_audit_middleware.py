"""A refusal stands whatever happens to its entry in the audit log."""

import pytest
from django.db import OperationalError
from django.http import HttpResponseForbidden
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from inbox.web.audit_middleware import AuditLog

pytestmark = pytest.mark.django_db


def database_away():
    raise OperationalError("the database is away")


@pytest.mark.parametrize("has_session", [True, False])
def test_a_refusal_stands_without_a_database(has_session):
    request = RequestFactory().post("/login")
    if has_session:
        request.user = SimpleLazyObject(database_away)  # as of a request that was refused before its view
    response = AuditLog(lambda request: HttpResponseForbidden())(request)
    assert response.status_code == 403
