"""Text in XML."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Signs that XML 1.0 cannot hold, not even escaped; a file with one of them is not opened."""


def xml_text(value: object) -> str:
    """Return text for an element; what XML cannot hold is shown as the replacement character."""
    return escape(_NOT_XML.sub("\ufffd", str(value)))


def xml_attribute(value: object) -> str:
    """Return text for an attribute, in its quotes."""
    return quoteattr(_NOT_XML.sub("\ufffd", str(value)))
