"""
Pictures for reports: one date, or what changed between two, without a browser.

A picture says by itself what the page says: who held what and when, how much, how sure, from which
sources. Colours, patterns and words are those of the page (``geo/_page``). matplotlib is imported
here alone, and only when something is drawn. It shapes Arabic itself, with the fonts at hand.
"""

from __future__ import annotations

import datetime as dt
import io
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from geo.draw.looks import LOOKS, QUIET
from geo.draw.still.chart import Map
from geo.draw.still.legend import Legend, TimeAxis
from geo.draw.still.paper import Sheet, style
from geo.draw.still.scene import Scene
from geo.draw.still.wording import Words
from geo.draw.words.languages import require_language
from geo.errors import DateError, escape
from geo.layers import digest, save_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from geo.control import Composite
    from geo.draw.still.legend import Row
    from geo.draw.still.paper import Align
    from geo.draw.still.scene import Bands, Moved
    from geo.layers import Folder

FORMATS = ("png", "svg", "pdf")
"""What a still can be saved as; an animation is a GIF."""

MIN_SIZE = (800, 600)
"""Below this many pixels the words cannot be read."""

Step = Literal["layer", "week", "month"]


@dataclass(frozen=True, slots=True)
class Still:
    """
    A finished picture.

    Attributes
    ----------
    title
        What it shows, in one line.
    alt
        What it shows, in words, for those who cannot see it.
    """

    title: str
    alt: str
    _sheet: Sheet = field(repr=False)

    def render(self, form: str = "png") -> bytes:
        """
        Return the picture as the content of a file.

        Parameters
        ----------
        form
            ``png``, ``svg`` (its text stays text) or ``pdf``.

        Returns
        -------
        data
            The same picture gives the same bytes.

        Raises
        ------
        ValueError
            If there is no such format.
        """
        if form not in FORMATS:
            raise ValueError(f"a still is {', '.join(FORMATS)}; {form!r} is none of them")
        metadata: dict[str, dict[str, str | None]] = {
            "png": {"Title": self.title, "Description": self.alt, "Software": None},
            "svg": {"Title": self.title, "Description": self.alt, "Date": None, "Creator": None},
            "pdf": {"Title": self.title, "Subject": self.alt, "CreationDate": None},
        }
        return self._sheet.render(form, metadata[form])

    def compressed(self, *wanted: tuple[Literal["webp", "jpeg"], int]) -> tuple[bytes, ...]:
        """
        Return the picture for pages, with some loss: an eighth of a PNG. It is drawn once for all.

        Parameters
        ----------
        *wanted
            Format and width in pixels of each, at most that of the picture. JPEG is for who cannot
            read WebP, as most social media.

        Returns
        -------
        files
            The same picture gives the same bytes.
        """
        from PIL import Image

        picture = Image.fromarray(self._sheet.pixels()).convert("RGB")
        found = []
        for form, width in wanted:
            size = (width, round(picture.height * width / picture.width))
            shown = picture
            if width < picture.width:
                shown = picture.resize(size, Image.Resampling.LANCZOS)
            how: dict[str, object] = {"method": 4} if form == "webp" else {"optimize": True}
            out = io.BytesIO()
            # At 82 the small letters of the legend still have no halo of noise.
            shown.save(out, format=form, quality=82, **how)
            found.append(out.getvalue())
        return tuple(found)

    def save(self, path: str | Path) -> Path:
        """
        Write the picture, or nothing: a file that is there is replaced whole.

        Parameters
        ----------
        path
            Where to; ``.png``, ``.svg`` or ``.pdf`` tells the format.

        Returns
        -------
        path
            The file written.

        Raises
        ------
        ValueError
            If the name ends in something else.
        """
        target = Path(path)
        _write(target, self.render(_suffix(target, FORMATS)))
        return target

    def _repr_png_(self) -> bytes:
        """The picture in a notebook."""
        return self.render("png")


