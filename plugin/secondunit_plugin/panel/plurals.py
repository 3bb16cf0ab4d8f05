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
        if n < 0:  # left to the translators of the program that the panel is docked in
            return None  # type: ignore[return-value]  # Qt's null, as it is documented
        return _ENDING.sub("" if n == 1 else r"\1", sourceText or "")
