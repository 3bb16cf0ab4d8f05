"""The picture in the middle: the cut at its place, the chosen take in it, or what an order shows of itself."""

from typing import assert_never

from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QVBoxLayout, QWidget
from secondunit_bridge.messages import Preview

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.model.orders import Making
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import ShotPlace
from secondunit_plugin.panel.model.playback import Nothing, Playing, Stopped, Unseen
from secondunit_plugin.panel.model.thumbnails import ThumbnailOf
from secondunit_plugin.panel.model.watching import OnlyTheTake, Pair, TheCut, TheTake
from secondunit_plugin.panel.views.canvas import Canvas
from secondunit_plugin.panel.views.small_pictures import WIDTH
from secondunit_plugin.panel.views.transport import Transport
from secondunit_plugin.panel.words import of_seconds


class Viewer(QWidget):
    """A preview stays until its order ends, or something else is shown."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._previews = 0
        self._previewing = False
        self.canvas = Canvas()
        self.canvas.setAccessibleName(self.tr("Viewer"))
        self.setFocusProxy(self.canvas)
        self.transport = Transport(model)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.transport)
        self.canvas.resized.connect(model.playback.resize)
        model.playback.picture_changed.connect(self._show_frame)
        model.playback.changed.connect(self._say)
        model.watching.changed.connect(self._say)
        model.cut.changed.connect(self._say)
        model.place_changed.connect(self._show_place)
        model.orders.preview_arrived.connect(self._show_preview)
        model.orders.changed.connect(self._end_previews)
        model.live.picture_changed.connect(self._show_live)
        self._say()

    @property
    def picture(self) -> QImage:
        return self.canvas.picture

    @property
    def caption(self) -> str:
        return self.canvas.caption

    def _show_frame(self) -> None:
        if isinstance(self._model.watching.watched, Pair):
            self.canvas.show_picture(QImage())
            return
        pixels = self._model.playback.pixels
        self._previews += 1
        self._previewing = False
        if pixels is not None:
            self.canvas.show_pixels(pixels)
        else:
            self.canvas.show_picture(QImage())
        self._say()

    def _show_place(self) -> None:
        """Its thumbnail if there is one, until the frame itself arrives."""
        place = self._model.place
        if isinstance(place, ShotPlace) and place.picture is not None:
            jpeg = self._model.thumbnails.get(ThumbnailOf(place.picture, WIDTH))
            if jpeg is not None:
                self._previews += 1
                self.canvas.show_picture(QImage.fromData(jpeg))

    def _show_preview(self, preview: Preview) -> None:
        if isinstance(self._model.playback.state, Playing):
            return
        self._previews += 1
        asked = self._previews
        caption = self.tr("take {take} in the making, frame {frame}").format(
            take=preview.take + 1, frame=preview.frame.frame
        )
        state = self._model.orders.orders[preview.order_id].state
        if isinstance(state, Making) and state.seconds_left is not None:
            caption = self.tr("{said}, {left} left").format(said=caption, left=of_seconds(state.seconds_left))

        def show(picture: QImage) -> None:
            if asked == self._previews:
                self._previewing = True
                self.canvas.show_picture(picture)
                self.canvas.say(caption)

        Operation(self, lambda: QImage.fromData(preview.jpeg)).success(show).run()

    def _show_live(self) -> None:
        picture = self._model.live.picture
        if picture is None:
            if self._previewing:
                self._show_frame()
        elif not isinstance(self._model.playback.state, Playing):
            self._previews += 1
            self._previewing = True
            self.canvas.show_picture(picture)
            self.canvas.say(self.tr("live"))

    def _end_previews(self, order_id: str) -> None:
        if self._model.orders.orders[order_id].ended and self._previewing:
            self._show_frame()

    def _say(self) -> None:
        model = self._model
        if self._previewing:
            return
        match model.playback.state:
            case Unseen(why):
                said = why
            case Nothing():
                said = self.tr("Open a cut: File, Open cut… (Ctrl+O).") if model.cut.open is None else ""
            case Stopped() | Playing():
                said = self._watched()
            case _:
                assert_never(model.playback.state)
        self.canvas.say(said)

    def _watched(self) -> str:
        watched = self._model.watching.watched
        match watched:
            case TheCut() | Pair():
                return ""
            case TheTake(take):
                return self._model.takes.take(take).record.name
            case OnlyTheTake(take, why):
                name = self._model.takes.take(take).record.name
                return self.tr("{name} by itself: {why}").format(name=name, why=why)
            case _:
                assert_never(watched)
