"""The picture in the middle: the selected place, the chosen take, or what an order shows of itself while it is made."""

from PyQt5.QtCore import QPoint, QRect, QSize, Qt
from PyQt5.QtGui import QImage, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget
from secondunit_bridge.messages import Preview

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.stills import still

_WIDTH = 1280


class Viewer(QWidget):
    """`caption` says what `picture` shows."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.picture = QImage()
        self.caption = ""
        self._asked = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMinimumSize(320, 180)
        self.setAccessibleName(self.tr("Viewer"))
        model.cut.changed.connect(self._hint)
        model.place_changed.connect(self._hint)
        model.takes.chosen_changed.connect(self._show_take)
        model.orders.preview_arrived.connect(self._show_preview)
        model.orders.changed.connect(self._end_previews)
        self._hint()

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self.picture.isNull():
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.caption)
            return
        size = self.picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(QPoint(0, 0), size)
        place.moveCenter(self.rect().center())
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.drawImage(place, self.picture)
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(
            place.adjusted(10, 8, -10, -8), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, self.caption
        )

    def _show_take(self) -> None:
        chosen = self._model.takes.chosen
        if chosen is None:
            self._asked += 1
            self.picture = QImage()
            self._hint()
            return
        take = self._model.takes.take(chosen)
        slot = take.record.order.slot
        self._asked += 1
        asked = self._asked
        Operation(self, lambda: still(take.path, slot.head, slot.rate, _WIDTH)).success(
            lambda picture: self._show(asked, picture, take.record.name)
        ).failure(lambda error: self._show(asked, QImage(), str(error))).run()

    def _show_preview(self, preview: Preview) -> None:
        self._asked += 1
        asked = self._asked
        caption = self.tr("take {take} in the making, frame {frame}").format(
            take=preview.take + 1, frame=preview.frame.frame
        )
        Operation(self, lambda: QImage.fromData(preview.jpeg)).success(
            lambda picture: self._show(asked, picture, caption)
        ).run()

    def _end_previews(self, order_id: str) -> None:
        if self._model.orders.orders[order_id].ended:
            self._show_take()

    def _show(self, asked: int, picture: QImage, caption: str) -> None:
        if asked == self._asked:  # else a later picture is on its way
            self.picture = picture
            self._say(caption)

    def _hint(self) -> None:
        """What is to be done, where there is nothing to see."""
        if not self.picture.isNull():
            return
        if self._model.cut.open is None:
            self._say(self.tr("Open a cut."))
        elif self._model.place is None:
            self._say(self.tr("Select a shot, a gap or a cut point above."))
        else:
            self._say(self.tr("Order takes: their previews are shown here."))

    def _say(self, caption: str) -> None:
        self.caption = caption
        self.setAccessibleDescription(caption)
        self.update()
