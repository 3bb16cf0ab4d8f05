"""What differs between the versions of Blender, in one place: names of properties, arguments, and the open scene."""

import contextlib

import bpy

# 5.1 renamed them, https://docs.blender.org/api/5.1/bpy.types.Strip.html; the older names go with 6.0.
_OLDER = {
    "content_start": "frame_start",
    "content_duration": "frame_duration",
    "left_handle": "frame_final_start",
    "right_handle": "frame_final_end",
    "content_trim_start": "animation_offset_start",
    "content_trim_end": "animation_offset_end",
}


def get(strip, name):
    return getattr(strip, _named(strip, name))


def put(strip, name, value):
    setattr(strip, _named(strip, name), value)


def put_handles(strip, first, last):
    """Blender lets no handle go beyond the other."""
    handles = [("left_handle", first), ("right_handle", last)]
    for name, frame in handles if first < get(strip, "right_handle") else reversed(handles):
        put(strip, name, frame)


def _named(strip, name):
    return name if name in strip.bl_rna.properties else _OLDER[name]


def editor(scene):
    return scene.sequence_editor or scene.sequence_editor_create()


def strips(owner):
    """The collection of the strips in an editor, outside metas, or in a meta; 4.4 renamed it."""
    return owner.strips if hasattr(owner, "strips") else owner.sequences


def all_strips(scene):
    """With those in metas; of each name there is one."""
    found = editor(scene)
    return found.strips_all if hasattr(found, "strips_all") else found.sequences_all


def open_scene():
    """The scene whose sequence is open; from 5.0 on the sequencer has one of its own."""
    for window in bpy.context.window_manager.windows:
        scene = getattr(window.workspace, "sequencer_scene", None)
        if scene is not None:
            return scene
    return bpy.context.scene or bpy.data.scenes[0]


def open_metas(scene):
    """The metas that are open (Tab), each in the one before."""
    return list(editor(scene).meta_stack)


def inputs(strip):
    """The strips that an effect is made of."""
    return [one for one in (getattr(strip, "input_1", None), getattr(strip, "input_2", None)) if one is not None]


def new_effect(owner, name, kind, channel, start, end, first, second=None):
    made = strips(owner)
    arguments = {p.identifier for p in made.bl_rna.functions["new_effect"].parameters}
    given = {"length": end - start} if "length" in arguments else {"frame_end": end}
    names = ("input1", "input2") if "input1" in arguments else ("seq1", "seq2")
    given[names[0]] = first
    if second is not None:
        given[names[1]] = second
    return made.new_effect(name, kind, channel, frame_start=start, **given)


def copy_modifiers(scene, source, target):
    """By the operator: `modifiers.new` ends 5.0 without a window."""
    chosen = [(strip, strip.select) for strip in all_strips(scene)]
    found = editor(scene)
    active = found.active_strip
    for strip, _ in chosen:
        strip.select = strip in (source, target)
    found.active_strip = source
    with sequencer(scene):
        bpy.ops.sequencer.strip_modifier_copy(type="REPLACE")
    for strip, selected in chosen:
        strip.select = selected
    found.active_strip = active


@contextlib.contextmanager
def sequencer(scene):
    """A context in which the sequencer's operators run; without a sequencer on the screen, an area is lent to it."""
    windows = bpy.context.window_manager.windows
    places = [(window, area) for window in windows for area in window.screen.areas]
    window, area = next((one for one in places if one[1].type == "SEQUENCE_EDITOR"), None) or max(
        places, key=lambda place: place[1].width * place[1].height
    )
    kind, workspace = area.type, window.workspace
    lent = getattr(workspace, "sequencer_scene", None)
    try:
        if kind != "SEQUENCE_EDITOR":
            area.type = "SEQUENCE_EDITOR"
        if hasattr(workspace, "sequencer_scene"):
            workspace.sequencer_scene = scene
        region = next(one for one in area.regions if one.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region, scene=scene):
            yield
    finally:
        if hasattr(workspace, "sequencer_scene"):
            workspace.sequencer_scene = lent
        if area.type != kind:
            area.type = kind


def push_undo(name):
    if not bpy.ops.ed.undo.poll():  # the first entry of a history is what it goes back to
        with _window():
            bpy.ops.ed.undo_push(message="Original")
    with _window():
        bpy.ops.ed.undo_push(message=name)


def undo():
    """Everything that was held of Blender's data is void after it."""
    with _window():
        bpy.ops.ed.undo()


def _window():
    """A timer runs without a window; operators need one."""
    windows = bpy.context.window_manager.windows
    return bpy.context.temp_override(window=windows[0]) if windows else contextlib.nullcontext()


def curves(scene, strip):
    """The animation curves of a strip, by data path from the strip on and array index."""
    action = scene.animation_data.action if scene.animation_data is not None else None
    if action is None:
        return {}
    if hasattr(action, "fcurves"):
        found = action.fcurves
    else:  # from 4.4 on actions have layers
        bags = [bag for layer in action.layers for part in layer.strips for bag in part.channelbags]
        found = [curve for bag in bags for curve in bag.fcurves]
    named = f'["{bpy.utils.escape_identifier(strip.name)}"].'
    own = [(curve, *curve.data_path.partition(named)) for curve in found]
    return {(path, curve.array_index): curve for curve, before, middle, path in own if middle and "[" not in before}
