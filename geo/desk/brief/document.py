"""A brief as a document for a word processor. The one place that knows python-docx."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

from geo.desk.brief.markdown import cited
from geo.desk.brief.sentences import runs_back
from geo.errors import GeoError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.desk.brief.sentences import Paragraph, Sentence, Written
    from geo.draw import Still

_FONT = "Arial"
"""Has the letters of Latin and Arabic on most machines; elsewhere another takes its place."""
_QUIET = (0x4B, 0x53, 0x5D)
_MARGIN_CM, _PAGE_CM = 2.0, (21.0, 29.7)
_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every part of the file, so that the same brief gives the same bytes."""
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML can hold."""


def brief_document(brief: Written) -> bytes:
    """
    Return a brief as the content of a ``.docx`` file.

    Parameters
    ----------
    brief
        The brief.

    Returns
    -------
    data
        Opens in Word and LibreOffice; the same brief gives the same bytes.

    Raises
    ------
    GeoError
        If python-docx is not installed.
    """
    try:
        import docx
    except ModuleNotFoundError as error:
        raise GeoError(
            "a .docx needs python-docx; install it: pip install 'geo-frontline[briefs]'"
        ) from error
    return _settled(_Document(brief, docx.Document()).make())


def _settled(data: bytes) -> bytes:
    """The parts of a file in their order, without the time at which they were packed."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as parts,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in parts.namelist():
            info = zipfile.ZipInfo(name, _NO_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, parts.read(name))
    return out.getvalue()


