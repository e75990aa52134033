"""The policy that browsers get with each response."""

import pytest
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.http import HttpResponse
from django.test import RequestFactory

from inbox.web.middleware import ContentSecurityPolicy


def policy(middleware, attributes: dict, nonce: str | None) -> list[str]:
    request, response = RequestFactory().get("/"), HttpResponse()
    middleware.process_request(request)
    if nonce:
        vars(request)["_csp_nonce"] = nonce
    vars(response).update(attributes)
    return sorted(middleware.process_response(request, response).get(HEADER, "").split("; "))


@pytest.mark.parametrize("nonce", [None, "abc"])
@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"_csp_update": {"script-src": ["'unsafe-eval'"]}},
        {"_csp_replace": {"img-src": None}},
        {"_csp_exempt": True},
    ],
    ids=["usual", "more", "less", "none"],
)
def test_policy_is_that_of_django_csp(settings, attributes, nonce):
    settings.DEBUG = False
    expected = policy(CSPMiddleware(HttpResponse), attributes, nonce)
    assert policy(ContentSecurityPolicy(HttpResponse), attributes, nonce) == expected
    assert policy(ContentSecurityPolicy(HttpResponse), {}, None) != [""]
