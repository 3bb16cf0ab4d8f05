"""The frames process: `python -m secondunit_plugin.panel.frames.process RING`, started by `link`.

It reads requests from its standard input, answers on its standard output, and ends when the panel closes the pipe.
"""

import faulthandler
import os
import sys
import threading
from pathlib import Path

from secondunit_plugin.panel.frames.cache import Cache, folder
from secondunit_plugin.panel.frames.messages import (
    Answer,
    Compare,
    Composition,
    Leave,
    Play,
    Probe,
    Ready,
    Show,
    WantHeader,
    WantPeaks,
    WantPicture,
    WantThumbnail,
    packed,
    received,
)
from secondunit_plugin.panel.frames.questions import Questions
from secondunit_plugin.panel.frames.ring import RingWriter
from secondunit_plugin.panel.frames.thumbnails import Thumbnails
from secondunit_plugin.panel.frames.viewing import Viewing


def main() -> None:
    faulthandler.enable()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    lock = threading.Lock()

    def send(answer: Answer, data: bytes = b"") -> None:
        try:
            with lock:
                answers.write(packed(answer, data))
                answers.flush()
        except BrokenPipeError:
            os._exit(0)

    cache = Cache(folder())
    viewing = Viewing(RingWriter(Path(sys.argv[1])), send)
    thumbnails = Thumbnails(cache, send, viewing.rest)
    questions = Questions(send)
    viewing.start()
    threading.Thread(target=cache.shrink, name="cache", daemon=True).start()
    send(Ready())
    for request, _ in received(sys.stdin.buffer):
        match request:
            case Show() | Play():
                viewing.ask(request)
            case Composition():
                viewing.composition = request
            case WantThumbnail() | WantPeaks():
                thumbnails.ask(request)
            case Leave(number):
                thumbnails.leave(number)
            case Probe() | WantHeader() | Compare() | WantPicture():
                questions.ask(request)
    os._exit(0)  # without waiting for what is being decoded


main()
