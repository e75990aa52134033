"""Django's PostgreSQL backend, where only HTTP requests take their connection from the pool."""
