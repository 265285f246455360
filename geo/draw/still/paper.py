"""Paper, ink and letters: what is drawn, in pixels. The one place that knows matplotlib."""

from __future__ import annotations

import io
import math
import re
import unicodedata
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from geo.draw.looks import INK, QUIET, WHITE, Lines
from geo.errors import GeoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes as Axes
    from matplotlib.path import Path as Outline
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geo.draw.looks import Paint

Align = Literal["left", "center", "right"]
Cap = Literal["butt", "round"]
Box = tuple[float, float, float, float]

DPI = 100
_FAMILIES = ("Noto Sans", "Noto Sans Arabic", "DejaVu Sans")


@contextmanager
def style() -> Iterator[None]:
    """
    Draw with settings of ours alone: nobody's matplotlibrc changes a picture.

    Raises
    ------
    GeoError
        If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ModuleNotFoundError as error:
        raise GeoError("pictures need matplotlib 3.11 or newer; install it") from error

    with mpl.rc_context(), _few_fonts():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": list(families()),
                "lines.scale_dashes": False,
                "path.simplify": False,
                "pdf.fonttype": 42,
                "svg.fonttype": "none",
                "svg.hashsalt": "frontline",
                # Hinted letters have other widths than their outlines, from which halos are made.
                "text.hinting": "none",
            }
        )
        yield


@contextmanager
def _few_fonts() -> Iterator[None]:
    """
    Look for letters among the fonts that we draw with, and not among all of a machine.

    matplotlib compares every font at hand anew for each size: hundreds of fonts, dozens of sizes.
    """
    from matplotlib.font_manager import fontManager

    every = fontManager.ttflist
    names = set(families())
    fontManager.ttflist = [entry for entry in every if entry.name in names]
    try:
        yield
    finally:
        fontManager.ttflist = every


@cache
def families() -> tuple[str, ...]:
    """The fonts at hand; the last comes with matplotlib and has the letters of both languages."""
    from matplotlib.font_manager import fontManager

    names = {entry.name for entry in fontManager.ttflist}
    return tuple(name for name in _FAMILIES if name in names)


@cache
def _glyphs() -> frozenset[int]:
    """The characters that the fonts at hand can draw."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    found: set[int] = set()
    for name in families():
        found.update(get_font(findfont(FontProperties(family=name))).get_charmap())
    return frozenset(found)


def drawable(text: str) -> bool:
    """Say whether the fonts at hand have every letter of a text."""
    return all(ord(c) in _glyphs() or unicodedata.category(c) == "Cf" for c in text)


def shown(text: str) -> str:
    """Text as drawn: a right-to-left one is kept apart, so that any viewer orders it the same."""
    strong = next((d for c in text if (d := unicodedata.bidirectional(c)) in "LRAL" and d), "L")
    text = "".join(c if drawable(c) else "\ufffd" for c in text)
    return text if strong == "L" else f"\u2067{text}\u2069"


