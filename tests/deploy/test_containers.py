"""What the image and compose.yaml name exists, and containers may do little. image_walk.py runs the image."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from django.conf import settings

DEPLOY = settings.BASE_DIR / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
ENDS = {"migrate"}  # by itself


def lines(instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} +(.+)$", CONTAINERFILE, re.MULTILINE)


def test_every_file_that_the_image_copies_exists():
    for line in lines("COPY"):
        if not line.startswith("--from="):
            *sources, _ = line.split()
            for source in sources:
                assert source == "dist/inbox-*.whl" or (settings.BASE_DIR / source).is_file(), source


def test_images_end_with_an_unprivileged_user():
    for part in re.split(r"^FROM ", CONTAINERFILE, flags=re.MULTILINE)[2:]:
        assert re.findall(r"^USER (.+)$", part, re.MULTILINE) == ["10001:10001"]


def test_image_has_neither_compilers_nor_values_of_secrets():
    assert not re.search(r"\b(gcc|g\+\+|build-essential|\w+-dev)\b", CONTAINERFILE)
    assert not re.search(r"(KEY|PASSWORD|TOKEN|SECRET\w*)\s*=", CONTAINERFILE)


def test_compose_is_valid(tmp_path):
    if shutil.which("docker-compose") is None:
        pytest.skip("docker-compose is not installed")
    text = (DEPLOY / "compose.yaml").read_text()
    (tmp_path / "compose.yaml").write_text(text.replace("name: inbox\n", "", 1))  # Debian's is older than it
    for name in ("database.env", "inbox.env"):
        (tmp_path / name).write_text("NAME=value\n")
    command = ["docker-compose", "--file", tmp_path / "compose.yaml", "config", "--quiet"]

    def refused(**variables: str) -> str:
        environment = {"PATH": os.environ["PATH"]} | variables
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stderr

    assert refused(BACKUP_RECIPIENT="age1") == ""
    assert "BACKUP_RECIPIENT" in refused()


def test_only_the_proxy_has_ports():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert "outside" not in SERVICES["postgres"]["networks"]
    assert COMPOSE["networks"]["database"] == {"internal": True}


@pytest.mark.parametrize("name", SERVICES)
def test_service_may_do_little_and_is_watched(name):
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    if name not in ENDS:
        assert (service["restart"], bool(service["healthcheck"]["test"])) == ("unless-stopped", True)
    for volume in service.get("volumes", ()):
        source = volume.partition(":")[0]
        assert source in COMPOSE["volumes"] or (DEPLOY / source).is_file(), volume
    values = [str(value) for value in service.get("environment", {}).values()]
    assert not [value for value in values if "://" in value]  # passwords are in files


def test_programs_that_compose_runs_are_in_the_image():
    scripts = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["scripts"]
    assert "inbox" in scripts
    assert " inbox migrate " in SERVICES["migrate"]["command"][-1]
    assert SERVICES["worker"]["command"][0] == "inbox"
    for name in ("web", "worker"):
        program = Path(SERVICES[name]["healthcheck"]["test"][1])
        assert os.access(DEPLOY / program.name, os.X_OK)
