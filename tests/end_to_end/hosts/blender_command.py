"""What a `blender` does with its command line, run with the Python that has `bpy`, whose module reads none.

As for `secondunit install`: `--version`, and `--background --python-expr CODE`, with what was saved as preferences.
After `--` nothing ends it until its standard input does; the extension is turned as its timer would.
"""

import sys
import threading
import time
import traceback

import bpy


def main() -> int:
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"Blender {bpy.app.version_string}\n")
        return 0
    bpy.ops.wm.read_userpref()
    if "--python-expr" in arguments:
        try:
            exec(arguments[arguments.index("--python-expr") + 1], {})
        except Exception:  # noqa: BLE001 - as Blender does with --python-exit-code 1
            traceback.print_exc()
            return 1
    if "--" in arguments:
        waits = threading.Thread(target=sys.stdin.read, daemon=True)
        waits.start()
        extension = sys.modules["bl_ext.user_default.secondunit"]
        while waits.is_alive():
            extension.running().tick()
            time.sleep(0.01)
        extension.unregister()
    return 0


sys.exit(main())
