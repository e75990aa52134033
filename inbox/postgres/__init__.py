"""The private PostgreSQL of a checkout, and throwaway ones for tests.

Used by manage.py, the Makefile and the tests' set-up; settings only read what it leaves in `.inbox/`.
"""

from .checkout import is_private, prepare, start, stop
from .errors import PostgresError
from .server import Server
from .throwaway import throwaway

__all__ = ["PostgresError", "Server", "is_private", "prepare", "start", "stop", "throwaway"]
