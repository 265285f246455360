"""
Everything this package raises, and the findings that explain it.

    GeoError
    ├── LayerError            a file of the layers folder gives no answer
    │   ├── LayerNotFoundError    it is not there
    │   ├── SchemaError           it holds faults; `.issues` has all of them
    │   └── StaleLayerError       another program changed it since it was read
    ├── DateError             a date outside the layers, or no date at all (also a ValueError)
    ├── CRSError              coordinates that are not longitude and latitude (also a ValueError)
    ├── CoverageError         patches overlap or leave a gap (also a ValueError)
    └── UnknownIdError        an id that no table holds (also a LookupError)

A wrong argument is a plain `ValueError`. Faults in data are reported as
`Issue`, many at a time; an exception means that the call has no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

Severity = Literal["error", "warning"]

__all__ = [
    "CRSError",
    "CoverageError",
    "DateError",
    "GeoError",
    "Issue",
    "LayerError",
    "LayerNotFoundError",
    "SchemaError",
    "Severity",
    "StaleLayerError",
    "UnknownIdError",
    "escape",
    "mend",
    "refuse",
    "warn",
]

_INVISIBLE = frozenset(
    chr(code)
    for block in (
        (0x00, 0x20),
        (0x7F, 0xA0),
        (0x200B, 0x2010),
        (0x2028, 0x202F),
        (0x2066, 0x206A),
        (0xD800, 0xE000),
    )
    for code in range(*block)
) | {"\ufeff", "\u061c"}


def escape(text: str, limit: int = 120) -> str:
    r"""
    Return text that is safe to print: no control or bidirectional characters, not too long.

    Parameters
    ----------
    text
        Anything that came out of a file.
    limit
        Longest result in characters; what is cut off is replaced by an ellipsis.

    Returns
    -------
    text
        The same text with every invisible character as ``\uXXXX``.

    Examples
    --------
    >>> escape("a\u202eb")
    'a\\u202eb'
    """
    shown = "".join(f"\\u{ord(c):04x}" if c in _INVISIBLE else c for c in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Issue:
    """
    One finding about data: what is wrong, where, and what to do.

    Attributes
    ----------
    code
        Rule code, kebab-case words joined by dots, such as ``ring.unclosed``.
    severity
        ``error`` (the file gives no answer) or ``warning``.
    message
        What is wrong, in one sentence without the place.
    hint
        What to do about it; empty where the message says it.
    file
        Path as the user would type it, below the layers folder.
    line
        Line in the file, counted from 1; 0 where there is none.
    ids
        Ids of the features or rows concerned.
    where
        Longitude and latitude of the fault, where it has a place.
    fixable
        Whether ``frontline fmt`` repairs it.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    ids: tuple[str, ...] = ()
    where: tuple[float, float] | None = None
    fixable: bool = False

    def __str__(self) -> str:
        place = escape(self.file, 200)
        if self.line:
            place += f":{self.line}"
        shown = ", ".join(escape(i, 70) for i in self.ids[:_SHOWN_IDS])
        more = f" and {len(self.ids) - _SHOWN_IDS:,} more" if len(self.ids) > _SHOWN_IDS else ""
        about = f" [{shown}{more}]" if self.ids else ""
        at = f" at {self.where[0]:.6f}, {self.where[1]:.6f}" if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        prefix = f"{place}: " if place else ""
        message, hint = (_cut(text) for text in (self.message, hint))
        return f"{prefix}{self.severity}: {self.code}:{about} {message}{at}{hint}"


_SHOWN_IDS = 8
_SHOWN = 900
"""A finding is read on a screen; `ids` has all of them."""


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


class _Place(TypedDict, total=False):
    """What else a finding may say; see `Issue`."""

    file: str
    line: int
    ids: tuple[str, ...]
    where: tuple[float, float] | None


def refuse(
    code: str, message: str, hint: str = "", *, fixable: bool = False, **place: Unpack[_Place]
) -> Issue:
    """
    Return an error.

    Parameters
    ----------
    code, message, hint, fixable, **place
        As `Issue` has them.

    Returns
    -------
    issue
        The finding.
    """
    return Issue(code, "error", message, hint, fixable=fixable, **place)


def warn(code: str, message: str, hint: str = "", **place: Unpack[_Place]) -> Issue:
    """
    Return a warning.

    Parameters
    ----------
    code, message, hint, **place
        As `Issue` has them.

    Returns
    -------
    issue
        The finding.
    """
    return Issue(code, "warning", message, hint, **place)


def mend(code: str, message: str, hint: str = "", **place: Unpack[_Place]) -> Issue:
    """
    Return a warning of what has one reading and is put right.

    Parameters
    ----------
    code, message, hint, **place
        As `Issue` has them.

    Returns
    -------
    issue
        The finding.
    """
    return Issue(code, "warning", message, hint, fixable=True, **place)


class GeoError(Exception):
    """The base of every error that this package raises on purpose."""


class LayerError(GeoError):
    """
    A file of the layers folder gives no answer.

    Parameters
    ----------
    issues
        All findings, errors first; also the text of the exception.
    """

    def __init__(self, issues: Sequence[Issue] | str) -> None:
        self.issues: tuple[Issue, ...] = () if isinstance(issues, str) else tuple(issues)
        text = issues if isinstance(issues, str) else "\n".join(str(issue) for issue in issues)
        super().__init__(text)


class LayerNotFoundError(LayerError):
    """A file or folder that must be there is not."""


class SchemaError(LayerError):
    """A file holds faults; `issues` lists all of them."""


class StaleLayerError(LayerError):
    """A file changed on disk after it was read; nothing was written."""


class DateError(GeoError, ValueError):
    """A date that the layers cannot answer for, or text that is no date."""


class CRSError(GeoError, ValueError):
    """Coordinates that are not longitude and latitude in degrees."""


class CoverageError(GeoError, ValueError):
    """
    Patches of one layer overlap, leave a gap or reach outside the study area.

    Parameters
    ----------
    message
        What is wrong, which ids, where, what to do.
    issues
        The single faults, one an overlap or gap.
    """

    def __init__(self, message: str, issues: Sequence[Issue] = ()) -> None:
        super().__init__(message)
        self.issues: tuple[Issue, ...] = tuple(issues)


class UnknownIdError(GeoError, LookupError):
    """An id that no table of the theatre holds."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""
