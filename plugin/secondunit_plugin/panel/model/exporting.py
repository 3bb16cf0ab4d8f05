"""The cut that is shown, in a format of another program, for the work of operations: what that loses is said before."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from secondunit_bridge.errors import BadInput
from secondunit_timeline.formats.losses import losses
from secondunit_timeline.interchange import write_cut

from secondunit_plugin.panel.model.cut import OpenCut

ENDINGS = (".otio", ".otioz", ".fcpxml", ".xml", ".aaf", ".kdenlive", ".mlt", ".edl")


@dataclass(frozen=True, slots=True)
class Export:
    """`losses`: a line for each kind of what the format does not hold. `slugs`: how many orders have no take there."""

    opened: OpenCut
    path: Path
    losses: tuple[str, ...]
    slugs: int


def examined(opened: OpenCut, path: Path) -> Export:
    """Writes nothing. Raises BadInput for an ending that is not written."""
    target = path if path.suffix else path.with_suffix(ENDINGS[0])
    if target.suffix.lower() not in ENDINGS:
        raise BadInput(f"{target.name}: cuts are written as {', '.join(ENDINGS)}: give it one of these endings")
    lost = Counter((one.fate, one.feature, one.how) for one in losses(opened.version.index.cut, target.suffix))
    lines = tuple(f"{fate}: {feature} ({count}): {how}" for (fate, feature, how), count in lost.items())
    return Export(opened, target, lines, len({slug.order_id for slug in opened.version.slugs if slug.plays}))


def written(export: Export) -> Path:
    """Raises BadInput where that would write over the cut that was opened, or over media; CutError."""
    write_cut(export.opened.version.index.cut, export.path, source=export.opened.path)
    return export.path
