"""The ASGI entry: `uvicorn inbox.asgi:application`."""

import os
import warnings

from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

# Static files are read in a thread, which is what Django would do with them anyway.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inbox.settings")

try:
    application = get_asgi_application()
except (ImproperlyConfigured, EnvError) as error:
    raise SystemExit(f"inbox: {error}") from None
