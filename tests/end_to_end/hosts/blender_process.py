"""Blender as a process of its own, run with the Python that has `bpy`: the extension, its timer turned by hand.

Takes what a test wants done as lines of Python on its standard input, with `bpy`, `scene` and `strips` at hand, and
prints what they leave in `result` as JSON, one line each.
"""

import json
import queue
import sys
import threading
import time
import traceback

sys.path.insert(0, sys.argv[1])
import bpy
import secondunit

bpy.ops.wm.read_factory_settings(use_empty=True)
if len(sys.argv) > 2:
    bpy.ops.wm.open_mainfile(filepath=sys.argv[2])
secondunit.register()
lines: queue.SimpleQueue[str] = queue.SimpleQueue()


def tell(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def read() -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put("")


threading.Thread(target=read, daemon=True).start()
tell({"version": bpy.app.version})
while True:
    secondunit.running().tick()
    try:
        line = lines.get_nowait()
    except queue.Empty:
        time.sleep(0.002)
        continue
    if not line:
        break
    from secondunit import api

    scene = api.open_scene()
    known = {"bpy": bpy, "scene": scene, "strips": api.strips(api.editor(scene)), "api": api, "result": None}
    try:
        exec(json.loads(line), known)
        told = {"result": known["result"]}
    except Exception:  # noqa: BLE001 - told to the test
        told = {"error": traceback.format_exc()}
    tell(told)
secondunit.unregister()
