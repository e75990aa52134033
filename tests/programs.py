"""Install programs of the system that some tests use: python3 tests/programs.py node:nodejs npm:npm

Each is named with its Debian package. Who is root gets what is missing; for others its tests are skipped, but
not where CI=true.
"""

import os
import shutil
import subprocess
import sys


def main(pairs: list[str]) -> None:
    packages = dict(pair.split(":") for pair in pairs)
    apt_get = shutil.which("apt-get")
    if missing(packages) and os.geteuid() == 0 and apt_get:
        install(apt_get, [packages[command] for command in missing(packages)])
    if still := missing(packages):
        names = " ".join(packages[command] for command in still)
        print(f"inbox: not here: {', '.join(still)} (Debian: apt-get install {names})", file=sys.stderr)  # noqa: T201 - for who is at the terminal
        sys.exit(os.environ.get("CI") == "true")


def missing(packages: dict[str, str]) -> list[str]:
    return [command for command in packages if shutil.which(command) is None]


def install(apt_get: str, packages: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [apt_get, "-qq", *command], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"inbox: apt-get {command[0]}: {done.stderr.strip()[-500:]}", file=sys.stderr)  # noqa: T201 - for who is at the terminal


if __name__ == "__main__":
    main(sys.argv[1:])
