"""Reading and writing cuts."""

import os
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.files import write_bytes

from secondunit_timeline.documents import parsed, plain, text_of
from secondunit_timeline.stashes import KEPT, OURS, RATES, SPELLED, Restoring, hides, own, owned, show
from secondunit_timeline.validation import Validation

__all__ = ["local_path", "media_files", "media_path", "notes_of", "read_cut", "write_cut"]

# Of what metadata["secondunit"] holds while a cut is in memory (see `stashes`): the file that the cut came from, on the
# timeline, and a relative address as it stood in that file, on media references.
_BUNDLES = (".otioz", ".otiod")
_READ_FROM = "read_from"
_AS_WRITTEN = "relative_url"
_RESOLVED = "resolved_url"
_NUMBER = re.compile(r"%0?(\d*)d")
NOTED = (_READ_FROM, _AS_WRITTEN, _RESOLVED, RATES, SPELLED, KEPT)
"""What reading notes about the file itself, which is no part of the cut."""
# Integers that may not fit in 63 bits. A fixed first byte makes a search ten times faster.
_LARGE_INTEGERS = tuple(re.compile(re.escape(before) + rb"\d{19}") for before in (b":", b",", b"["))


def read_cut(path: Path | str, rate: Fraction | None = None) -> otio.schema.Timeline:
    """Reads a cut in the format that the file's suffix names.

    These are .otio, .otioz, .otiod, .fcpxml, .fcpxmld, .xml (Final Cut Pro 7), .kdenlive, .mlt, .aaf and .edl. Rates
    become exact; relative media addresses become absolute paths. `rate`: an EDL's, which names none. What had to be
    guessed stands in metadata["secondunit"]["notes"].
    """
    path = Path(path)
    if path.suffix.lower() == ".fcpxmld":  # Final Cut Pro's bundle: a folder
        path /= "Info.fcpxml"
    otio_json = path.suffix.lower() in (".otio", *_BUNDLES)
    try:
        text = _bundled(path) if path.suffix.lower() in _BUNDLES else path.read_bytes()
    except FileNotFoundError:
        raise CutError(f"{path} does not exist: check the path") from None
    except OSError as error:
        raise CutError(f"{path} cannot be read ({error.strerror}): give the path of a cut") from None
    if not text.strip():
        raise CutError(f"{path} is empty: export the cut again")
    if otio_json:
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise CutError(f"{path} is not an OTIO file (JSON: {error}): export the cut again as .otio") from None
    else:
        from secondunit_timeline.formats.reading import read_document

        document = read_document(path, rate)
    try:
        orjson.dumps(document)
    except orjson.JSONEncodeError:  # of all ways to find it the fastest by far
        raise CutError(f"{path} is nested more than 250 levels deep, which no editor made: export it again") from None
    timeline = _only_timeline(document, path)
    folder = path.resolve() if path.suffix.lower() in _BUNDLES else path.resolve().parent
    validation = Validation(path, partial(_resolve, folder), dialects=otio_json)
    validation.cut(timeline)
    own(timeline)[_READ_FROM] = str(path.resolve())
    try:
        content = text_of(timeline)
        large = any(pattern.search(content) for pattern in _LARGE_INTEGERS)
        if large or content.count(b'"OTIO_SCHEMA":') != validation.objects:
            validation.hide_foreign()
            content = text_of(timeline)
        return parsed(content)
    except CutError as error:
        raise CutError(f"{path} cannot be read as a cut ({error}): export it again as .otio") from None


