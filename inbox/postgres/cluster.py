"""The data of a server, created by initdb, and its configuration, written at each start."""

from pathlib import Path

from .exceptions import PostgresError
from .owner import Owner
from .programs import Programs
from .roles import ADMIN, APPLICATION

CONFIGURATION = """\
# Overwritten at each start. To change a setting permanently: ALTER SYSTEM SET …
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
cluster_name = '{name}'
max_connections = 100
shared_buffers = 128MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# Only messages of the server itself: failed statements would put customers' messages into the log.
log_min_messages = log
log_checkpoints = off
"""
WITHOUT_DURABILITY = """\
fsync = off
synchronous_commit = off
full_page_writes = off
"""


def initdb(folder: Path, owner: Owner, programs: Programs, *, durable: bool) -> None:
    """Create the data with UTF-8 and a locale that knows letters beyond ASCII, for ILIKE and lower()."""
    command: list[str | Path] = [programs.folder / "initdb", "-D", folder, "-U", ADMIN, "--auth=peer"]
    command += ["--encoding=UTF8", "--data-checksums", "--no-instructions"]
    if programs.major >= 17:  # this provider does not depend on the locales of the machine
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        command += ["--locale=C.UTF-8"]
    if not durable:
        command += ["--no-sync"]
    answer = owner.run(*command, capture_output=True)
    if answer.returncode:
        raise PostgresError(f"PostgreSQL's initdb failed: {' '.join(answer.stderr.split())}")


def write_configuration(
    home: Path, owner: Owner, *, socket: Path, port: int, name: str, durable: bool
) -> list[str | Path]:
    """Write the configuration; return the options with which the server finds it."""
    settings = CONFIGURATION.format(port=port, socket=socket, name=name)
    users = sorted({"root", owner.name})
    write(home / "postgresql.conf", settings + ("" if durable else WITHOUT_DURABILITY))
    roles = (ADMIN, APPLICATION)
    write(home / "pg_hba.conf", f"local all {','.join(roles)} peer map=inbox\n")
    lines = (f'inbox "{user}" {role}\n' for user in users for role in roles)
    write(home / "pg_ident.conf", "".join(lines))
    files = {"config_file": "postgresql.conf", "hba_file": "pg_hba.conf", "ident_file": "pg_ident.conf"}
    return [word for option, file in files.items() for word in ("-c", f"{option}={home / file}")]


def write(path: Path, text: str) -> None:
    written = path.with_name(f"{path.name}.unfinished")
    written.write_text(text)
    written.chmod(0o644)  # not secret, and the server may run as another user
    written.replace(path)
