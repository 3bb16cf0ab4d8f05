"""The texts that were ordered with, for each show."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.errors import BadInput, SecondUnitError
from secondunit_bridge.messages import Text

from secondunit_plugin.panel.background import Operation

_MOST = 200


class HistoryModel(QObject):
    """`texts` of the show, the latest last, each once; kept in a file of `folder`. `refuse` is told what went wrong."""

    changed = pyqtSignal()

    def __init__(
        self, folder: Callable[[], Path], refuse: Callable[[SecondUnitError], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._refuse = refuse
        self._show: str | None = None
        self._keeping = False
        self.texts: tuple[Text, ...] = ()

    def open(self, show: str) -> None:
        if show == self._show:
            return
        self._show = show
        self._set(())
        Operation(self, lambda: _read(self._file(show))).success(lambda texts: self._opened(show, texts)).failure(
            self._refuse
        ).run()

    def add(self, text: Text) -> None:
        """As the latest; nothing without a prompt, or before a show is open."""
        if self._show is None or not text.prompt:
            return
        self._set((*(one for one in self.texts if one != text), text)[-_MOST:])
        self._keep()

    def _keep(self) -> None:
        """One write after the other: each goes on from what the file holds."""
        show, texts = self._show, self.texts
        if self._keeping or show is None:
            return
        self._keeping = True

        def kept() -> None:
            self._keeping = False
            if self.texts and (self._show, self.texts) != (show, texts):
                self._keep()

        def refuse(error: SecondUnitError) -> None:
            self._keeping = False
            self._refuse(error)

        Operation(self, lambda: _add(self._file(show), show, texts)).success(lambda _: kept()).failure(refuse).run()

    def _file(self, show: str) -> Path:
        return self._folder() / "prompts" / f"{sha256(show.encode()).hexdigest()[:16]}.json"

    def _opened(self, show: str, texts: tuple[Text, ...]) -> None:
        if show == self._show:
            self._set(_joined(texts, self.texts))

    def _set(self, texts: tuple[Text, ...]) -> None:
        if texts != self.texts:
            self.texts = texts
            self.changed.emit()


def _joined(earlier: tuple[Text, ...], later: tuple[Text, ...]) -> tuple[Text, ...]:
    return (*(one for one in earlier if one not in later), *later)[-_MOST:]


def _read(file: Path) -> tuple[Text, ...]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))["texts"]
        return tuple(Text(str(one["prompt"]), str(one["negative"])) for one in kept)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{file}: the texts of earlier orders cannot be read, {error}: move the file away") from error


def _add(file: Path, show: str, texts: tuple[Text, ...]) -> None:
    """With those that another panel has kept meanwhile."""
    from secondunit_plugin.panel.files import write

    kept = [{"prompt": one.prompt, "negative": one.negative} for one in _joined(_read(file), texts)]
    write(file, json.dumps({"show": show, "texts": kept}, ensure_ascii=False, indent=1).encode())
