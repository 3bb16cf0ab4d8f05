"""Run by a Blender with a window as `--python`: does what a test writes into the folder SECONDUNIT_TALK."""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

import bpy

_TALK = Path(os.environ["SECONDUNIT_TALK"])
bpy.context.preferences.view.show_splash = False


def do() -> float:
    asked = _TALK / "do.py"
    if asked.exists():
        code = asked.read_text()
        asked.unlink()
        addon = next(name for name in ("bl_ext.user_default.secondunit", "secondunit") if name in sys.modules)
        api = importlib.import_module(f"{addon}.api")
        scene = api.open_scene()
        known = {"bpy": bpy, "api": api, "scene": scene, "strips": api.strips(api.editor(scene)), "result": None}
        try:
            exec(code, known)
            told = {"result": known["result"]}
        except Exception:  # noqa: BLE001 - told to the test
            told = {"error": traceback.format_exc()}
        answer = _TALK / "did.part"
        answer.write_text(json.dumps(told))
        answer.rename(_TALK / "did.json")
    return 0.05


bpy.app.timers.register(do, persistent=True)
