"""What an item looks like beside its media, as far as the program tells."""

from typing import Any

Look = tuple[object, ...]


def look_of(item: Any) -> Look:
    """The nodes of its grade with their names and tables, and its transform, crop and the like."""
    nodes = range(1, int(item.GetNumNodes() or 0) + 1)
    properties = item.GetProperty() or {}
    return (
        tuple((item.GetNodeLabel(node), item.GetLUT(node)) for node in nodes),
        tuple(sorted((str(key), str(value)) for key, value in properties.items())),
    )


def take_over(item: Any, like: Any) -> bool:
    """Gives `item` the grade, transform, crop and the like of another one; whether the program took the grade."""
    own = item.GetProperty() or {}
    for key, value in (like.GetProperty() or {}).items():
        if own.get(key) != value:
            item.SetProperty(key, value)
    return bool(like.CopyGrades([item]))
