"""Where the files of this installation are: in a checkout, or in a wheel and a folder for what it writes."""

import sys
from pathlib import Path

PACKAGES = Path(__file__).resolve().parent.parent
IS_CHECKOUT = (PACKAGES / "manage.py").is_file()
# Templates and catalogues.
SHARED = PACKAGES if IS_CHECKOUT else PACKAGES / "inbox"
# What it writes is in the checkout, or in the folder in which the command `inbox` is started.
INSTALLATION = PACKAGES if IS_CHECKOUT else Path.cwd()
STATE = ".inbox"
# What starts a command in another process.
MANAGE = [sys.executable, *([str(PACKAGES / "manage.py")] if IS_CHECKOUT else ["-m", "inbox.manage"])]