@dataclass(frozen=True, slots=True)
class Animation:
    """
    Pictures that follow each other, each with its date.

    Attributes
    ----------
    frames
        In order of time.
    seconds
        How long each stands; the last stands three times as long.
    """

    frames: tuple[Still, ...]
    seconds: float

    def render(self) -> bytes:
        """
        Return the animation as the content of a GIF file.

        Returns
        -------
        data
            The same frames give the same bytes. One palette serves all frames: nothing flickers.
        """
        from PIL import Image

        # Names and what else lies above all frames is drawn once.
        sheets = [frame._sheet for frame in self.frames]
        covers = {one.covering: one for one in reversed(sheets)}
        drawn_once = {key: one.pixels(cover=True) for key, one in covers.items()}
        codes = [
            _codes(_laid_over(one.pixels(cover=False), drawn_once[one.covering])) for one in sheets
        ]
        palette, number = _palette(codes)
        drawn = []
        for one in codes:
            drawn.append(Image.fromarray(number[one]))
            drawn[-1].putpalette(palette)
        durations = [round(self.seconds * 1000)] * (len(drawn) - 1) + [round(self.seconds * 3000)]
        out = io.BytesIO()
        drawn[0].save(
            out, format="GIF", save_all=True, append_images=drawn[1:], duration=durations, loop=0
        )
        return out.getvalue()

    def save(self, path: str | Path) -> Path:
        """
        Write the animation, or nothing: a file that is there is replaced whole.

        Parameters
        ----------
        path
            Where to; the name ends in ``.gif``.

        Returns
        -------
        path
            The file written.

        Raises
        ------
        ValueError
            If the name ends in something else.
        """
        target = Path(path)
        _suffix(target, ("gif",))
        _write(target, self.render())
        return target


def draw_still(
    folder: Folder,
    composite: Composite,
    day: dt.date,
    *,
    before: dt.date | None = None,
    language: str = "en",
    size: tuple[int, int] = (1600, 1000),
    bands: Bands | None = None,
    figures: Moved | None = None,
    axis: bool = True,
) -> Still:
    """
    Draw who held what at the end of a day, or what changed until then.

    Parameters
    ----------
    folder
        The layers as read.
    composite
        Its control layers, noded together.
    day
        The date; the layer in force is drawn.
    before
        An earlier date: draw the ground gained and lost since. The default draws `day` alone.
    language
        One of `geo.draw.LANGUAGES`.
    size
        Width and height, pixels. A picture higher than wide has its legend below the map.
    bands
        Low, middle and high of the ground of each side, km2, by date; without them the picture
        tells what is drawn alone.
    figures
        Middle, low and high of what changed, km2, by who had it, who has it and the effect
        (`geo.evidence.tell_effect`).
    axis
        Whether the time axis of all dates stands below the map.

    Returns
    -------
    still
        The same input gives the same picture.

    Raises
    ------
    DateError
        If a date is before the first layer, or `before` is after `day`.
    ValueError
        If there is no such language, or the size is below 800 x 600.
    GeoError
        If matplotlib is not installed.
    """
    require_drawable(language, size)
    if before is not None and before > day:
        raise DateError(f"before ({before}) is later than the date ({day}); swap them")
    with style():
        scene = Scene(folder, composite, day, before, Words(language), bands=bands, figures=figures)
        return draw_scene(scene, size, axis=axis)


def draw_scene(
    scene: Scene, size: tuple[int, int], *, legend: type[Legend] = Legend, axis: bool = True
) -> Still:
    """Draw a scene, with another legend or without the axis of time."""
    return _Picture(scene, size, legend, axis=axis).still()


def animate(
    folder: Folder,
    composite: Composite,
    *,
    step: Step = "layer",
    seconds: float = 1.5,
    language: str = "en",
    size: tuple[int, int] = (1280, 800),
    bands: Bands | None = None,
) -> Animation:
    """
    Draw who held what through time.

    Parameters
    ----------
    folder
        The layers as read.
    composite
        Its control layers, noded together.
    step
        ``layer`` draws one frame a dated layer; ``week`` and ``month`` one frame a week or month,
        which repeats the layer in force and says so. Nothing is drawn that no layer says.
    seconds
        How long a frame stands.
    language
        One of `geo.draw.LANGUAGES`.
    size
        Width and height, pixels.
    bands
        As for `draw_still`.

    Returns
    -------
    animation
        Ground that changed since the frame before is outlined.

    Raises
    ------
    ValueError
        If there is no such step or language, `seconds` is not positive, or the size is too small.
    GeoError
        If matplotlib is not installed.
    """
    require_drawable(language, size)
    if step not in _STEPS:
        raise ValueError(f"step is {step!r}; it is one of {', '.join(_STEPS)}")
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}; a frame must stand for some time")
    days = _STEPS[step](composite.dates)
    frames = []
    with style():
        for earlier, day in zip([None, *days], days, strict=False):
            scene = Scene(
                folder,
                composite,
                day,
                None,
                Words(language),
                moved_since=earlier,
                steady=True,
                bands=bands,
            )
            frames.append(draw_scene(scene, size))
    return Animation(tuple(frames), seconds)


def _weekly(dates: Sequence[dt.date]) -> list[dt.date]:
    span = (dates[-1] - dates[0]).days
    days = [dates[0] + dt.timedelta(days=n) for n in range(0, span + 1, 7)]
    return days if days[-1] == dates[-1] else [*days, dates[-1]]


