"""Clips of a project by the files that they play, and the bin in which takes stand as versions of their shots."""

import os
import re
from pathlib import Path

import hiero.core

from .link import Refused

BIN = "Second Unit"
_NUMBERED = re.compile(r"(.*?)(#+|%0?(\d*)d)([^#%/\\]*?)(?: [(\[]?(-?\d+)-(-?\d+)[)\]]?)?")
"""How Hiero names a sequence: `shot.####.exr 1001-1048`, or with %04d, the range in brackets or not."""
_PATTERN = re.compile(r"(.*)%0(\d+)d(.*)")
_SOUND = re.compile(r"sound_(\d+)\.wav")
_PICTURE = re.compile(r"(frame_)(\d+)(\.\w+)")
"""What the unit calls the files of a take that is a folder."""
TAKE = re.compile(r"(?P<shot>.+)_v(?P<number>\d+)(?P<rest>_.*)?")
"""How the unit names a take: SHOT_v003_REEL_1."""
_COMPS = (".nk", ".nknc", ".nkind", ".hrox")


def path_of(source):
    """The file of a MediaSource, of numbered pictures `DIR/NAME_%04d.exr`; None for a comp, views, or none."""
    infos = source.fileinfos()
    name = infos[0].filename() if infos else ""
    if not name or name.lower().endswith(_COMPS) or re.search("%[vV]", name):
        return None
    if source.singleFile():
        return os.path.normpath(name)
    match = _NUMBERED.fullmatch(name)
    if match is None:
        return os.path.normpath(name)
    head, marks, digits, rest = match.group(1, 2, 3, 4)
    width = len(marks) if marks.startswith("#") else int(digits or 1)
    return os.path.normpath(f"{head.replace('%', '%%')}%0{width}d{rest.replace('%', '%%')}")


def told_path(source, kind):
    """The path that is told of a MediaSource, and the sound stream: the sound of a take in pictures is a file beside
    them, and told as theirs."""
    path = path_of(source)
    match = _SOUND.fullmatch(Path(path).name) if path is not None and kind == "sound" else None
    if match is not None:
        picture = next((one for one in sorted(Path(path).parent.iterdir()) if _PICTURE.fullmatch(one.name)), None)
        if picture is not None:
            head, digits, suffix = _PICTURE.fullmatch(picture.name).groups()
            folder = str(picture.parent).replace("%", "%%")
            return str(Path(folder) / f"{head}%0{len(digits)}d{suffix}"), int(match.group(1)) - 1
    return path, 0


def file_of(path, kind, stream):
    """The file that an item plays for a path that is told."""
    if kind == "sound" and _PATTERN.fullmatch(path) is not None:
        return str(Path(str(Path(path).parent).replace("%%", "%")) / f"sound_{stream + 1}.wav")
    return os.path.normpath(path)


def offset(clip):
    """The frame of the file, from its first as 0, at which the clip begins.

    A clip may begin later than its file, and a sequence have more pictures than when it was brought in.
    """
    source = clip.mediaSource()
    infos = source.fileinfos()
    first = int(infos[0].startFrame()) if infos else 0
    path = path_of(source)
    begin = int(clip.sourceIn()) - first
    if path is None or source.singleFile():
        return begin
    while first > 0 and Path(path % (first - 1)).exists():
        first, begin = first - 1, begin + 1
    return begin


def is_still(clip):
    return clip.mediaSource().hasVideo() and int(clip.mediaSource().duration()) == 1


class Clips:
    """Of one project; takes that are not there yet are brought in, each as a version of its shot."""

    def __init__(self, project):
        self._project = project
        self._known = {}
        for clip in project.clips():
            path = path_of(clip.mediaSource())
            if path is not None:
                self._known.setdefault(path, clip)

    def of(self, path):
        """Raises Refused for a file that Hiero cannot open."""
        if path not in self._known:
            self._known[path] = self._brought_in(path)
        return self._known[path]

    def _brought_in(self, path):
        source = hiero.core.MediaSource(_first_file(path))
        if source.isOffline():
            raise Refused(f"Hiero cannot open {path}: look whether the file is there and can be read")
        clip = hiero.core.Clip(source)
        of_folder = _PATTERN.fullmatch(path) or (
            _SOUND.fullmatch(Path(path).name) and TAKE.fullmatch(Path(path).parent.name)
        )
        named = Path(path).parent.name if of_folder else Path(path).stem
        match = TAKE.fullmatch(named) if source.hasVideo() else None
        clip.setName(named)
        if match is None:
            self._bin().addItem(hiero.core.BinItem(clip))
            return clip
        shot = match.group("shot")
        item = next((one for one in self._bin().clips() if one.name() == shot), None)
        if item is None:
            item = self._bin().addItem(hiero.core.BinItem(clip))
            item.setName(shot)
        else:
            item.addVersion(hiero.core.Version(clip), _place(item, int(match.group("number"))))
        return clip

    def _bin(self):
        top = self._project.clipsBin()
        found = next((one for one in top.bins() if one.name() == BIN), None)
        return found if found is not None else top.addItem(hiero.core.Bin(BIN))


def _place(item, number):
    """Behind every version that is not later."""
    numbers = [TAKE.fullmatch(version.name()) for version in item.items()]
    return len([one for one in numbers if one is None or int(one.group("number")) <= number])


def _first_file(path):
    """Of numbered pictures the first: Hiero finds the others by it, as its own version scanner has it do."""
    if _PATTERN.fullmatch(path) is None:
        return path
    folder = Path(str(Path(path).parent).replace("%%", "%"))
    prefix, _, suffix = (re.escape(part.replace("%%", "%")) for part in _PATTERN.fullmatch(Path(path).name).groups())
    numbered = re.compile(prefix + r"(\d+)" + suffix)
    found = (numbered.fullmatch(one.name) for one in (folder.iterdir() if folder.is_dir() else ()))
    names = sorted((int(one.group(1)), one.group()) for one in found if one is not None)
    if not names:
        raise Refused(f"there are no pictures {path}")
    return str(folder / names[0][1])
