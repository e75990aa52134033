"""Runs the browser's modules under Node."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None and not os.environ.get("CI"), reason="Node is missing: apt-get install nodejs"
)


def run_node(*arguments: str) -> str:
    """Run Node and return what it prints; fails with what it prints if it fails."""
    done = subprocess.run([str(NODE), *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def map_in_node(module: Path, function: str, values: list) -> list[Any]:
    """Return what an exported function of the module returns for each value."""
    script = (
        f"import {{ {function} }} from {json.dumps(module.as_uri())};"
        f"console.log(JSON.stringify(JSON.parse(process.argv[1]).map((value) => {function}(value))))"
    )
    return json.loads(run_node("--input-type=module", "--eval", script, json.dumps(values)))
