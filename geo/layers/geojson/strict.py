"""Text of any layout, parsed with every fault named at its line, the collection's own too."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np

from geo.errors import Issue, escape, mend, refuse, warn
from geo.layers import fields, files, shapes
from geo.layers.geojson.canonical import DERIVED, Document, collector_off, type_of

MAX_DEPTH = 32
"""Deeper nesting is refused before any parser sees it."""

_ENOUGH = 100
_DIGITS = re.compile(r"-?[0-9]+")
_SPACE = re.compile(r"[ \t\r\n]*")
_COLON = re.compile(r"[ \t\r\n]*:")
_TOKEN = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]|-?(?:Infinity|NaN)|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?',
    re.DOTALL,
)


def parse_strict(data: bytes) -> tuple[Document | None, list[Issue]]:
    """Parse JSON with all its faults named; None and the errors where it cannot be used."""
    text, issues = files.decode_text(data, kind="json")
    if not text:
        return None, issues
    if (line := _too_deep(data)) is not None:
        message = f"lists and objects are nested deeper than {MAX_DEPTH}"
        return None, [*issues, refuse("json.depth", message, line=line)]
    decoder = _Decoder(text)
    try:
        with collector_off():
            document, found = decoder.collection()
    except json.JSONDecodeError as error:
        return None, [*issues, _syntax(error)]
    issues += found
    if decoder.is_suspect:
        return None, issues + _explained(text)
    return document, issues


def _syntax(error: json.JSONDecodeError) -> Issue:
    """The finding for text that is no JSON."""
    rest = error.doc[error.pos :].strip()
    if not rest or error.msg.startswith("Unterminated string"):
        hint = "it looks cut off; git has the last good version"
    else:
        hint = "see what stands there, and before it"
    return refuse("json.syntax", f"{error.msg} at column {error.colno}", hint, line=error.lineno)


def _too_deep(data: bytes) -> int | None:
    """The line on which nesting passes the limit, in bytes that need not be JSON."""
    # As far as the text is well formed, what is between quotes is told apart as a parser would;
    # what comes after a fault is never parsed.
    plain = data.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
    codes = np.frombuffer(plain, dtype=np.uint8)
    step = _STEPS[codes]
    at = np.flatnonzero(step)
    step = step[at]
    outside = np.cumsum(step == _QUOTE) % 2 == 0
    depth = np.cumsum(np.where(outside & (step != _QUOTE), step, 0), dtype=np.int64)
    deep = np.flatnonzero(depth > MAX_DEPTH)
    if not deep.size:
        return None
    return data.count(b"\n", 0, int(at[deep[0]])) + 1


_QUOTE = 2
_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[[ord("["), ord("{")]] = 1
_STEPS[[ord("]"), ord("}")]] = -1
_STEPS[ord('"')] = _QUOTE


class _Decoder:
    """Parses a collection one feature at a time, so that each has its line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_suspect = False
        self._decode = json.JSONDecoder(
            object_pairs_hook=self._object, parse_constant=self._constant, parse_int=self._int
        ).raw_decode
        self._counted = (0, 1)

    def collection(self) -> tuple[Document | None, list[Issue]]:
        """Parse the whole text; None and the reason if it is no collection."""
        start = self._skip(0)
        if self.text[start] != "{":
            value, end = self._decode(self.text, start)
            return None, self._not_collection(value, self._skip(end))
        document = Document([], [])
        end = self._members(start + 1, document)
        issues = check_root(document.members)
        if end < len(self.text):
            line = self.text.count("\n", 0, end) + 1
            message = "there is more text after the end of the collection"
            issues.append(refuse("json.extra", message, "delete it", line=line))
        is_other = any(i.code in {"root.notfc", "root.type", "root.features"} for i in issues)
        return (None if is_other else document), issues

    def _members(self, at: int, document: Document) -> int:
        """Parse the members of the root; return where the text goes on behind them."""
        at = self._skip(at)
        if self.text.startswith("}", at):
            return self._skip(at + 1)
        while True:
            self._require(at, '"', "Expecting property name enclosed in double quotes")
            key, at = self._decode(self.text, at)
            at = self._skip(at)
            self._require(at, ":", "Expecting ':' delimiter")
            at = self._skip(at + 1)
            if key in document.members:
                self.is_suspect = True
            if key == "features" and self.text.startswith("[", at):
                at = self._features(at + 1, document)
                document.members[key] = document.features
            else:
                document.members[key], at = self._decode(self.text, at)
            at = self._skip(at)
            if self.text.startswith("}", at):
                return self._skip(at + 1)
            self._require(at, ",", "Expecting ',' delimiter")
            at = self._skip(at + 1)

    def _features(self, at: int, document: Document) -> int:
        """Parse the items of the list of features; return the place behind it."""
        at = self._skip(at)
        if self.text.startswith("]", at):
            return at + 1
        while True:
            document.lines.append(self._line(at))
            feature, at = self._decode(self.text, at)
            document.features.append(feature)
            at = self._skip(at)
            if self.text.startswith("]", at):
                return at + 1
            self._require(at, ",", "Expecting ',' delimiter")
            at = self._skip(at + 1)

    def _not_collection(self, value: object, end: int) -> list[Issue]:
        hint = "the file must hold one FeatureCollection"
        if end < len(self.text):
            raise json.JSONDecodeError("Extra data", self.text, end)
        what = "a list" if isinstance(value, list) else "a single value"
        return [refuse("root.notfc", f"the file holds {what}", hint, line=1)]

    def _require(self, at: int, character: str, message: str) -> None:
        if not self.text.startswith(character, at):
            raise json.JSONDecodeError(message, self.text, at)

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _line(self, at: int) -> int:
        place, line = self._counted
        self._counted = (at, line + self.text.count("\n", place, at))
        return self._counted[1]

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            self.is_suspect = True
        return members

    def _constant(self, _: str) -> float:
        self.is_suspect = True
        return 0.0

    def _int(self, digits: str) -> int:
        if len(digits) > 17 or abs(int(digits)) > fields.MAX_INTEGER:
            self.is_suspect = True
            return 0
        return int(digits)


