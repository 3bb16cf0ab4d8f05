"""A strip made to look, or sound, like another one."""

from . import api
from .speed import movie_of

_VALUES = (
    "blend_type",
    "blend_alpha",
    "color_multiply",
    "color_saturation",
    "multiply_alpha",
    "use_flip_x",
    "use_flip_y",
    "volume",
    "pan",
)
_SIDES = (("min_x", 0), ("max_x", 0), ("min_y", 1), ("max_y", 1))


def take_over(scene, source, target, at):
    """Opacity, colour, transform, crop, modifiers, volume. What is animated holds the value of the scene's frame `at`.

    Where the pictures are of other sizes, they cover the same part of the frame. Returns what holds, in words.
    """
    shown, movie = movie_of(source), movie_of(target)
    held = _copied(scene, shown, movie, at)
    if shown != source and movie != target:
        held += _copied(scene, source, target, at)
    elif movie != target:
        target.blend_type, movie.blend_type = movie.blend_type, "ALPHA_OVER"
    if len(getattr(source, "modifiers", ())):
        api.copy_modifiers(scene, source, target)
        held += _hold(scene, source, target, at, lambda path: path.startswith("modifiers["))
    _fit(shown, movie)
    return list(dict.fromkeys(held))


def _copied(scene, source, target, at):
    for name in _VALUES:
        if hasattr(source, name) and hasattr(target, name):
            setattr(target, name, getattr(source, name))
    for part in ("transform", "crop"):
        if hasattr(source, part) and hasattr(target, part):
            owner = getattr(source, part)
            for one in owner.bl_rna.properties:
                if not one.is_readonly:
                    setattr(getattr(target, part), one.identifier, getattr(owner, one.identifier))
    return _hold(scene, source, target, at, lambda path: path in _VALUES or path.startswith(("transform.", "crop.")))


def _fit(source, target):
    sizes = [_size(one) for one in (source, target)]
    if None not in sizes and sizes[0] != sizes[1]:
        (width, height), (other_width, other_height) = sizes
        target.transform.scale_x *= width / other_width
        target.transform.scale_y *= height / other_height
        for name, axis in _SIDES:
            setattr(target.crop, name, round(getattr(target.crop, name) * sizes[1][axis] / sizes[0][axis]))


def _hold(scene, source, target, at, wanted):
    """Modifiers are found by their names, which copies have, too."""
    held = []
    for (path, index), curve in api.curves(scene, source).items():
        if not wanted(path):
            continue
        parts, _, name = path.rpartition(".")
        try:
            owner = target.path_resolve(parts) if parts else target
            before, value = getattr(owner, name), curve.evaluate(at)
        except (ValueError, AttributeError):  # a curve that has outlived what it moved
            continue
        described = owner.bl_rna.properties[name]
        if isinstance(before, str):
            value = next((one.identifier for one in described.enum_items if one.value == int(value)), before)
        if hasattr(before, "__setitem__"):
            before[index] = value
        else:
            setattr(owner, name, type(before)(value))
        words = f"{described.name} (modifier)" if parts.startswith("modifiers[") else described.name
        held.append(words)
    return held


def _size(strip):
    elements = getattr(strip, "elements", ())
    size = (elements[0].orig_width, elements[0].orig_height) if len(elements) else (0, 0)
    return size if all(size) else None
