import errno
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations.sandbox import SandboxServer, World, seed_page
from conversations.sandbox.data.seed import UNTIL


class Command(BaseCommand):
    help = "Serve Facebook's side: a Graph server of our own with a generated Page. Needs no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001, help="0: any free one (default: 8001)")
        page = parser.add_argument_group("the Page; the same arguments give the same Page")
        page.add_argument("--page-id", default="900000000000001")
        page.add_argument("--name", default="Demo Shop")
        page.add_argument("--token", default="EAAsandboxPageToken", help="a made-up Page token")
        page.add_argument("--conversations", type=int, default=2000, metavar="N")
        page.add_argument(
            "--messages", type=int, metavar="N", help="of each conversation (default: a long tail)"
        )
        page.add_argument(
            "--instagram", type=int, default=0, metavar="N", help="Instagram threads; 0: no account"
        )
        page.add_argument("--seed", type=int, default=1)
        page.add_argument(
            "--until", default=UNTIL, help=f"ISO time before which all was written (default: {UNTIL})"
        )
        model = parser.add_argument_group("how Facebook behaves")
        model.add_argument(
            "--latency", type=float, default=1.0, metavar="SCALE", help="0: none, 1: as measured"
        )
        model.add_argument("--calls-per-second", type=int, default=0, metavar="N", help="0: no cap (default)")
        model.add_argument("--rate-code", type=int, choices=(613, 80006), default=613)
        model.add_argument("--calls-per-day", type=int, default=0, metavar="N", help="0: no quota (default)")
        model.add_argument("--max-weight", type=int, metavar="N", help="conversations x messages of one call")
        model.add_argument(
            "--max-limit", type=int, metavar="N", help="conversations of one call; more are cut silently"
        )
        model.add_argument("--updated-ms", choices=("ignored", "honoured", "refused"), default="ignored")

        send = parser.add_argument_group("how messages to customers are sent")
        send.add_argument("--echo", choices=("after", "before", "any", "late", "never"), default="after")
        send.add_argument("--human-agent", action="store_true", help="the app may answer for seven days")
        send.add_argument("--sends-per-second", type=int, default=0, metavar="N", help="0: no cap (default)")
        send.add_argument(
            "--customers-answer", type=float, default=0, metavar="SECONDS", help="0: they do not (default)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        sandbox = SandboxServer(build_world(options), host=options["host"], port=options["port"])
        set_behaviour(sandbox, options)
        sandbox.switches.serve_files = True
        try:
            sandbox.start()
        except OSError as error:
            raise CommandError(explain(error, options)) from None
        self.stdout.write(f"GRAPH_API_URL={sandbox.url}")
        self.stdout.write(
            f"Page {options['page_id']}, token {options['token']}, {options['conversations']} conversations"
        )
        self.stdout.flush()
        ended.wait()
        sandbox.stop()


def build_world(options: dict[str, Any]) -> World:
    world = World()
    account = (
        {"instagram_id": "17841400000000001", "instagram_username": "demoshop"}
        if options["instagram"]
        else {}
    )
    page = world.add_page(options["page_id"], options["name"], options["token"], **account)
    world.add_user(pages=[page])  # who logs in in the Facebook Login dialog
    names = ("conversations", "messages", "instagram", "seed", "until")
    try:
        seed_page(world, page, **{name: options[name] for name in names})
    except ValueError as error:
        raise CommandError(f"--until: {error}") from None
    return world


def set_behaviour(sandbox: SandboxServer, options: dict[str, Any]) -> None:
    sandbox.latency.scale = options["latency"]
    sandbox.switches.updated_ms = options["updated_ms"]
    sandbox.switches.max_limit = options["max_limit"] or None
    sandbox.send.echo, sandbox.send.human_agent = options["echo"], options["human_agent"]
    if options["customers_answer"]:
        sandbox.customers.start(options["customers_answer"])
    for name in ("calls_per_second", "rate_code", "calls_per_day", "max_weight", "sends_per_second"):
        setattr(sandbox.limits, name, options[name] or None)


def explain(error: OSError, options: dict[str, Any]) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {options['port']} on {options['host']} is taken: choose another with --port"
    return f"Cannot listen on {options['host']} port {options['port']}: {error.strerror or error}"
