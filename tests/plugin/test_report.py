"""The report is read by people without network: one page, every address on it relative or inline."""

import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from secondunit_bridge.messages import (
    Codec,
    Delivery,
    Fit,
    LookChange,
    Measure,
    Order,
    Parameter,
    Record,
    Seam,
    Slot,
    Take,
    Task,
    Version,
)
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.cli.progress import take_table
from secondunit_plugin.demo.report import Broken, CutReport, Done, OrderReport, Refused, Report, Still, write_report
from secondunit_plugin.demo.stills import jpeg

RATE = Fraction(24)
START = FrameTime(86400, RATE)


class Page(HTMLParser):
    """Tags left open, addresses, texts."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.images_without_text = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        named = dict(attrs)
        self.addresses += [
            value for name, value in attrs if name in ("src", "href", "srcset", "poster", "action") and value
        ]
        if tag == "img" and not named.get("alt"):
            self.images_without_text += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def take(name: str = "A005_x_v001", **changes: object) -> Take:
    slot = Slot(12, 12, 12, RATE, RATE, 1280, 720, Fraction(1), FrameTime(910000, RATE))
    order = Order(
        "an-order",
        Task.EXTEND,
        "An evening by the lake",
        "A005",
        slot,
        (),
        "draft",
        "draft",
        (Parameter("sound", "room-tone"),),
        (7,),
        Delivery("takes", Codec.PRORES_HQ),
    )
    record = Record(
        take_id="a-take",
        name=name,
        reel="SU000012",
        start=FrameTime(910000, RATE),
        drop_frame=False,
        order=order,
        seed=7,
        weights_sha256="",
        versions=(Version("secondunit", "0.1.0"), Version("numpy", np.__version__)),
        seams=(Seam(FrameTime(12, RATE), Measure(-1.42, 3.02, 0.82, 1.21), Measure(-0.11, 0.42, 1.02, 0.97)),),
        look=None,
        trusted=8,
        placeholder=False,
        notes=("The camera's last 4 frames were used first; 12 frames are generated.",),
    )
    return Take("out/demo/takes/A005_x_v001.mov", 36, "0" * 64, "", replace(record, **changes))  # type: ignore[arg-type]


def report(folder: Path, *orders: OrderReport) -> Report:
    return Report(
        title="An evening by the lake",
        start=START,
        drop_frame=False,
        before=CutReport(folder / "sample" / "sample.otio", 396, folder / "before.mp4"),
        after=CutReport(folder / "sample #2.otio", 396, folder / "after.mp4"),
        contact=folder / "contact.png",
        orders=orders,
        unit="Second Unit 0.1.0, engine draft",
    )


def order(outcome: Done | Refused | Broken, *stills: Still) -> OrderReport:
    return OrderReport(
        "Extend A005 by 16 frames",
        "A005 is to run on until A006 begins.",
        "secondunit extend sample.otio --shot A005 --tail 16 -o after.otio",
        FrameTime(START.frame + 312, RATE),
        outcome,
        stills,
    )


def write(path: Path, content: Report) -> str:
    write_report(path, content)
    return path.read_text("utf-8")


def test_nothing_on_the_page_leads_out_of_its_folder(tmp_path: Path) -> None:
    picture = np.full((90, 160, 3), 128, np.uint8)
    text = write(
        tmp_path / "report.html",
        report(
            tmp_path, order(Done((take(),), ("V1 01:00:13:00 extend 4 'A005'",), 2.5), Still("Frame 1", jpeg(picture)))
        ),
    )
    page = Page(text)
    assert page.open == []
    assert page.images_without_text == 0
    assert {"after.mp4", "before.mp4", "contact.png", "sample%20%232.otio"} <= set(page.addresses)
    for address in page.addresses:
        assert address.startswith(("data:", "#")) or (tmp_path / address).parent.resolve().is_relative_to(tmp_path)
    inline = re.sub(r"data:image/jpeg;base64,[^\"]+", "", text)
    assert not re.search(r"(https?:)?//[a-z]|@import|url\(", inline)


def test_a_take_is_named_measured_and_recorded(tmp_path: Path) -> None:
    text = write(tmp_path / "report.html", report(tmp_path, order(Done((take(),), (), 2.5))))
    for expected in (
        "SU000012",
        "10:31:56:16 to 10:31:58:03",
        "0.42",
        "equal to the eye",
        "8, counted from",
        "an-order",
    ):
        assert expected in text
    assert "Seam before frame 12 of the take" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trusted": None}, "All generated frames can be trusted."),
        ({"placeholder": True}, "This is a placeholder"),
        (
            {"look": LookChange(Measure(6.0, 9.0, 0.5, 1.3), Measure(0.4, 2.0, 0.97, 1.2))},
            "The shot against its reference",
        ),
    ],
)
def test_what_a_record_says_is_said(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    assert words in write(tmp_path / "report.html", report(tmp_path, order(Done((take(**changes),), (), 1.0))))


def test_a_match_is_not_called_generated(tmp_path: Path) -> None:
    matched = take(order=replace(take().record.order, task=Task.MATCH), trusted=None)
    text = write(tmp_path / "report.html", report(tmp_path, order(Done((matched,), (), 1.0))))
    assert "Camera frames, processed; none is generated." in text


def test_refusals_and_failures_give_their_reasons(tmp_path: Path) -> None:
    text = write(
        tmp_path / "report.html",
        report(
            tmp_path,
            order(Refused("A007 <title> has no media: choose a shot with a file")),
            order(Broken("the worker ended", "logs/worker.txt")),
        ),
    )
    assert "A007 &lt;title&gt; has no media" in text
    assert "Refused, nothing was started" in text
    assert "the worker ended" in text and "logs/worker.txt" in text
    assert "0 of 2" in text


def test_differences_are_put_into_words_by_what_is_seen(tmp_path: Path) -> None:
    far = Seam(FrameTime(12, RATE), Measure(5, 9, 2, 2), Measure(-2.9, 3.4, 0.6, 1.2))
    text = write(tmp_path / "report.html", report(tmp_path, order(Done((take(seams=(far,)),), (), 1.0))))
    rows = re.findall(r"<td>([^<]+)</td></tr>", text)
    assert rows == ["noticeable", "noticeable", "finer", "slightly sharper"]


def test_seams_between_the_passes_of_a_model_are_shown_beside_those_with_the_camera(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = Seam(FrameTime(21, RATE), Measure(1, 4.5, 1, 1), Measure(0, 0.6, 1, 1))
    made = take(fit=Fit(45, RATE, 640, 384, 2, "resident", (), (inside,)))
    text = write(tmp_path / "report.html", report(tmp_path, order(Done((made,), (), 1.0))))
    assert "Seam before frame 12 of" in text and "Between two passes of the model, before frame 21 of" in text
    Console(width=200).print(take_table([made]))
    table = capsys.readouterr().out
    assert "3.0 → 0.4" in table and "4.5 → 0.6 in it, frame 21" in table


def test_a_page_without_orders_or_films_still_opens(tmp_path: Path) -> None:
    empty = report(tmp_path)
    bare = replace(
        empty,
        before=replace(empty.before, video=None),
        after=replace(empty.after, video=None),
        contact=None,
        notes=("The cut was given by the user.",),
    )
    page = Page(write(tmp_path / "report.html", bare))
    assert page.open == []
    assert not [address for address in page.addresses if address.endswith((".mp4", ".png"))]