def write_cut(cut: otio.schema.Timeline, path: Path | str, *, source: Path | None = None) -> None:
    """Writes `cut` complete or not at all, in the format that the suffix of `path` names.

    In .otio, media addresses that were relative are written relative to the new place, all others as they are; in the
    formats of other programs they are absolute. Bundles (.otioz, .otiod) take the media in that plays. What a format
    cannot hold is left out: `formats.losses.losses` lists it before.
    Refused where `path` is the file that the cut was read from, `source`, or media of the cut, also through links.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise BadInput(f"{path.parent} is not a folder: make it, or write elsewhere")
    read_from = cut.metadata.get(OURS, {}).get(_READ_FROM)
    inputs = [Path(read_from)] if isinstance(read_from, str) else []
    inputs += [source] if source is not None else []
    refuse_input(path, [*inputs, *media_files(cut)])
    text = cut.to_json_string(-1)
    if path.suffix.lower() == ".otio":
        write_bytes(path, as_read(text, path.resolve().parent))
        return
    plain(text)  # refuses times that are no numbers
    if path.suffix.lower() in _BUNDLES:
        from secondunit_timeline.formats import bundles

        bundles.write(cut, path)
    else:
        from secondunit_timeline.formats.writing import encoded

        write_bytes(path, encoded(cut, path.suffix))


def as_read(text: str, folder: Path) -> bytes:
    """The JSON of a cut as an .otio file in `folder`, with everything that reading changed as its file had it."""
    timeline = plain(text)
    for node in Restoring(timeline).objects(timeline):
        _restore(node, folder)
    if hides(text):
        show(timeline)
    try:
        return orjson.dumps(timeline, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError as error:
        raise CutError(f"the cut {timeline.get('name')!r} holds what JSON does not ({error}): correct it") from None


def _bundled(path: Path) -> bytes:
    from secondunit_timeline.formats import bundles

    return bundles.content(path)


def notes_of(cut: otio.schema.Timeline) -> list[str]:
    """What reading the cut had to guess, to leave out or to keep for writing."""
    ours = cut.metadata.get(OURS, {})
    return [str(note) for key in ("notes", KEPT) for note in ours.get(key, [])]


def refuse_input(path: Path, inputs: Iterable[Path]) -> None:
    """Raises where writing `path` would replace one of `inputs`."""
    try:
        there = path.stat()
    except OSError:
        return
    for file in dict.fromkeys(inputs):
        try:
            same = os.path.samestat(file.stat(), there)
        except (OSError, ValueError):  # offline media, or no name that a system takes
            continue
        if same:
            raise BadInput(f"{path} is an input of this cut and is never written: choose another output")


def media_files(cut: otio.schema.Timeline) -> Iterator[Path]:
    """Every local file that the cut's media references name, active or not."""
    for clip in cut.find_clips():
        for reference in clip.media_references().values():
            if (path := media_path(reference)) is not None:
                yield Path(path)


def media_path(reference: otio.core.MediaReference) -> str | None:
    """The local path behind a reference, an image sequence as `dir/name_%04d.png`; None where there is none."""
    if isinstance(reference, otio.schema.ExternalReference):
        return local_path(reference.target_url) if reference.target_url else None
    if isinstance(reference, otio.schema.ImageSequenceReference):
        base = local_path(reference.target_url_base) if reference.target_url_base else ""
        if base is None:
            return None
        prefix, suffix = (part.replace("%", "%%") for part in (reference.name_prefix, reference.name_suffix))
        number = f"%0{reference.frame_zero_padding}d" if reference.frame_zero_padding else "%d"
        name = f"{prefix}{number}{suffix}"
        system = PureWindowsPath if _is_windows_path(base) else PurePath
        return str(system(base.replace("%", "%%"), name))
    return None


def reference_to(path: str, available: otio.opentime.TimeRange, first: int) -> otio.core.MediaReference:
    """The inverse of `media_path`; `first`: the number of an image sequence's first picture."""
    if "%" not in path:  # as most are, and taking a path apart takes its time
        return otio.schema.ExternalReference(path, available)
    folder, name = str(PurePath(path).parent), PurePath(path).name
    match = _NUMBER.search(name)
    if match is None:
        return otio.schema.ExternalReference(path, available)
    prefix, suffix = (part.replace("%%", "%") for part in (name[: match.start()], name[match.end() :]))
    return otio.schema.ImageSequenceReference(
        target_url_base=folder.replace("%%", "%") + "/",
        name_prefix=prefix,
        name_suffix=suffix,
        start_frame=first,
        frame_step=1,
        rate=available.start_time.rate,
        frame_zero_padding=int(match[1] or 0),
        available_range=available,
    )


def local_path(url: str) -> str | None:
    """The path that a bare path or a `file:` address names; None for other addresses.

    Programs differ in what they encode: of the readings of an address, one that names a file that is there counts.
    Drives and shares of Windows are `E:\\...`, `//server/share/...`, `file:///E:/...`, `file:///E%3a/...` (Premiere),
    `file://E:/...`, `file://server/share/...` and `file://///server/share/...`.
    """
    readings = _readings(url)
    return _existing(readings) if readings else None


