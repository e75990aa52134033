"""The ASGI application: `uvicorn inbox.asgi:application` serves requests, listens and runs jobs."""

import gc
import os
import warnings

import django
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

# Static files are read in a thread, as Django would do.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inbox.settings")

gc.disable()  # what is imported stays, yet would be searched for garbage again and again
try:
    django.setup(set_prefix=False)
except (ImproperlyConfigured, EnvError) as error:
    raise SystemExit(f"inbox: {error}") from None

from django.conf import settings  # noqa: E402 - after the set-up

from inbox.database.pooler import pooler  # noqa: E402 - after the set-up
from inbox.logs.formatters import adopt  # noqa: E402 - after the set-up
from inbox.logs.request_ids import RequestIds  # noqa: E402 - after the set-up
from inbox.process.lifespan import lifespan  # noqa: E402 - its models need Django to be set up
from inbox.process.loading import loading  # noqa: E402 - after the set-up
from inbox.process.measures import measure  # noqa: E402 - after the set-up
from inbox.web.admission import Admission  # noqa: E402 - after the set-up
from inbox.web.body_limit import BodyLimit  # noqa: E402 - after the set-up
from inbox.web.handler import RequestHandler  # noqa: E402 - after the set-up
from inbox.web.request_counts import RequestCounts  # noqa: E402 - after the set-up
from inbox.web.static_cache import StaticCache  # noqa: E402 - after the set-up
from inbox.web.webhook_endpoint import WebhookEndpoint  # noqa: E402 - after the set-up

pooler.use()
serve = RequestHandler()
# The body is read before a request gets a place: a slow client must not hold one.
admission = Admission(serve, settings.DATABASE_POOL_SIZE)
bodies = BodyLimit(admission, max_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
webhooks = WebhookEndpoint(StaticCache(bodies, is_off=settings.WHITENOISE_AUTOREFRESH))
serve_http = RequestIds(RequestCounts(webhooks))
adopt("uvicorn", "uvicorn.access")  # uvicorn has configured them before
measure(admission.everybody, lambda: bodies.held, lambda: webhooks.held)
gc.freeze()  # what the start has created stays: no later collection looks at it
gc.enable()


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        await loading.wait(scope["path"])
        await serve_http(scope, receive, send)
    else:
        await serve(scope, receive, send)  # which refuses it
