class PostgresError(Exception):
    """One line for the user: what is wrong with the private PostgreSQL, and how to fix it."""