class Sheet:
    """A surface in pixels, y down; what is drawn later lies above."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=WHITE)
        canvas: Any = FigureCanvasAgg(self.figure)
        self._renderer = canvas.get_renderer()
        self._axes = self.figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, width)
        self._axes.set_ylim(height, 0)
        self._flat = self._axes.transData
        self._is_cover, self._cover = False, list[Any]()
        self._level = 0
        self.texts: list[tuple[str, Box]] = []
        self.covering: tuple[tuple[str, Box], ...] = ()
        self._halos: list[Any] = []
        self._arabic: list[Any] = []

    def render(self, form: str, metadata: dict[str, str | None]) -> bytes:
        """The content of a file: png, svg or pdf."""
        from matplotlib.patheffects import Normal

        for artist in self._halos:
            artist.set_visible(form != "svg")
        for artist in self._arabic:
            # matplotlib 3.11.2 writes joined letters into a PDF with wrong gaps; their outlines
            # stand right. To see whether this can go, look at an Arabic PDF without it.
            artist.set_path_effects([Normal()] if form == "pdf" else [])
        out = io.BytesIO()
        with style():
            # Half the time of the tightest packing, for a file a tenth larger.
            packing: Any = {"pil_kwargs": {"compress_level": 4}} if form == "png" else {}
            self.figure.savefig(out, format=form, dpi=DPI, metadata=metadata, **packing)
        return _svg_halos(out.getvalue()) if form == "svg" else out.getvalue()

    def pixels(self, *, cover: bool | None = None) -> NDArray[np.uint8]:
        """
        Red, green, blue and opacity of every pixel, row by row.

        Of everything, or of the `cover` alone (clear elsewhere), or of all but that.
        """
        covering = set(map(id, self._cover))
        every = self.figure.artists + self.figure.texts
        for artist in every:
            artist.set_visible(cover is None or cover == (id(artist) in covering))
        self.figure.patch.set_alpha(0 if cover else 1)
        with style():
            canvas: Any = self.figure.canvas
            canvas.draw()
            found = np.array(canvas.buffer_rgba())
        self.figure.patch.set_alpha(1)
        for artist in every:
            artist.set_visible(True)
        return found

    def paint(self, shape: BaseGeometry, paints: Sequence[Paint], unit: float) -> None:
        """Lay paints over an area, the first at the bottom."""
        if shape.is_empty:
            return
        for paint in paints:
            if isinstance(paint, str):
                # A hairline of the same colour closes the seam that smoothing leaves.
                self._add(outline(shape), face=paint, edge=paint, width=0.6)
            else:
                path = _hatching(shape.bounds, paint, unit)
                dash = paint.dash and (paint.dash[0] * unit, paint.dash[1] * unit)
                cap: Cap = "round" if dash and dash[0] < unit * 0.1 else "butt"
                patch = self._add(
                    path,
                    edge=paint.color,
                    width=paint.width * unit,
                    dash=dash,
                    cap=cap,
                    alpha=paint.alpha,
                )
                patch.set_clip_path(outline(shape), self._axes.transData)

    def fill(self, shape: BaseGeometry, color: str, alpha: float = 1.0) -> None:
        """Fill an area."""
        if not shape.is_empty:
            self._add(outline(shape), face=color, alpha=alpha)

    def picture(self, pixels: NDArray[np.uint8], box: Box, within: BaseGeometry) -> None:
        """Lay a picture into a box, cut to an area."""
        from matplotlib.image import BboxImage
        from matplotlib.transforms import Bbox, TransformedBbox

        self._level += 1
        left, top, right, bottom = box
        place = TransformedBbox(Bbox([[left, bottom], [right, top]]), self._flat)
        image = BboxImage(place, interpolation="bilinear", origin="lower", zorder=self._level)
        image.set_data(pixels)
        image.set_clip_path(outline(within), self._axes.transData)
        self._lay(image)

    def stroke(
        self,
        shape: BaseGeometry,
        color: str,
        width: float,
        dash: Sequence[float] | None = None,
        alpha: float = 1.0,
    ) -> None:
        """Draw lines, or the border of an area."""
        if not shape.is_empty:
            self._add(outline(shape), edge=color, width=width, dash=dash, alpha=alpha)

    def _add(
        self,
        path: Outline,
        face: str | None = None,
        edge: str | None = None,
        width: float = 0.0,
        dash: Sequence[float] | None = None,
        cap: Cap = "butt",
        alpha: float = 1.0,
    ) -> Any:
        from matplotlib.patches import PathPatch

        self._level += 1
        style = (0, tuple(length * 0.72 for length in dash)) if dash else "solid"
        patch = PathPatch(
            path,
            facecolor=face or "none",
            edgecolor=edge or "none",
            linewidth=width * 0.72 if edge else 0,
            linestyle=style,
            capstyle=cap,
            joinstyle="round",
            alpha=alpha,
            zorder=self._level,
            snap=False,
        )
        return self._lay(patch)

    def _lay(self, artist: Any) -> Any:
        """Put an artist onto the sheet; the axes would look for a path to cut it at, each time."""
        artist.set_transform(artist.get_transform() if artist.is_transform_set() else self._flat)
        self.figure.add_artist(artist)
        if self._is_cover:
            self._cover.append(artist)
        return artist

    @contextmanager
    def cover(self) -> Iterator[None]:
        """What is drawn here lies above all else, and is the same in all frames."""
        self._is_cover, first = True, len(self.texts)
        yield
        self._is_cover = False
        self.covering += tuple(self.texts[first:])

    def width_of(self, text: str, size: float, bold: bool = False) -> float:
        """Width of a text in pixels."""
        return _measure(self._renderer, shown(text), size, bold)

    def wrap(self, text: str, size: float, width: float) -> list[str]:
        """Break a text into lines no wider than a width."""
        lines: list[str] = []
        # Words are measured one by one: most come again, and each is known the next time.
        space, used = self.width_of("\u00a0", size), 0.0
        for word in text.split():
            wide = self.width_of(word, size)
            if lines and used + space + wide <= width:
                lines[-1], used = f"{lines[-1]} {word}", used + space + wide
            else:
                lines.append(word)
                used = wide
        return lines

    def fit(self, text: str, size: float, width: float, bold: bool = False) -> str:
        """Cut a text that is wider than a width, and say so by an ellipsis."""
        if self.width_of(text, size, bold) <= width:
            return text
        while text and self.width_of(f"{text}…", size, bold) > width:
            text = text[:-1].rstrip()
        return f"{text}…"

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        align: Align = "left",
        color: str = INK,
        bold: bool = False,
        italic: bool = False,
        halo: float = 0.0,
        turn: float = 0.0,
    ) -> None:
        """Write a line; `y` is the middle of its small letters, in every script the same."""
        from matplotlib.patheffects import Stroke
        from matplotlib.text import Text

        if not text:
            return
        width = self.width_of(text, size, bold)
        left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[align] * width
        if not turn:
            self.texts.append((text, (left, y - size * 0.62, left + width, y + size * 0.62)))
        drop = size * 0.35
        arabic = any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text)
        slope = math.radians(turn)
        place = (x + drop * math.sin(slope), y + drop * math.cos(slope))
        for rim in (True, False) if halo else (False,):
            self._level += 1
            artist = Text(
                *place,
                shown(text),
                transform=self._flat,
                fontsize=size * 0.72,
                color=color,
                weight="bold" if bold else "normal",
                # Arabic is never slanted; slanted fonts do not have its letters.
                style="italic" if italic and not arabic else "normal",
                horizontalalignment=align,
                verticalalignment="baseline",
                rotation=turn,
                rotation_mode="anchor",
                parse_math=False,
                zorder=self._level,
            )
            self._lay(artist)
            if rim:
                artist.set_path_effects([Stroke(linewidth=halo * 0.72, foreground=WHITE)])
                self._halos.append(artist)
                continue
            if arabic:
                self._arabic.append(artist)
            if halo:
                artist.set_gid(f"halo{halo * 0.72:.2f}-{self._level}")


_WIDTHS: dict[tuple[str, bool], float] = {}
_LARGE = 64.0
"""Size of the letters that are measured, pixels; without hinting width grows as size does."""


def _measure(renderer: Any, text: str, size: float, bold: bool) -> float:
    from matplotlib.font_manager import FontProperties

    if (text, bold) not in _WIDTHS:
        if len(_WIDTHS) > 20_000:
            _WIDTHS.clear()
        font = FontProperties(size=_LARGE * 0.72, weight="bold" if bold else "normal")
        wide = renderer.get_text_width_height_descent(text, font, ismath=False)[0]
        _WIDTHS[text, bold] = wide / _LARGE
    return _WIDTHS[text, bold] * size


def outline(shape: BaseGeometry) -> Outline:
    """A geometry as a path of matplotlib; holes turn the other way than shells."""
    from matplotlib.path import Path as Outline

    parts = shapely.get_parts(shapely.orient_polygons(shape))
    vertices, codes = [], []
    for part in parts:
        closed = shapely.get_dimensions(part) == 2
        for line in shapely.get_rings(part) if closed else [part]:
            xy = shapely.get_coordinates(line)
            code = np.full(len(xy), Outline.LINETO, np.uint8)
            code[0] = Outline.MOVETO
            if closed:
                code[-1] = Outline.CLOSEPOLY
            vertices.append(xy)
            codes.append(code)
    return Outline(np.concatenate(vertices), np.concatenate(codes))


def _hatching(bounds: Box, lines: Lines, unit: float) -> Outline:
    """Parallel lines over a box; they meet those of the neighbour, wherever its box begins."""
    from matplotlib.path import Path as Outline

    lean = math.sqrt(0.5)
    along = {1: (lean, -lean), -1: (lean, lean), 0: (0.0, 1.0), 2: (1.0, 0.0)}[lines.way]
    across = (-along[1], along[0])
    corners = [(x, y) for x in bounds[::2] for y in bounds[1::2]]
    step, shift = lines.step * unit, lines.shift * unit
    reach = [x * across[0] + y * across[1] for x, y in corners]
    run = [x * along[0] + y * along[1] for x, y in corners]
    period = sum(lines.dash) * unit if lines.dash else step
    points = []
    for k in range(
        math.floor((min(reach) - shift) / step), math.ceil((max(reach) - shift) / step) + 1
    ):
        offset = k * step + shift
        start = (math.floor(min(run) / period) - 1 + (k % 2) / 2) * period
        for s in (start, max(run)):
            points.append((along[0] * s + across[0] * offset, along[1] * s + across[1] * offset))
    codes = np.tile(np.array([Outline.MOVETO, Outline.LINETO], np.uint8), len(points) // 2)
    return Outline(np.array(points), codes)


_HALO = re.compile(rb'<g id="halo([0-9.]+)-[0-9]+">\s*<text style="')


def _svg_halos(data: bytes) -> bytes:
    """Light rims of letters as SVG knows them: text stays text, and the rim has its font."""
    rim = b"stroke: " + WHITE.encode()
    rim += rb"; stroke-width: \1; stroke-linejoin: round; paint-order: stroke; "
    return _HALO.sub(lambda found: found[0] + found.expand(rim), data)


# ---------------------------------------------------------------- axes, for notebooks


def new_axes(width: float, height: float, layout: str = "constrained") -> Axes:
    """New axes of a size in inches."""
    import matplotlib.pyplot as plt

    # Outside our settings: the first figure is where a notebook makes its own.
    figure = plt.figure(figsize=(width, height), layout=layout)
    with style():
        ax = figure.subplots()
        ax.spines[["top", "right"]].set_visible(False)
    return ax


def lay(ax: Axes, shape: BaseGeometry, **look: Any) -> None:
    """Lay an area or a line on axes, in their own units."""
    from matplotlib.patches import PathPatch

    ax.add_patch(PathPatch(outline(shape), **look))


def patch(face: str, lines: tuple[str, str] | None, text: str) -> Any:
    """A swatch of a legend: fill, hatching with its colour, and what it stands for."""
    from matplotlib.patches import Patch

    hatch, color = lines or (None, None)
    return Patch(facecolor=face, edgecolor=QUIET, hatch=hatch, hatchcolor=color, label=text)


def rim(width: float) -> list[Any]:
    """A light rim round letters."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=WHITE)]


def months(ax: Axes) -> None:
    """A time axis that names months once."""
    from matplotlib import dates

    known: Any = dates
    locator = known.AutoDateLocator()
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(known.ConciseDateFormatter(locator))
