"""A strip made to look, or sound, like another one."""

from . import api

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

    Where the pictures are of other sizes, they cover the same part of the frame.
    """
    curves = api.curves(scene)

    def value(owner, path, name):
        found = getattr(owner, name)
        for known, curve in curves.items():
            if known.endswith(f'["{source.name}"].{path}') and isinstance(found, (int, float)):
                return type(found)(curve.evaluate(at))
        return found

    for name in _VALUES:
        if hasattr(source, name) and hasattr(target, name):
            setattr(target, name, value(source, name, name))
    for part in ("transform", "crop"):
        if hasattr(source, part) and hasattr(target, part):
            owner = getattr(source, part)
            for one in owner.bl_rna.properties:
                if not one.is_readonly:
                    setattr(
                        getattr(target, part), one.identifier, value(owner, f"{part}.{one.identifier}", one.identifier)
                    )
    sizes = [_size(one) for one in (source, target)]
    if None not in sizes and sizes[0] != sizes[1]:
        (width, height), (other_width, other_height) = sizes
        target.transform.scale_x *= width / other_width
        target.transform.scale_y *= height / other_height
        for name, axis in _SIDES:
            setattr(target.crop, name, round(getattr(target.crop, name) * sizes[1][axis] / sizes[0][axis]))
    if len(getattr(source, "modifiers", ())):
        api.copy_modifiers(scene, source, target)


def _size(strip):
    elements = getattr(strip, "elements", ())
    size = (elements[0].orig_width, elements[0].orig_height) if len(elements) else (0, 0)
    return size if all(size) else None
