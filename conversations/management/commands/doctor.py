"""Checks the installation, from keys to clocks: `manage.py doctor`."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from conversations.management.delayed_bar import delayed_steps
from conversations.management.doctor.check_list import CHECKS
from conversations.management.doctor.check_results import Check, Level, Result
from conversations.management.doctor.runner import run_checks

Found = list[tuple[Check, list[Result]]]


class Command(BaseCommand):
    help = (
        "Checks the installation: settings, keys, files, database, clocks, workers, and what is between"
        " Facebook and this machine. Changes nothing. Says for each problem how to mend it. Exits with 1 if"
        " there is an error; a warning is none."
    )
    requires_system_checks = []  # they are one of the checks

    def add_arguments(self, parser):
        parser.add_argument("--offline", action="store_true", help="do not call Facebook or our own address")
        parser.add_argument("--json", action="store_true", help="print one line of JSON instead")

    def handle(self, *, offline: bool, **options: Any) -> None:
        checks = [check for check in CHECKS if not (offline and check.uses_network)]
        found = run_all(checks)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(found)))
        else:
            for line in lines(found):
                self.stdout.write(line)
        if worst(found) == Level.ERROR:
            sys.exit(1)


def run_all(checks: list[Check]) -> Found:
    found: Found = []
    with delayed_steps() as show:
        found.extend(
            run_checks(checks, tick=lambda check: show(check.subject, checks.index(check), len(checks)))
        )
    return found


def lines(found: Found) -> list[str]:
    return [
        f"{result.level:<7}  {check.subject}: {sentences(result)}"
        for check, results in found
        for result in results
    ]


def sentences(result: Result) -> str:
    return f"{result.text.rstrip('.')}. {result.advice}" if result.advice else result.text


def worst(found: Found) -> Level:
    levels = {result.level for _, results in found for result in results}
    return next((level for level in (Level.ERROR, Level.WARNING) if level in levels), Level.OK)


def as_json(found: Found) -> dict[str, Any]:
    return {
        "status": str(worst(found)),
        "checks": [
            {
                "key": check.key,
                "subject": check.subject,
                "level": str(result.level),
                "text": result.text,
                "advice": result.advice,
            }
            for check, results in found
            for result in results
        ],
    }
