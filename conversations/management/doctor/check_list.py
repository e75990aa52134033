"""All checks, in the order in which they run: what others need comes first."""

from conversations.management.doctor import (
    clock_checks,
    database_checks,
    facebook_checks,
    installation_checks,
    worker_checks,
)
from conversations.management.doctor.check_results import Check

CHECKS = [
    Check("settings", "Settings", installation_checks.check_settings, 30, uses_database=False),
    Check("keys", "Keys", installation_checks.check_key_file, uses_database=False),
    Check("static", "Static files", installation_checks.check_static_files, uses_database=False),
    Check("disk", "Disk", installation_checks.check_disk, uses_database=False),
    Check("media", "Files of attachments", installation_checks.check_media, 20, uses_database=False),
    Check("mail", "Mail", installation_checks.check_mail, uses_database=False),
    Check("alerts", "Alerts", facebook_checks.check_alert_address, uses_database=False),
    Check("database", "Database", database_checks.check_database),
    Check("sessions", "Sessions of the database", database_checks.check_sessions),
    Check("pool", "Pooling proxy", database_checks.check_pool),
    Check("connections", "Connections", database_checks.check_connections),
    Check("memory", "Memory of PostgreSQL", database_checks.check_memory),
    Check("migrations", "Migrations", database_checks.check_migrations),
    Check("schema", "Schema", database_checks.check_schema, 30),
    Check("time_zone", "Time zone", database_checks.check_time_zone),
    Check("secrets", "Secrets", installation_checks.check_secrets, 30),
    Check("database_clock", "Clock", clock_checks.check_database_clock),
    Check("workers", "Workers", worker_checks.check_workers),
    Check("schedule", "Schedule", worker_checks.check_schedule),
    Check("queue", "Queue", worker_checks.check_queue),
    Check("pages", "Pages", facebook_checks.check_pages),
    Check(
        "facebook_clock", "Clock", clock_checks.check_facebook_clock, uses_database=False, uses_network=True
    ),
    Check("tokens", "Access tokens", facebook_checks.check_tokens, 60, uses_network=True),
    Check("webhooks", "Webhooks", facebook_checks.check_webhooks, 30, uses_database=False, uses_network=True),
    Check("app", "App at Facebook", facebook_checks.check_app, 20, uses_network=True),
]
