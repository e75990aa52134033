"""Migrations beside processes that serve: short locks, further attempts, and what a migration waits for."""
