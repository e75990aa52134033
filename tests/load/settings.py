"""Settings of the web process under load: those of the product, and a middleware in front that measures."""

from inbox.settings import *  # noqa: F403 - all of them, whatever they are
from inbox.settings import MIDDLEWARE as PRODUCT

MIDDLEWARE = ["tests.load.timing.Timing", *PRODUCT]
