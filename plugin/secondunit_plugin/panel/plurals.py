"""English singulars and plurals."""

import re

from PyQt5.QtCore import QTranslator

_ENDING = re.compile(r"\((\w+)\)")


class EnglishPlurals(QTranslator):
    """Qt's own way of writing them, "%n frame(s)", as English; installed first, so that languages come before it."""

    def isEmpty(self) -> bool:
        return False

    def translate(
        self,
        context: str | None,  # noqa: ARG002 - Qt's signature
        sourceText: str | None,
        disambiguation: str | None = None,  # noqa: ARG002
        n: int = -1,
    ) -> str:
        text = sourceText or ""
        return _ENDING.sub("" if n == 1 else r"\1", text) if n >= 0 else text
