"""`.otioz` and `.otiod`: a cut together with its media, as a zip file or a folder; OpenTimelineIO writes them."""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError, MediaError

from secondunit_timeline.interchange import as_read, media_path

_CONTENT = "content.otio"
_VERSION = "1.0.0"
_LARGEST = 1 << 30


def content(path: Path) -> bytes:
    """The .otio inside. Media is not taken out of a zip file."""
    if path.suffix.lower() == ".otiod":
        try:
            return (path / _CONTENT).read_bytes()
        except OSError as error:
            raise CutError(f"{path / _CONTENT} cannot be read ({error.strerror}): export the bundle again") from None
    try:
        with zipfile.ZipFile(path) as bundle:
            if bundle.getinfo(_CONTENT).file_size > _LARGEST:
                raise CutError(f"{path} holds a cut of more than {_LARGEST >> 30} GiB: it is not read")
            return bundle.read(_CONTENT)
    except FileNotFoundError:
        raise CutError(f"{path} does not exist: check the path") from None
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise CutError(f"{path} is no OTIO bundle that can be read ({error}): export it again") from None


def write(cut: otio.schema.Timeline, path: Path) -> None:
    """Writes a new bundle with the media that plays, complete or not at all; offline media becomes missing.

    Only files that open as media are taken in: an address can name any file of this machine.
    """
    from secondunit_bridge.media.container import open_media

    if path.exists():
        raise BadInput(f"{path} exists and a bundle is never written over: choose another name")
    for clip in cut.find_clips():
        reference = clip.media_reference
        file = media_path(reference) if isinstance(reference, otio.schema.ExternalReference) else None
        if file is None or not Path(file).is_file():
            continue
        try:
            with open_media(file):
                pass
        except MediaError as error:
            raise BadInput(f"{clip.name!r} names {file}, which is not bundled, since it is no media: {error}") from None
    with tempfile.TemporaryDirectory(prefix=f".{path.stem}.", dir=path.parent) as folder:
        made = Path(folder) / path.with_suffix(".otiod").name
        try:
            otio.adapters.write_to_file(_local(cut), str(made), media_policy="MissingIfNotFile")
            (made / _CONTENT).write_bytes(as_read((made / _CONTENT).read_text(), path.resolve()))
            if path.suffix.lower() == ".otioz":
                made = _zipped(made, Path(folder) / path.name)
        except (otio.exceptions.OTIOError, OSError, shutil.Error) as error:
            raise BadInput(f"{path} cannot be written: {error}") from None
        for file_path in [made] if made.is_file() else [item for item in made.rglob("*") if item.is_file()]:
            with file_path.open("rb") as written:
                os.fsync(written.fileno())
        made.rename(path)


def _zipped(folder: Path, path: Path) -> Path:
    """The .otioz with what the .otiod `folder` holds, in the order and with the compression of OTIO's own writer."""
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("version.txt", _VERSION)
        bundle.write(folder / _CONTENT, _CONTENT)
        for media in sorted((folder / "media").iterdir()):
            bundle.write(media, f"media/{media.name}", zipfile.ZIP_STORED)
    return path


def _local(cut: otio.schema.Timeline) -> otio.schema.Timeline:
    """A copy whose media has plain paths: OTIO reads no other system's addresses."""
    copy: otio.schema.Timeline = cut.clone()
    for clip in copy.find_clips():
        references = clip.media_references()
        for reference in references.values():
            if isinstance(reference, otio.schema.ExternalReference) and (file := media_path(reference)) is not None:
                reference.target_url = otio.url_utils.url_from_filepath(file) if Path(file).is_absolute() else file
        clip.set_media_references(references, clip.active_media_reference_key)
    return copy