@lru_cache(4096)  # the clips of a cut play the same files
def _readings(url: str) -> tuple[str, ...]:
    """The paths that an address may mean; none where it means no file."""
    if _is_windows_path(url):
        return (url,)
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:  # an address with a host that is none
        return ()
    if not scheme:
        return tuple(dict.fromkeys((url, unquote(url))))
    if scheme != "file":
        return ()
    whole = url[len("file:") :]
    address = whole.split("?", 1)[0].split("#", 1)[0]
    return tuple(dict.fromkeys(map(_of_file_address, (unquote(address), unquote(whole), address, whole))))


def _of_file_address(path: str) -> str:
    """`path`: what follows `file:`."""
    path = path.replace("\\", "/")
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        if _is_windows_path(f"{host}/"):
            path = f"{host}/{rest}"
        elif host in ("", "localhost"):
            path = slash + rest
        else:
            path = f"//{host}/{rest}"
    if path.startswith("///"):  # a share after an empty host
        path = "//" + path.lstrip("/")
    return path[1:] if _is_windows_path(path[1:]) else path


def _existing(paths: Iterable[str]) -> str:
    """The first that names a file of this machine, else the first."""
    first, *others = paths
    return first if not others or Path(first).exists() else next((one for one in others if Path(one).exists()), first)


def _only_timeline(document: object, path: Path) -> dict[str, Any]:
    timelines = [document]
    if isinstance(document, dict) and _schema(document) == "SerializableCollection":
        children = document.get("children")
        timelines = [child for child in children if _schema(child) == "Timeline"] if isinstance(children, list) else []
        if len(timelines) != 1:
            raise CutError(f"{path} holds {len(timelines)} timelines: export the one to work on by itself")
    if not isinstance(timelines[0], dict) or _schema(timelines[0]) != "Timeline":
        raise CutError(f"{path} is not a timeline: export the cut again as .otio")
    return timelines[0]


def _schema(node: object) -> str:
    name = node.get("OTIO_SCHEMA") if isinstance(node, dict) else None
    return name.partition(".")[0] if isinstance(name, str) else ""


def _resolve(folder: Path, node: dict[str, Any], field: str) -> None:
    """Makes a relative address in a media reference absolute, as seen from `folder`."""
    url = node[field]
    if not _is_relative(url):
        return
    choices = dict.fromkeys((url, unquote(url), url.replace("\\", "/"), unquote(url).replace("\\", "/")))
    names = [os.path.normpath(folder / choice) for choice in choices]
    resolved = next((name for name in names if Path(name).exists()), names[0])
    node[field] = resolved
    own(node).update({_AS_WRITTEN: url, _RESOLVED: resolved})


def _is_windows_path(url: str) -> bool:
    return PureWindowsPath(url).drive != "" and not url.startswith("//")


def _is_relative(url: str) -> bool:
    if url.startswith(("/", "\\")) or _is_windows_path(url):
        return False
    try:
        return not urlsplit(url).scheme
    except ValueError:
        return False


def _restore(node: dict[str, Any], folder: Path) -> None:
    """Takes our notes out of an object's JSON and writes a relative address as seen from `folder`."""
    metadata = node.get("metadata", {})
    if OURS not in metadata:
        return
    ours = owned(node)
    for key in (_READ_FROM, KEPT):
        ours.pop(key, None)
    written, resolved = ours.pop(_AS_WRITTEN, None), ours.pop(_RESOLVED, None)
    for field in ("target_url", "target_url_base"):
        if isinstance(written, str) and isinstance(resolved, str) and node.get(field) == resolved:
            node[field] = _relative(written, resolved, folder)
    if not ours:
        del metadata[OURS]


def _relative(written: str, resolved: str, folder: Path) -> str:
    """`written` where it still names `resolved` from `folder`, else the way there in the same style."""
    for choice in (written, unquote(written), written.replace("\\", "/"), unquote(written).replace("\\", "/")):
        if os.path.normpath(folder / choice) == resolved:
            return written
    try:
        way = os.path.relpath(resolved, folder)
    except ValueError:  # another drive
        return resolved
    return quote(Path(way).as_posix()) if unquote(written) != written else Path(way).as_posix()
