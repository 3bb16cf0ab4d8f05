"""Reading and writing cuts."""

import os
import secrets
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import BadInput, CutError

from secondunit_timeline.times import cached_rate

# Python's parser and OTIO's both recurse; a cut nested deeper than this was not made by an editor.
_DEEPEST = 200

# While a cut is in memory, metadata["secondunit"] holds what writing needs: the file that the cut came from (on the
# timeline), and a relative address as it stood in that file (on media references).
_OURS = "secondunit"
_BUNDLES = (".otioz", ".otiod")
_READ_FROM = "read_from"
_AS_WRITTEN = "relative_url"
_RESOLVED = "resolved_url"


def read_cut(path: Path | str, rate: Fraction | None = None) -> otio.schema.Timeline:
    """Reads a cut in the format that the file's suffix names.

    These are .otio, .otioz, .otiod, .fcpxml, .xml (Final Cut Pro 7), .kdenlive, .mlt, .aaf and .edl. Rates become
    exact; relative media addresses become absolute paths. `rate`: an EDL's, which names none. What had to be guessed
    stands in metadata["secondunit"]["notes"].
    """
    path = Path(path)
    try:
        text = _bundled(path) if path.suffix.lower() in _BUNDLES else path.read_bytes()
    except FileNotFoundError:
        raise CutError(f"{path} does not exist: check the path") from None
    except OSError as error:
        raise CutError(f"{path} cannot be read ({error.strerror}): give the path of a cut") from None
    if not text.strip():
        raise CutError(f"{path} is empty: export the cut again")
    if path.suffix.lower() in (".otio", *_BUNDLES):
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise CutError(f"{path} is not an OTIO file (JSON: {error}): export the cut again as .otio") from None
    else:
        from secondunit_timeline.formats.reading import read_document

        document = read_document(path, rate)
    timeline = _only_timeline(document, path)
    _Reader(path / "content.otio" if path.suffix.lower() in _BUNDLES else path).walk(timeline)
    _own(timeline)[_READ_FROM] = str(path.resolve())
    try:
        cut = otio.adapters.read_from_string(orjson.dumps(timeline).decode(), "otio_json")
    except (otio.exceptions.OTIOError, KeyError, ValueError, TypeError) as error:
        raise CutError(f"{path} cannot be read as a cut ({error}): export it again as .otio") from None
    assert isinstance(cut, otio.schema.Timeline)
    return cut


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
    try:
        timeline = orjson.loads(cut.to_json_string())
    except orjson.JSONDecodeError as error:
        raise CutError(f"the cut {cut.name!r} holds a time that is not a number ({error}): correct it") from None
    read_from = _own(timeline).get(_READ_FROM)
    inputs = [Path(read_from)] if isinstance(read_from, str) else []
    inputs += [source] if source is not None else []
    refuse_input(path, [*inputs, *media_files(cut)])
    if path.suffix.lower() in _BUNDLES:
        from secondunit_timeline.formats import bundles

        bundles.write(cut, path)
        return
    if path.suffix.lower() != ".otio":
        from secondunit_timeline.formats.writing import encoded

        write_bytes(path, encoded(cut, path.suffix))
        return
    _restore(timeline, path.resolve().parent)
    write_bytes(path, orjson.dumps(timeline, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _bundled(path: Path) -> bytes:
    from secondunit_timeline.formats import bundles

    return bundles.content(path)


def notes_of(cut: otio.schema.Timeline) -> list[str]:
    """What reading the cut had to guess or leave out."""
    return [str(note) for note in cut.metadata.get(_OURS, {}).get("notes", [])]


def refuse_input(path: Path, inputs: Iterable[Path]) -> None:
    """Raises where writing `path` would replace one of `inputs`."""
    try:
        there = path.stat()
    except OSError:
        return
    for file in dict.fromkeys(inputs):
        try:
            same = os.path.samestat(file.stat(), there)
        except OSError:  # offline media
            continue
        if same:
            raise BadInput(f"{path} is an input of this cut and is never written: choose another output")


def media_files(cut: otio.schema.Timeline) -> Iterator[Path]:
    """Every local file that the cut's media references name, active or not."""
    for clip in cut.find_clips():
        for reference in clip.media_references().values():
            if (path := media_path(reference)) is not None:
                yield Path(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Through a temporary file in the same folder, fsync and rename."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise BadInput(f"{path} cannot be written ({error.strerror}): check the disk's space and permissions") from None
    finally:
        temporary.unlink(missing_ok=True)


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
        return str(PurePath(base.replace("%", "%%"), name))
    return None


def local_path(url: str) -> str | None:
    """The path that a bare path or a `file:` address names; None for other addresses."""
    if _is_windows_path(url):
        return url
    parts = urlsplit(url)
    if not parts.scheme:
        decoded = unquote(url)
        return decoded if decoded != url and not Path(url).exists() and Path(decoded).exists() else url
    if parts.scheme.lower() != "file":
        return None
    path = unquote(url[len("file:") :].split("?", 1)[0].split("#", 1)[0]).replace("\\", "/")
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        path = slash + rest if host in ("", "localhost") else f"//{host}/{rest}"
    return path[1:] if _is_windows_path(path[1:]) else path


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


def _own(node: dict[str, Any]) -> dict[str, Any]:
    """metadata["secondunit"] of a JSON object."""
    metadata = node.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        return {}
    own = metadata.setdefault(_OURS, {})
    return own if isinstance(own, dict) else {}


class _Reader:
    """Checks what crashes OTIO or poisons its arithmetic, makes rates exact and addresses absolute, in place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.resolve().parent

    def _bad(self, what: str) -> CutError:
        return CutError(f"{self._path}: {what}; export the cut again, or correct it there")

    def walk(self, root: dict[str, Any]) -> None:
        stack: list[tuple[Any, int, bool]] = [(root, 0, False)]
        while stack:
            node, depth, in_metadata = stack.pop()
            if depth > _DEEPEST:
                raise self._bad(f"it is nested more than {_DEEPEST} levels deep")
            if isinstance(node, list):
                stack += [(child, depth + 1, in_metadata) for child in node if isinstance(child, (dict, list))]
                continue
            if "OTIO_SCHEMA" in node:
                self._check(node, in_metadata)
            stack += [
                (child, depth + 1, in_metadata or key == "metadata")
                for key, child in node.items()
                if isinstance(child, (dict, list))
            ]

    def _check(self, node: dict[str, Any], in_metadata: bool) -> None:
        match _schema(node):
            case "RationalTime":
                self._time(node, in_metadata)
            case "TimeRange":
                duration = node.get("duration")
                if isinstance(duration, dict) and not in_metadata and self._number(duration, "value") < 0:
                    raise self._bad(f"a range lasts {duration['value']:g} frames")
            case "Transition":
                for side in ("in_offset", "out_offset"):
                    if not isinstance(node.get(side), dict) or self._number(node[side], "value") < 0:
                        raise self._bad(f"the transition {node.get('name')!r} has no usable {side}")
            case "Timeline":
                if _schema(node.get("tracks")) != "Stack":
                    raise self._bad(f"the timeline {node.get('name')!r} has no tracks")
            case "Clip":
                if node["OTIO_SCHEMA"] == "Clip.1" and "media_references" in node:
                    raise self._bad(
                        f"the clip {node.get('name')!r} mixes two versions of the format (Clip.1 and Clip.2)"
                    )
            case "ExternalReference" if not in_metadata:
                self._resolve(node, "target_url")
            case "ImageSequenceReference" if not in_metadata:
                if isinstance(node.get("rate"), (int, float)) and node["rate"] > 0:
                    node["rate"] = float(cached_rate(node["rate"]))
                self._resolve(node, "target_url_base")
            case "LinearTimeWarp" | "FreezeFrame":
                self._number(node, "time_scalar")

    def _number(self, node: dict[str, Any], key: str) -> float:
        value = node.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) >= 2**53:
            raise self._bad(f"a {_schema(node)} has no usable {key}: {value!r}")
        return value

    def _time(self, node: dict[str, Any], in_metadata: bool) -> None:
        if in_metadata:
            return
        value, rate = self._number(node, "value"), self._number(node, "rate")
        if rate <= 0 and value == 0:
            node["rate"] = 1.0
            return
        if not 0 < rate < 1_000_000:
            raise self._bad(f"a time has the rate {rate:g}")
        node["rate"] = float(cached_rate(rate))

    def _resolve(self, node: dict[str, Any], key: str) -> None:
        url = node.get(key)
        if not isinstance(url, str) or not url or not _is_relative(url):
            return
        choices = dict.fromkeys((url, unquote(url), url.replace("\\", "/"), unquote(url).replace("\\", "/")))
        names = [os.path.normpath(self._folder / choice) for choice in choices]
        resolved = next((name for name in names if Path(name).exists()), names[0])
        node[key] = resolved
        _own(node).update({_AS_WRITTEN: url, _RESOLVED: resolved})


def _is_windows_path(url: str) -> bool:
    return PureWindowsPath(url).drive != "" and not url.startswith("//")


def _is_relative(url: str) -> bool:
    if _is_windows_path(url) or url.startswith(("/", "\\")):
        return False
    return not urlsplit(url).scheme


def _restore(root: dict[str, Any], folder: Path) -> None:
    """Takes our notes out of the JSON of a cut and writes relative addresses as seen from `folder`."""
    stack: list[Any] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack += [child for child in node if isinstance(child, (dict, list))]
            continue
        metadata = node.get("metadata")
        own = metadata.get(_OURS) if isinstance(metadata, dict) else None
        if isinstance(own, dict):
            own.pop(_READ_FROM, None)
            written, resolved = own.pop(_AS_WRITTEN, None), own.pop(_RESOLVED, None)
            for key in ("target_url", "target_url_base"):
                if written is not None and resolved is not None and node.get(key) == resolved:
                    node[key] = _relative(written, resolved, folder)
            if not own:
                del metadata[_OURS]
        stack += [child for child in node.values() if isinstance(child, (dict, list))]


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
