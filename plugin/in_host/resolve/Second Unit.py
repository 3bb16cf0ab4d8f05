"""Workspace > Scripts > Second Unit: opens the panel for the open timeline. For any Python from 3.6 on."""

import os
import subprocess
import sys

# `secondunit install resolve` writes the command of its own Python here.
COMMAND = ["secondunit", "panel", "--resolve"]

# Resolve's own Python and libraries are none of the panel's.
DROPPED = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "QT_PLUGIN_PATH")


def main():
    environment = {name: value for name, value in os.environ.items() if name not in DROPPED}
    options = {"creationflags": 0x00000008} if sys.platform == "win32" else {"start_new_session": True}
    try:
        subprocess.Popen(COMMAND, env=environment, **options)
    except OSError as error:
        told = f"Second Unit cannot be started: {error} ({COMMAND[0]}). Run `secondunit install resolve`."
        print(told)  # noqa: T201 - Resolve's console shows it


main()