class _Document:
    """A brief on paper."""

    def __init__(self, brief: Written, document: Any) -> None:
        self._brief, self._document = brief, document
        self._numbers = brief.numbers()
        self._is_rtl = brief.direction == "rtl"

    def make(self) -> bytes:
        """The content of the file."""
        brief = self._brief
        self._set_up()
        self._paragraph("Subtitle", [(brief.title, False)])
        self._said("Title", [brief.headline])
        stills = dict(zip(brief.places_of_maps(), brief.pictures(), strict=True))
        self._picture("", stills)
        for part in brief.parts:
            self._paragraph("Heading 1", [(part.title, False)])
            self._picture(part.key, stills)
            self._part(part.paragraphs)
        self._paragraph("Heading 1", [(brief.labels["references"], False)])
        for one in brief.references:
            address = f" {one.url}" if one.url else ""
            text = f"{self._numbers[one.id]}. {one.text} ({one.id}){address}"
            self._paragraph("Reference", [(text, False)], is_rtl=runs_back(one.text))
        self._paragraph("Reference", [(brief.credits, False)], is_rtl=runs_back(brief.credits))
        out = io.BytesIO()
        self._document.save(out)
        return out.getvalue()

    def _part(self, paragraphs: Sequence[Paragraph]) -> None:
        for one in paragraphs:
            style = "List Bullet" if one.is_item else "Normal"
            plain = [s for s in one.sentences if not s.is_quoted]
            if plain:
                self._said(style, plain)
            for quote in one.sentences:
                if quote.is_quoted:
                    self._said("Quote" if plain else style, [quote])

    def _set_up(self) -> None:
        """Paper, styles and what stands in the head of the file."""
        from docx.enum.style import WD_STYLE_TYPE
        from docx.shared import Cm, Pt, RGBColor

        document, brief = self._document, self._brief
        section = document.sections[0]
        section.page_width, section.page_height = map(Cm, _PAGE_CM)
        for edge in ("left", "right", "top", "bottom"):
            setattr(section, f"{edge}_margin", Cm(_MARGIN_CM))
        document.styles.add_style("Reference", WD_STYLE_TYPE.PARAGRAPH)
        looks: Mapping[str, tuple[float, bool, float, bool]] = {
            "Normal": (10.5, False, 6, False),
            "Subtitle": (11, False, 2, True),
            "Title": (18, True, 10, False),
            "Heading 1": (13, True, 4, False),
            "Caption": (9, False, 8, True),
            "List Bullet": (10.5, False, 4, False),
            "Quote": (9.5, False, 2, True),
            "Reference": (8, False, 1, False),
        }
        for name, (size, bold, after, quiet) in looks.items():
            style = document.styles[name]
            style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
            style.font.color.rgb = RGBColor(*(_QUIET if quiet else (0x1C, 0x1F, 0x23)))
            style.paragraph_format.space_after = Pt(after)
            self._set_script(style.element.get_or_add_rPr(), size, bold)
        document.styles["Heading 1"].paragraph_format.space_before = Pt(14)
        quote = document.styles["Quote"].paragraph_format
        indent = "right_indent" if self._is_rtl else "left_indent"
        setattr(quote, indent, Cm(1.2))
        self._drop_border(document.styles["Title"].element)
        head = document.core_properties
        head.title, head.author, head.comments = brief.title, "frontline", brief.headline.text
        head.language = brief.language
        # The day that it is about: the day on which it was written would differ with every run.
        head.created = head.modified = dt.datetime.combine(brief.after, dt.time())
        self._page_numbers(section)

    def _set_script(self, properties: Any, size: float, bold: bool) -> None:
        """Say the font and, for a script that runs back, its size and direction too."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        fonts = properties.get_or_add_rFonts()
        for name in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{name}"), _FONT)
        for theme in ("asciiTheme", "hAnsiTheme", "cstheme", "eastAsiaTheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        # Letters stand as close as the font has them, and upright.
        for name in ("w:szCs", "w:bCs", "w:iCs", "w:spacing", "w:kern"):
            for old in properties.findall(qn(name)):
                properties.remove(old)
        complex_size = OxmlElement("w:szCs")
        complex_size.set(qn("w:val"), str(round(size * 2)))
        properties.append(complex_size)
        complex_bold = OxmlElement("w:bCs")
        complex_bold.set(qn("w:val"), "1" if bold else "0")
        properties.append(complex_bold)

    @staticmethod
    def _drop_border(style: Any) -> None:
        """Without the line that the title of a new document has below it."""
        from docx.oxml.ns import qn

        for border in style.iter(qn("w:pBdr")):
            border.getparent().remove(border)
            return

    def _page_numbers(self, section: Any) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        paragraph = section.footer.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = paragraph.add_run()
        for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
            made = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                made.set(qn("w:fldCharType"), kind)
            made.text = text or None
            run._r.append(made)

    def _said(self, style: str, sentences: Sequence[Sentence]) -> None:
        """Sentences, and small behind each the numbers of what it rests on."""
        runs: list[tuple[str, bool]] = []
        for one in sentences:
            text = f"“{one.text}”" if one.is_quoted else one.text
            runs += [(text, False), (f" [{cited(one.ids, self._numbers)}] ", True)]
        runs[-1] = (runs[-1][0].rstrip(), True)
        self._paragraph(style, runs)

    def _paragraph(
        self, style: str, runs: Sequence[tuple[str, bool]], *, is_rtl: bool | None = None
    ) -> None:
        """A paragraph of runs, of which some are references: small and quiet."""
        from docx.oxml import OxmlElement
        from docx.shared import Pt, RGBColor

        paragraph = self._document.add_paragraph(style=style)
        is_rtl = self._is_rtl if is_rtl is None else is_rtl
        if is_rtl:
            paragraph._p.get_or_add_pPr().insert_element_before(
                OxmlElement("w:bidi"), "w:adjustRightInd", "w:spacing", "w:ind", "w:jc", "w:rPr"
            )
        for text, is_number in runs:
            run = paragraph.add_run(_UNWRITABLE.sub("\ufffd", text))
            if is_number:
                run.font.size, run.font.bold = Pt(7.5), False
                run.font.color.rgb = RGBColor(*_QUIET)
                self._set_script(run._r.get_or_add_rPr(), 7.5, bold=False)
            if is_rtl and not is_number:
                run._r.get_or_add_rPr().append(OxmlElement("w:rtl"))

    def _picture(self, where: str, stills: Mapping[str, Still]) -> None:
        """The map that stands at the head, or in a part, if one does."""
        from docx.shared import Cm

        still = stills.get(where)
        if still is None:
            return
        width = Cm(_PAGE_CM[0] - 2 * _MARGIN_CM)
        self._document.add_picture(io.BytesIO(still.render("png")), width=width)
        paragraph = self._document.paragraphs[-1]
        paragraph.paragraph_format.keep_with_next = True
        paragraph._p.xpath(".//wp:docPr")[0].set("descr", _UNWRITABLE.sub("\ufffd", still.alt))
        self._said("Caption", [self._brief.places_of_maps()[where]])
