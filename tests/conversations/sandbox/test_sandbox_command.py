import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

MANAGE = Path(__file__).parents[3] / "manage.py"
# Nothing listens on port 1: the command must not use the database.
ENVIRONMENT = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "SECRET_KEY": "x" * 50}


def sandbox(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, str(MANAGE), "sandbox", "--conversations", "30", "--latency", "0", *arguments]
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_command_serves_its_page_until_it_is_stopped(stop_signal):
    options = ("--echo", "never", "--human-agent", "--sends-per-second", "3", "--customers-answer", "6")
    with sandbox("--port", "0", "--token", "EAAmine", "--instagram", "5", *options) as process:
        assert process.stdout
        assert process.stderr
        url = process.stdout.readline().strip().removeprefix("GRAPH_API_URL=")
        assert "EAAmine" in process.stdout.readline()
        params = {"access_token": "EAAmine", "limit": "100"}
        assert len(requests.get(f"{url}/me/conversations", params=params, timeout=120).json()["data"]) == 30
        params["platform"] = "instagram"
        assert len(requests.get(f"{url}/me/conversations", params=params, timeout=120).json()["data"]) == 5
        send = requests.get(f"{url}/_sandbox/state", timeout=120).json()["send"]
        assert (send["echo"], send["human_agent"]) == ("never", True)
        params = {
            "client_id": "100000000000000",
            "redirect_uri": "http://127.0.0.1/back",
            "scope": "pages_show_list",
        }
        dialog = requests.get(f"{url}/v26.0/dialog/oauth", params=params, timeout=120)
        assert "Inbox sandbox asks Uma User" in dialog.text
        process.send_signal(stop_signal)
        assert process.wait(timeout=120) == 0
        assert process.stderr.read() == ""


def test_port_in_use_prints_one_line_and_exits_with_1():
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = str(occupied.getsockname()[1])
        with sandbox("--port", port) as process:
            out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert out == ""
    assert len(err.splitlines()) == 1
    assert port in err
    assert "--port" in err
