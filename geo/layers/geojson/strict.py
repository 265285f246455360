"""Text of any layout, parsed with every fault named at its line."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from geo.errors import Issue, escape
from geo.layers import fields, files
from geo.layers.geojson.canonical import collector_off
from geo.layers.geojson.draft import Document
from geo.layers.geojson.root import check_root

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
        return None, [*issues, Issue("json.depth", "error", message, line=line)]
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
    message = f"{error.msg} at column {error.colno}"
    return Issue("json.syntax", "error", message, hint, line=error.lineno)


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
            issues.append(Issue("json.extra", "error", message, "delete it", line=line))
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
        return [Issue("root.notfc", "error", f"the file holds {what}", hint, line=1)]

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
            issues.append(Issue("json.nan", "error", f"{word} is not JSON", hint, line=line))
        elif _DIGITS.fullmatch(word) and (len(word) > 17 or abs(int(word)) > fields.MAX_INTEGER):
            message = f"the integer {escape(word, 30)} is beyond 2^53"
            hint = "other programs would change it; keep numbers of this size as text"
            issues.append(Issue("num.range", "error", message, hint, line=line))
    return issues


def _twice(key: str, first: int, line: int) -> Issue:
    message = f"the key {escape(key, 60)} is there twice, in lines {first} and {line}"
    return Issue("json.dupkey", "error", message, "keep one of the two", line=line)
