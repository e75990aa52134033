"""The private PostgreSQL of a checkout, and temporary servers for tests.

Used by manage.py, the Makefile and the test setup. The settings only read its files in `.inbox/`.
"""

from .checkout import is_private, prepare, start, stop
from .exceptions import PostgresError
from .server import Server
from .throwaway import throwaway

__all__ = ["PostgresError", "Server", "is_private", "prepare", "start", "stop", "throwaway"]
