class PostgresError(Exception):
    """One line for a person: what is wrong with the private PostgreSQL, and how to mend it."""