def _monthly(dates: Sequence[dt.date]) -> list[dt.date]:
    days, (year, month) = [dates[0]], (dates[0].year, dates[0].month)
    while True:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        if (day := dt.date(year, month, 1)) >= dates[-1]:
            return [*days, dates[-1]] if days[-1] != dates[-1] else days
        days.append(day)


_FLAT = 176
"""So many of the 256 colours are those of the most ground, as they are; the rest are of rims."""


def _laid_over(below: NDArray[np.uint8], above: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One picture above another."""
    from PIL import Image

    found = Image.alpha_composite(Image.fromarray(below), Image.fromarray(above))
    return np.asarray(found)


def _codes(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Each pixel as one number."""
    red, green, blue = (pixels[:, :, i].astype(np.uint32) for i in range(3))
    codes: NDArray[np.uint32] = red << np.uint32(16) | green << np.uint32(8) | blue
    return codes


def _channels(codes: NDArray[np.uint32]) -> NDArray[np.int32]:
    return np.column_stack([codes >> 16, codes >> 8 & 255, codes & 255]).astype(np.int32)


def _palette(frames: Sequence[NDArray[np.uint32]]) -> tuple[bytes, NDArray[np.uint8]]:
    """
    The colours of an animation, and for every number of a colour which of them stands for it.

    Marks and what covers ground stay exactly as they are; what smooths letters is nearly so.
    """
    from PIL import Image

    some, counts = np.unique(np.concatenate([o.ravel()[::7] for o in frames]), return_counts=True)
    found = some[np.argsort(-counts, kind="stable")]
    marks = [*(look["color"] for look in LOOKS["events"].values()), LOOKS["paper"]["pointer"]]
    own = np.array([int(color[1:], 16) for color in marks], dtype=np.uint32)
    found = np.concatenate([own, found[~np.isin(found, own)]])
    flat = _channels(found[:_FLAT])
    rest = _channels(found[_FLAT:]).astype(np.uint8)[None]
    colors = flat
    if rest.size:
        near = Image.fromarray(rest).quantize(256 - len(flat), method=Image.Quantize.MEDIANCUT)
        more = np.array((near.getpalette() or [])[: 3 * (256 - len(flat))], dtype=np.int32)
        colors = np.concatenate([flat, more.reshape(-1, 3)])
    number = np.zeros(1 << 24, dtype=np.uint8)
    seen = np.zeros(1 << 24, dtype=bool)
    for one in frames:
        seen[one] = True
    every = np.flatnonzero(seen).astype(np.uint32)
    for part in np.array_split(every, len(every) // 20_000 + 1):
        away = ((_channels(part)[:, None, :] - colors[None]) ** 2).sum(axis=2)
        number[part] = away.argmin(axis=1)
    return colors.astype(np.uint8).tobytes(), number


_STEPS: dict[str, Callable[[Sequence[dt.date]], list[dt.date]]] = {
    "layer": list,
    "week": _weekly,
    "month": _monthly,
}


def require_drawable(language: str, size: tuple[int, int]) -> None:
    """
    Pass if words of the language can be read on a picture of the size.

    Raises
    ------
    ValueError
        If there is no such language, or the picture is too small.
    """
    require_language(language, speaker="a picture")
    if size[0] < MIN_SIZE[0] or size[1] < MIN_SIZE[1]:
        raise ValueError(
            f"size is {size[0]} x {size[1]} pixels; its words need at least "
            f"{MIN_SIZE[0]} x {MIN_SIZE[1]}"
        )


def _suffix(path: Path, forms: Sequence[str]) -> str:
    form = path.suffix.lower().removeprefix(".")
    if form not in forms:
        known = ", ".join(f".{name}" for name in forms)
        raise ValueError(
            f"{escape(path.name)}: the name must end in {known}, which tells the format"
        )
    return form


def _write(path: Path, data: bytes) -> None:
    save_file(path, data, expected=digest(path.read_bytes()) if path.exists() else None)


_SHRINK = ((1.0, 6), (0.94, 6), (0.88, 6), (0.82, 5), (0.76, 4), (0.7, 3), (0.7, 1))
"""A legend that is too high for its place is drawn smaller, and with fewer rows of a table."""


class _Picture:
    """Title, map, time, legend and credits, each in its place."""

    def __init__(
        self,
        scene: Scene,
        size: tuple[int, int],
        legend: type[Legend] = Legend,
        *,
        axis: bool = True,
    ) -> None:
        self.scene, (self.width, self.height) = scene, size
        self._legend, self._axis = legend, axis
        self.unit = min(4.0, max(0.72, math.sqrt(size[0] * size[1] / 1.6e6)))
        self.sheet = Sheet(*size)
        self.margin = 24 * self.unit

    def still(self) -> Still:
        """Draw everything."""
        unit, margin = self.unit, self.margin
        top = self._title()
        bottom = self._credits()
        has_axis = self._axis and len(self.scene.composite.dates) > 1
        strip = 92 * unit if has_axis else 0.0
        if self.height > 0.95 * self.width:
            left, right = margin, self.width - margin
            low = self._legend_below(bottom, (bottom - top - strip) * 0.55)
        else:
            low, panel = bottom, min(400 * unit, 0.36 * self.width)
            near, far = margin, self.width - margin - panel
            rtl = self.scene.words.rtl
            self._legend_beside(near if rtl else far, top, bottom, panel)
            left, right = (
                (near + panel + margin, self.width - margin) if rtl else (near, far - margin)
            )
        frame = (left, top, right, low - strip)
        Map(self.scene, self.sheet, frame, unit).draw()
        if strip:
            band = (left, low - strip + 26 * unit, right, low)
            TimeAxis(self.scene, self.sheet, band, unit).draw()
        return Still(self.scene.title, self.scene.alt, self.sheet)

    @property
    def _start(self) -> tuple[float, Align]:
        """Where a line of text begins, and on which hand."""
        rtl = self.scene.words.rtl
        return (self.width - self.margin, "right") if rtl else (self.margin, "left")

    def _title(self) -> float:
        """What, where, when; returns where the map begins."""
        scene, unit, sheet = self.scene, self.unit, self.sheet
        x, align = self._start
        room = self.width - 2 * self.margin
        y = self.margin + 10 * unit
        title = sheet.fit(scene.headline or scene.title, 28 * unit, room, bold=True)
        sheet.text(x, y, title, 28 * unit, align=align, bold=True)
        as_of = scene.as_of(scene.day)
        if scene.before and scene.reference_layer != scene.before:
            arrow = "←" if scene.words.rtl else "→"
            as_of = f"{scene.as_of(scene.before)} {arrow} {as_of}"
        told = [scene.title] if scene.headline else []
        line = sheet.fit(" · ".join([*told, scene.name, as_of]), 17 * unit, room)
        sheet.text(x, y + 32 * unit, line, 17 * unit, align=align, color=QUIET)
        return y + 56 * unit

    def _credits(self) -> float:
        """How it was made and from whom; returns where the map must end."""
        scene, unit, sheet = self.scene, self.unit, self.sheet
        words, size = scene.words, 12 * unit
        room = self.width - 2 * self.margin
        method = [words.say("method")] if any(x.basis == "inferred" for x in scene.labels) else []
        made = (words.say("still.holds"), words.say("still.made"))
        paragraphs = [" ".join([*method, *made])]
        if names := scene.publishers[:8]:
            listed = words.comma.join(names)
            if more := len(scene.publishers) - len(names):
                listed += f" {words.say('still.more', count=more)}"
            paragraphs.append(words.say("still.sources", names=listed))
        paragraphs.append(str(scene.folder.theatre.properties.get("attribution") or ""))
        lines = [line for text in paragraphs for line in sheet.wrap(text, size, room)]
        top = self.height - self.margin * 0.7 - 16.5 * unit * len(lines)
        for i, line in enumerate(lines):
            x, align = self._start
            y = top + (i + 0.5) * 16.5 * unit
            sheet.text(x, y, line, size, align=align, color=QUIET)
        return top - 8 * unit

    def _legend_beside(self, x: float, top: float, bottom: float, width: float) -> None:
        for scale, most in _SHRINK:
            legend = self._legend(self.scene, self.sheet, width, self.unit * scale, most)
            rows = [row for block in legend.blocks() for row in block]
            if sum(row.height for row in rows) <= bottom - top:
                break
        for entry in legend.why():
            if sum(row.height for row in (*rows, *entry)) > bottom - top:
                break
            rows += entry
        _flow(rows, x, top)

    def _legend_below(self, bottom: float, room: float) -> float:
        """Two columns under the map; returns where the time axis must end."""
        gap = self.margin
        width = (self.width - 2 * self.margin - gap) / 2
        for scale, most in _SHRINK:
            legend = self._legend(self.scene, self.sheet, width, self.unit * scale, most)
            blocks = legend.blocks()
            heights = [sum(row.height for row in block) for block in blocks]
            cut = min(range(len(blocks) + 1), key=lambda i: max(sum(heights[:i]), sum(heights[i:])))
            high = max(sum(heights[:cut]), sum(heights[cut:]))
            if high <= room:
                break
        near, far = self.margin, self.margin + width + gap
        columns = (far, near) if self.scene.words.rtl else (near, far)
        for part, x in zip((blocks[:cut], blocks[cut:]), columns, strict=True):
            _flow([row for block in part for row in block], x, bottom - high)
        return bottom - high - 10 * self.unit


def _flow(rows: Sequence[Row], x: float, y: float) -> None:
    for row in rows:
        row.draw(x, y)
        y += row.height
