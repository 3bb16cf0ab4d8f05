"""Stills and shots that an order is to be like."""

from collections.abc import Callable, Sequence
from functools import partial

from PyQt5.QtCore import QObject
from secondunit_bridge.controls import ImageControl, ShotControl
from secondunit_bridge.errors import BadInput, SecondUnitError
from secondunit_bridge.messages import ReferenceImage, ReferenceShot

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.files import keep
from secondunit_plugin.panel.model.cut import CutModel
from secondunit_plugin.panel.model.draft import DraftModel, Known
from secondunit_plugin.panel.model.places import ShotPlace

Reference = ReferenceImage | ReferenceShot


class ReferencesModel(QObject):
    """`refuse` is told what cannot be referred to."""

    def __init__(
        self, cut: CutModel, draft: DraftModel, refuse: Callable[[SecondUnitError], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._cut, self._draft, self._refuse = cut, draft, refuse

    def add(self, things: Sequence[str | ShotPlace]) -> None:
        """Files and shots of the cut, each to the control that takes its kind."""
        opened = self._cut.open
        if opened is None:
            return

        def work(thing: str | ShotPlace) -> Reference:
            from secondunit_plugin.panel.model.planning import reference_of

            return reference_of(opened.version, thing)

        for thing in things:
            Operation(self, partial(work, thing)).success(self._add).failure(self._refuse).run()

    def keep_picture(self, name: str, encode: Callable[[], bytes], use: Callable[[str], object]) -> None:
        """Beside the cut's takes, with which it stays. `encode`: a PNG, in a thread; `use` gets the file's path."""
        opened = self._cut.open
        if opened is None:
            return

        def work() -> str:
            return str(keep(opened.takes_folder / "pictures", name, encode(), ".png"))

        Operation(self, work).success(use).failure(self._refuse).run()

    def _add(self, reference: Reference) -> None:
        state, draft = self._draft.controls, self._draft.draft
        if draft is None or not isinstance(state, Known):
            return
        kinds = ImageControl if isinstance(reference, ReferenceImage) else ShotControl
        takers = [(control.name, control.kind) for control in state.controls if isinstance(control.kind, kinds)]
        for name, kind in takers:
            value = draft.values.get(name)
            held = value if isinstance(value, tuple) else ()
            if reference in held:
                return
            if len(held) < kind.most:
                self._draft.set_value(name, (*held, reference))
                return
            if kind.most == 1:
                self._draft.set_value(name, (reference,))  # type: ignore[arg-type]
                return
        what = "stills" if isinstance(reference, ReferenceImage) else "shots"
        path = reference.path if isinstance(reference, ReferenceImage) else reference.span.path
        why = f"no more than {takers[0][1].most} {what}" if takers else f"no {what} here"
        self._refuse(BadInput(f"{path} was not added: the model takes {why}"))