def _explained(text: str) -> list[Issue]:
    """Name what a parser would pass over: keys that come twice, NaN, integers too large."""
    issues: list[Issue] = []
    stack: list[dict[str, int] | None] = []
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        if len(issues) == _ENOUGH:
            break
        word, start = token[0], token.start()
        line, counted = line + text.count("\n", counted, start), start
        if word in "{[":
            stack.append({} if word == "{" else None)
        elif word in "}]":
            stack.pop()
        elif word[0] == '"':
            keys = stack[-1] if stack else None
            if keys is not None and _COLON.match(text, token.end()):
                key = json.loads(word)
                if key in keys:
                    issues.append(_twice(key, keys[key], line))
                keys.setdefault(key, line)
        elif word[-1] in "yN":
            hint = "write null, or leave the key out"
            issues.append(refuse("json.nan", f"{word} is not JSON", hint, line=line))
        elif _DIGITS.fullmatch(word) and (len(word) > 17 or abs(int(word)) > fields.MAX_INTEGER):
            message = f"the integer {escape(word, 30)} is beyond 2^53"
            hint = "other programs would change it; keep numbers of this size as text"
            issues.append(refuse("num.range", message, hint, line=line))
    return issues


def _twice(key: str, first: int, line: int) -> Issue:
    message = f"the key {escape(key, 60)} is there twice, in lines {first} and {line}"
    return refuse("json.dupkey", message, "keep one of the two", line=line)


_CRS84 = frozenset(
    {
        *("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84"),
        *("urn:ogc:def:crs:EPSG::4326", "EPSG:4326"),
    }
)
_OTHERS = frozenset({"coordinates", "features", "geometries", "geometry", "properties"})
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_root(members: dict[str, Any]) -> list[Issue]:
    """Find what is wrong with the collection itself; it is used only if it is one."""
    kind = type_of(members)
    if kind != "FeatureCollection":
        other = kind in shapes.KINDS or kind in {"Feature", "GeometryCollection", "Topology"}
        if other or members.keys() & {"geometryType", "spatialReference", "arcs"}:
            what = f"a {kind}" if other else "made for another program"
            hint = "the file must hold one FeatureCollection; convert it first"
            return [refuse("root.notfc", f"the file is {what}", hint, line=1)]
        hint = 'it must be "FeatureCollection", in this spelling'
        return [refuse("root.type", "the type of the file is not FeatureCollection", hint, line=1)]
    if not isinstance(members.get("features"), list):
        return [refuse("root.features", "there is no list of features", line=1)]
    issues = []
    for key, value in members.items():
        if key in {"type", "features"}:
            continue
        shown = escape(key, 60)
        if key in DERIVED:
            message = f"the member {shown} was added by a program"
            issues.append(mend("root.artefact", message, line=1))
        elif key == "crs":
            issues.append(_check_crs(value))
        elif key in _OTHERS or not _is_writable([key, value]):
            message = f"a collection cannot have the member {shown}"
            issues.append(refuse("root.member", message, "delete it", line=1))
        else:
            message = f"the member {shown} will be lost in other programs"
            hint = "facts about a layer belong in the tables"
            issues.append(warn("root.foreign", message, hint, line=1))
    return issues


def _check_crs(value: Any) -> Issue:
    """Tell a statement of what is true anyway from a real other system."""
    try:
        name = value["properties"]["name"] if value["type"] == "name" else None
    except (TypeError, KeyError):
        name = None
    if isinstance(name, str) and name in _CRS84:
        return mend("root.crs84", "the member crs says what is always true", line=1)
    hint = "export the layer again as longitude, latitude on WGS 84 (EPSG:4326)"
    message = "the member crs names another coordinate system, or none"
    return refuse("root.crs", message, hint, line=1)


def _is_writable(value: Any) -> bool:
    """Whether it holds no infinite number and no half character."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return all(_is_writable(item) for item in value)
    if isinstance(value, str):
        return not _SURROGATE.search(value)
    return not isinstance(value, float) or math.isfinite(value)
