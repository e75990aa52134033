"""Several machines as network namespaces: one PostgreSQL, two web processes, four workers, and failures."""
