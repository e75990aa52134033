"""Every conversation of a Facebook Page in your own PostgreSQL."""

__version__ = "0.2.0"  # the newest one of docs/changelog.md
