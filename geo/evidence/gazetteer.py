"""
Names to places: find the place that a report means, however it spells the name.

A name is heard, not read. `parse_name` parts it into *name words*, turned into sounds (see
`romanize`), and *kind words* (bir, tall, airport, بئر), which say what the thing is and
are weighed as such. Two names are compared sound by sound: letters that transliterations mix
up (q, k, g; dh, z, d; th, s, t; sh, ch; kh, h) cost little, vowels and the signs for hamza and
ayn next to nothing, another consonant the full price. A score is 1 minus the price of the
differences over the weight of the longer name, less what disagreeing kind words cost.

Nothing is chosen silently. An answer is *found*, *ambiguous* where other places score as well,
or *not found* where no score reaches `MIN_SCORE`; it always lists the nearest candidates.

Plain lists stand behind it: `KINDS`, `SOFT_WORDS`, `MARKS`, `_PRICES`. Extend those.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

import pandas as pd
import shapely
from rapidfuzz import fuzz, process

from geo.crs import distance_km
from geo.errors import Issue, SchemaError, escape
from geo.evidence import romanize as _romanize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from geo.model import Feature

__all__ = [
    "KINDS",
    "MARKS",
    "MIN_SCORE",
    "SOFT_WORDS",
    "TIE",
    "Answer",
    "Candidate",
    "Entry",
    "Gazetteer",
    "Name",
    "Verdict",
    "is_kind_word",
    "key",
    "parse_name",
    "read_gazetteer",
]

Verdict = Literal["found", "ambiguous", "not_found"]

MIN_SCORE = 0.89
"""Below it a name is not found; see ``tests/benchmarks/names.py`` for what that lets through."""

TIE = 0.03
"""Places whose scores differ by no more than this bear the name equally well."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KINDS: dict[str, str] = {
    "well": "bir beir bier beer bi'r be'r bair ba'ar ber abar بئر بير آبار ابار ビイル | "
    "well wells",
    "hill": "tall tell tal tel تل تلة | hill 丘 / tulul tlul telul تلول | hills / sharat / "
    "jabal jebel djebel jabel gabal jibal mount جبل جبال | mountain mountains 山",
    "cairn": "rajm rujm rijm rjum ラジャム رجم رجوم",
    "ruin": "khirbat khirbet khirba khirbeh kherbet kherbat خربة خربه خرب",
    "valley": "wadi وادي | valley",
    "dam": "sadd sad سد | dam ダム",
    "airfield": "matar مطار | airport airbase airfield airstrip aerodrome",
    "post": "mukhayyam mu'askar مخيم معسكر قاعدة ثكنة | camp base garrison garrisons barracks / "
    "makhfar مخفر المخافر | outpost post posts / كتيبة سرية | battalion",
    "crossing": "ma'bar manfadh معبر منفذ | crossing crossings pass",
    "junction": "مفرق تقاطع | junction crossroad crossroads roundabout / hajiz حاجز | checkpoint / "
    "muthallath مثلث | triangle",
    "station": "mahatta mahattat محطة | station",
    "spring": "ain ayn ein عين نبع | spring springs",
    "bridge": "jisr jisir جسر | bridge",
    "farm": "mazra'a mazraat مزرعة مزارع | farm farms 農場",
    "castle": "qalaat qal'at qalat قلعة | castle fortress",
    "monastery": "deir dayr دير | monastery",
    "inn": "khan خان",
    "market": "suq souq souk سوق | market",
    "flat": "ard qa' qa'a qaa khabrat khibratan khubrat ghadir アルド أرض ارض قاع خبرة غدير",
    "region": "muhafazat muhafaza محافظة | governorate province countryside",
    "road": "tariq طريق | road highway motorway",
    "plant": "plant",
    "desert": "badia badiya badiyat بادية | desert dessert",
}
"""
What kind words say: words of one line mean the same kind of thing; a slash parts different words.

Arabic words stand before the bar and count at the head of a name only; English ones, behind it,
count anywhere.
"""

SOFT_WORDS = _words(
    "area areas region district village villages town city outskirts vicinity military thermal "
    "border fuel power volcano point part manteqa mintaqat baldat qaryat madinat "
    "منطقة قرية بلدة مدينة ناحية محيط عسكري العسكري"
)
"""Words that say so little of a place that their lack says nothing."""

_GLUE = frozenset({"the", "of", "and", "in"})

MARKS: dict[str, str] = {
    "north": "north northern shamali shamaliyah شمالي شمالية شمال",
    "south": "south southern janubi janubiyah qibli جنوبي جنوبية جنوب",
    "east": "east eastern sharqi sharqiyah شرقي شرقية شرق",
    "west": "west western gharbi gharbiyah غربي غربية غرب",
    "southeast": "southeast southeastern se",
    "northeast": "northeast northeastern ne",
    "southwest": "southwest southwestern sw",
    "northwest": "northwest northwestern nw",
    "great": "big great greater kabir kabirah kubra كبير كبيرة كبرى",
    "small": "small little lesser saghir saghirah sughra صغير صغيرة صغرى",
    "upper": "upper fawqani فوقاني عليا",
    "lower": "lower tahtani تحتاني سفلى",
}
"""Words that tell two places of one name apart."""

_BESIDE = _words("airfield post crossing junction station bridge farm road plant desert dam region")
"""Kinds of things that are called after a place beside them: Dumayr is not Dumayr airbase."""

_OF_PLACE_KIND: dict[str, frozenset[str]] = {
    "airbase": frozenset({"airfield", "post"}),
    "area": frozenset({"desert", "flat", "dam", "valley", "hill", "ruin", "farm", "plant", "road"}),
    "border post": frozenset({"post", "crossing"}),
    "camp": frozenset({"post"}),
    "city": frozenset(),
    "hill": frozenset({"hill", "cairn"}),
    "road junction": frozenset({"junction", "station", "post"}),
    "town": frozenset(),
    "village": frozenset({"ruin"}),
    "well": frozenset({"well"}),
}
"""Kind words that fit each `kind` of ``places.geojson``, where the name itself has none."""

_KIND_OTHER = 0.15
_KIND_ONE_SIDED = 0.05
_KIND_BESIDE = 0.12
_KIND_FITS = 0.01
_KIND_WORD = 0.04
_MARK_OTHER = 0.15
_MARK_ONE_SIDED = 0.12
_NUMBER_OTHER = 0.5
_NOT_LISTED = 0.35
_SHORTLIST = 60


def _table(lines: Mapping[str, str]) -> dict[str, tuple[str, int, bool]]:
    """From word, as words are compared, to its line, its part of it, and whether it must lead."""
    table = {}
    for group, line in lines.items():
        for number, part in enumerate(line.split("/")):
            heads, _, anywhere = part.partition("|")
            for word in (*heads.split(), *anywhere.split()):
                leads = word in heads.split()
                for plain in _romanize.words(word) or [word]:
                    table[plain] = (group, number, leads)
    return table


_KIND_OF = _table(KINDS)
_MARK_OF = _table(MARKS)

# --- prices of differences ------------------------------------------------------

_WEIGHTS = dict.fromkeys("aeiou?", 0.2) | {"'": 0.05, "h": 0.6, "w": 0.4, "y": 0.4}
"""What it costs to leave a sound out; 1 for every other."""

_PRICES = {
    "qk": 0.1,
    "qg": 0.1,
    "kg": 0.2,
    "gj": 0.2,
    "Gg": 0.1,
    "Gq": 0.3,
    "Gk": 0.3,
    "qj": 0.3,
    "Xh": 0.2,
    "Xk": 0.2,
    "Xq": 0.3,
    "GX": 0.4,
    "Xg": 0.5,
    "Tt": 0.1,
    "Ts": 0.15,
    "Dd": 0.1,
    "Dz": 0.1,
    "Zd": 0.05,
    "ZD": 0.05,
    "Zz": 0.05,
    "dz": 0.25,
    "dt": 0.5,
    "Td": 0.5,
    "TD": 0.3,
    "sz": 0.3,
    "Ss": 0.35,
    "Sj": 0.4,
    "ts": 0.5,
    "bp": 0.1,
    "fv": 0.1,
    "bv": 0.2,
    "mn": 0.6,
    "fh": 0.4,
    "lr": 0.5,
    "bf": 0.5,
    "q'": 0.5,
    "ae": 0.04,
    "ei": 0.04,
    "ai": 0.12,
    "ou": 0.03,
    "ao": 0.08,
    "au": 0.15,
    "eo": 0.12,
    "iu": 0.15,
    "io": 0.15,
    "eu": 0.12,
    "yi": 0.04,
    "ye": 0.06,
    "wu": 0.04,
    "wo": 0.05,
    "Rr": 0.03,
    "Rl": 0.03,
    "Fh": 0.05,
    "Ff": 0.05,
    "'a": 0.05,
    "'e": 0.08,
    "'i": 0.1,
    "'u": 0.1,
    "'y": 0.2,
    "'h": 0.3,
    "ya": 0.3,
    "wa": 0.3,
    **{f"?{vowel}": 0.02 for vowel in "aeiou'"},
    "wy": 0.4,
    "wv": 0.1,
    "wb": 0.6,
    "yj": 0.6,
}
_PRICE: dict[str, dict[str, float]] = {}
for _pair, _price in _PRICES.items():
    for _one, _two in (tuple(_pair), tuple(_pair[::-1])):
        _PRICE.setdefault(_one, {})[_two] = _price
"""What it costs to take one sound for another; all others cost as much as leaving out both."""

_UNWRITTEN = 0.03
"""A short vowel that Arabic script leaves unwritten, or that kana must add."""
_ACROSS = 0.1
"""Two scripts compare by consonants alone, which says less."""
_TRANSLATED = 0.92
"""The same kind words in two languages, where there is no other name."""
_PART = 0.8
"""A name that lacks a word of the other; below `MIN_SCORE`."""
_SWAPPED = 0.3
_NASALS = "mn"
_ASSIMILATED = 0.1
"""N before b is said m: Anbashi, Ambashi."""
_SPLIT = {"X": "kh", "S": "sh", "T": "th", "D": "dh", "G": "gh"}
_SPLIT_PRICE = 0.1
"""Two letters that happen to look like one sound: Mak-hul, Is-hiq."""

_BRACKETS_OFF = str.maketrans("()[]", "    ")
_KEY = str.maketrans("qgGXTDzZSpv", "kkkhsddd$bf", "aeiouwy'?")


@dataclass(frozen=True, slots=True)
class Name:
    """
    One reading of a name.

    Attributes
    ----------
    sounds
        The name words as sounds, without a gap.
    key
        The consonants of it, with those that transliterations mix up made one.
    parts
        The sounds word by word.
    kind_words
        Its kind words: the line of `KINDS`, and the part of the line.
    marks
        Lines of `MARKS`, and numbers.
    bare
        Whether there is no name word: the kind words, or the soft ones, are the name.
    vowels
        Whether its script writes short vowels.
    weight
        What it would cost to leave all its sounds out.
    """

    sounds: str
    key: str
    parts: tuple[str, ...]
    kind_words: frozenset[tuple[str, int]]
    marks: frozenset[str]
    bare: bool = False
    vowels: bool = True
    weight: float = 1.0

    @property
    def kinds(self) -> frozenset[str]:
        """
        Tell what the kind words say.

        Returns
        -------
        kinds
            Lines of `KINDS` that they stand on.
        """
        return frozenset(group for group, _ in self.kind_words)

    @property
    def numbers(self) -> frozenset[str]:
        """
        Tell which numbers the name holds.

        Returns
        -------
        numbers
            Those of the marks that are numbers.
        """
        return frozenset(mark for mark in self.marks if mark.isdigit())


def key(text: str) -> str:
    """
    Return what is left of a name when everything that transliterations vary is taken away.

    The article goes, sun letters with it; so do vowels, glides, hamza and ayn, case, accents,
    vowel signs, tatweel, doubled letters and the ta marbuta; kind words go unless nothing else
    is left. Then q, g, gh, k are one letter, kh and h, th and s, dh, z and d, sh and ch.

    Parameters
    ----------
    text
        A name in Latin, Arabic or kana letters.

    Returns
    -------
    key
        Consonants, ``$`` for sh. Names with one key may still be two names: it is for listing
        candidates, not for deciding.

    Examples
    --------
    >>> key("Beir Mahruthah") == key("Bi'r Mahroutha") == key("بئر محروثة")
    True
    >>> key("As-Suwayda"), key("Ash-Shaddadi")
    ('sd', '$d')
    """
    return parse_name(text).key


def is_kind_word(word: str) -> bool:
    """
    Tell whether a word says what a place is, not what it is called.

    Parameters
    ----------
    word
        One word, in any case.

    Returns
    -------
    is_kind_word
        Whether it stands in `KINDS` or `SOFT_WORDS`.

    Examples
    --------
    >>> is_kind_word("Tall"), is_kind_word("area"), is_kind_word("Tanf")
    (True, True, False)
    """
    plain = _romanize.plain(word)
    return plain in _KIND_OF or plain in SOFT_WORDS


@lru_cache(maxsize=65_536)
def parse_name(text: str) -> Name:
    """
    Part a name into what it is called and what it is.

    Parameters
    ----------
    text
        A name; what stands in brackets is left out, unless nothing else is there.

    Returns
    -------
    name
        Its first reading.

    Examples
    --------
    >>> parse_name("Al-Sein Military Airport").sounds
    'sayn'
    >>> sorted(parse_name("Eastern Qalamoun").marks)
    ['east']
    """
    outside = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", text)
    written = _romanize.words(_kana_kinds_apart(outside)) or _romanize.words(text)
    return _name(tuple(written), vowels=not _romanize.has_arabic(text))


def _kana_kinds_apart(text: str) -> str:
    return re.sub("丘|山|ダム|農場|・", r" \g<0> ", text)


def _name(written: tuple[str, ...], *, vowels: bool) -> Name:
    own: list[str] = []
    kinds: set[tuple[str, int]] = set()
    marks: set[str] = set()
    for word in written:
        group, part, leads = _KIND_OF.get(word, ("", 0, False))
        if group and not (leads and own):
            kinds.add((group, part))
        elif word in _MARK_OF:
            marks.add(_MARK_OF[word][0])
        elif word.isdigit():
            marks.add(word)
        elif word not in SOFT_WORDS and word not in _GLUE:
            own.append(word)
    for quarter in ("northeast", "northwest", "southeast", "southwest"):
        if {quarter[:5], quarter[5:]} <= marks:
            marks = marks - {quarter[:5], quarter[5:]} | {quarter}
    # Where the kind is the name, as in Triangle crossroads or Post 30, it is heard as one.
    parts = tuple(_romanize.sounds(word) for word in own or written)
    heard = re.sub(r"(.)\1+", r"\1", "".join(parts))
    skeleton = re.sub(r"(.)\1+", r"\1", heard.translate(_KEY))
    return Name(
        heard,
        skeleton or heard,
        parts,
        frozenset(kinds),
        frozenset(marks),
        not own,
        vowels,
        max(0.2, sum(_WEIGHTS.get(sound, 1.0) for sound in heard)),
    )


@lru_cache(maxsize=65_536)
def _readings(text: str) -> tuple[Name, ...]:
    """Every way to take a spelling: sides of a slash or an and, without brackets, article cut."""
    names = [parse_name(text)]
    for joint in ("/", " and "):
        sides = [parse_name(side) for side in text.split(joint)]
        if len(sides) == 2 and not any(side.bare and not side.numbers for side in sides):
            names = [*sides, *names]
    if "(" in text:
        names.append(parse_name(text.translate(_BRACKETS_OFF)))
    if not _romanize.has_arabic(text):
        names.append(parse_name(" ".join(map(_cut_article, _romanize.words(text)))))
    return tuple(dict.fromkeys(name for name in names if name.sounds))


def _cut_article(word: str) -> str:
    """Elhus, Alzawiyah, Assuwayda: the article written onto the name."""
    if word in _KIND_OF or word in SOFT_WORDS or len(word) < 5:
        return word
    if match := re.match(r"[ae](sh|th|dh|[dnrstz])(?=\1)", word):
        return word[match.end() :]
    return word[2:] if word.startswith(("al", "el")) else word


# --- comparing two names --------------------------------------------------------


def _drops(name: Name, *, unwritten: bool) -> list[float]:
    """The price of each sound of a name where the other name does not have it."""
    prices = [_WEIGHTS.get(sound, 1.0) for sound in name.sounds]
    for i in range(1, len(prices) - 1) if unwritten else ():
        if name.sounds[i] in "aeiou":
            prices[i] = _UNWRITTEN
    if unwritten and prices and name.sounds[-1] in "iou":
        prices[-1] = _UNWRITTEN if not name.vowels else prices[-1]
    return prices


def _distance(one: Name, two: Name) -> float:
    """The least price of turning one name's sounds into the other's."""
    a, b = one.sounds, two.sounds
    # A vowel within a name costs next to nothing where the other script cannot write it.
    unwritten = one.vowels != two.vowels
    drops_a, drops_b = _drops(one, unwritten=unwritten), _drops(two, unwritten=unwritten)
    before, last = [math.inf] * (len(b) + 1), list(accumulate(drops_b, initial=0.0))
    splits_b = [_SPLIT.get(y) for y in b]
    for i, (x, drop) in enumerate(zip(a, drops_a, strict=True)):
        prices, split, both = _PRICE.get(x, {}), _SPLIT.get(x), a[i - 1 : i + 1]
        left = last[0] + drop
        row = [left]
        for j, (y, drop_y) in enumerate(zip(b, drops_b, strict=True)):
            best = last[j] + (0.0 if x == y else prices.get(y, 2.0))
            if last[j + 1] + drop < best:
                best = last[j + 1] + drop
            if left + drop_y < best:
                best = left + drop_y
            if (
                x in _NASALS
                and y in _NASALS
                and x != y
                and "b" in (a[i + 1 : i + 2], b[j + 1 : j + 2])
            ):
                best = min(best, last[j] + _ASSIMILATED)
            if i and j and x == b[j - 1] and y == a[i - 1]:
                best = min(best, before[j - 1] + _SWAPPED)
            if split and j and split == b[j - 1 : j + 1]:
                best = min(best, last[j - 1] + _SPLIT_PRICE)
            if i and splits_b[j] == both:
                best = min(best, before[j] + _SPLIT_PRICE)
            row.append(best)
            left = best
        before, last = last, row
    return last[-1]


def _likeness(one: Name, two: Name) -> float:
    """How alike two names sound, 0 to 1, their kinds and marks aside."""
    if one.sounds == two.sounds:
        return 1.0
    if one.bare and two.bare and _within(one.kind_words, two.kind_words):
        return _TRANSLATED
    whole = max(one.weight, two.weight)
    across = _ACROSS if one.vowels != two.vowels else 0.0
    # The shorter a name, the less may differ.
    consonants = max(2, min(len(one.key), len(two.key)))
    share = (_distance(one, two) + across) / whole * (0.5 + 1.5 / consonants)
    return max(1.0 - share, _part_likeness(one, two), 0.0)


def _within(one: frozenset[tuple[str, int]], two: frozenset[tuple[str, int]]) -> bool:
    return bool(one and two) and (one <= two or two <= one)


def _part_likeness(one: Name, two: Name) -> float:
    """Where one name is part of the other: enough to be listed, too little to be found."""
    short, long = sorted((one, two), key=lambda name: len(name.parts))
    if len(short.parts) == len(long.parts) or short.bare:
        return 0.0
    if not set(_skeletons(short)) <= set(_skeletons(long)):
        return 0.0
    return _PART * (0.75 + 0.25 * short.weight / long.weight)


def _skeletons(name: Name) -> Iterator[str]:
    return (part.translate(_KEY) for part in name.parts)


def _one_sided(one: frozenset[str], two: frozenset[str], other: float, lacking: float) -> float:
    if one == two or (one & two and one and two):
        return 0.0
    return other if one and two else lacking


def _disagreement(asked: Name, form: Name, kind: str) -> tuple[float, str]:
    """What kind words and marks take off the score, and what to say of it."""
    lost, said = 0.0, []
    if asked.kinds - form.kinds and form.kinds - asked.kinds:
        lost += _KIND_OTHER
        said.append("another kind")
    elif asked.kinds != form.kinds:
        fits = not form.kinds and asked.kinds <= _OF_PLACE_KIND.get(kind, frozenset())
        beside = (asked.kinds ^ form.kinds) & _BESIDE
        lost += _KIND_FITS if fits else _KIND_BESIDE if beside else _KIND_ONE_SIDED
        said.append("kind word on one side only")
    elif asked.kind_words != form.kind_words:
        lost += _KIND_WORD
        said.append("another kind word")
    if asked.numbers != form.numbers:
        lost += _NUMBER_OTHER
        said.append("another number")
    elif asked.marks != form.marks:
        lost += _one_sided(asked.marks, form.marks, _MARK_OTHER, _MARK_ONE_SIDED)
        said.append("another quarter or size")
    return lost, ", ".join(said)


# --- the gazetteer --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One named thing.

    Attributes
    ----------
    id
        Identity in its table.
    name
        Name to show.
    spellings
        Every other spelling.
    lon, lat
        Position in degrees; None where never located.
    kind
        What it is.
    radius_m
        Error radius of the position, metres.
    origin
        The table that it comes from; empty for the project's own.
    """

    id: str
    name: str
    spellings: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    kind: str = ""
    radius_m: int | None = None
    origin: str = ""

    @classmethod
    def from_feature(cls, feature: Feature) -> Entry:
        """
        Return the entry of one place of ``places.geojson``.

        Parameters
        ----------
        feature
            As read.

        Returns
        -------
        entry
            With `name_ar` and `alternatenames` as spellings.
        """
        values = feature.properties
        lon, lat = _position(feature.geometry)
        others = [str(values.get("name_ar") or ""), *_split(values.get("alternatenames"))]
        radius = values.get("geo_radius_m")
        return cls(
            feature.id,
            str(values.get("name") or feature.id),
            tuple(other for other in others if other),
            lon,
            lat,
            str(values.get("kind") or ""),
            radius if isinstance(radius, int) else None,
        )


def _position(geometry: shapely.Geometry | None) -> tuple[float, float] | tuple[None, None]:
    at = [] if geometry is None else shapely.get_coordinates(geometry).tolist()
    return (at[0][0], at[0][1]) if len(at) == 1 else (None, None)


def _split(value: object) -> list[str]:
    return [part.strip() for part in str(value or "").split(";") if part.strip()]


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A place that may be meant.

    Attributes
    ----------
    entry
        The place.
    spelling
        Which of its spellings came nearest.
    score
        0 to 1.
    why
        What speaks against it, in words; empty for a spelling that it has.
    distance_km
        From the position asked near; None without one, or where the place is not located.
    """

    entry: Entry
    spelling: str
    score: float
    why: str = ""
    distance_km: float | None = None

    @property
    def id(self) -> str:
        """
        Tell the id of the place.

        Returns
        -------
        id
            The same as that of the entry.
        """
        return self.entry.id


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a gazetteer knows of a name.

    Attributes
    ----------
    name
        As asked.
    verdict
        ``found``: the first candidate is meant. ``ambiguous``: the `tied` ones bear the name
        equally well. ``not_found``: no candidate reaches the least score.
    candidates
        Best first; also those that do not reach it.
    tied
        How many of the first bear the name equally well; 0 where not found.
    reason
        The verdict in a sentence.
    """

    name: str
    verdict: Verdict
    candidates: tuple[Candidate, ...]
    tied: int
    reason: str

    @property
    def place(self) -> Entry | None:
        """
        Tell which place is meant.

        Returns
        -------
        place
            None unless found.
        """
        return self.candidates[0].entry if self.verdict == "found" else None

    @property
    def homonyms(self) -> tuple[Candidate, ...]:
        """
        List the other places that bear the name.

        Returns
        -------
        homonyms
            Those that tie with the first candidate.
        """
        return self.candidates[1 : self.tied]


@dataclass(slots=True)
class _Index:
    """Forms by key."""

    forms: dict[str, list[tuple[int, str, Name]]] = field(default_factory=dict)
    bare: list[tuple[int, str, Name]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def add(self, number: int, entry: Entry) -> None:
        for form in dict.fromkeys((entry.name, *entry.spellings)):
            for name in _readings(form):
                self.forms.setdefault(name.key, []).append((number, form, name))
                if name.bare:
                    self.bare.append((number, form, name))

    def near(self, asked: Name) -> Iterator[tuple[int, str, Name]]:
        """Forms that may be like the name, by their keys alone."""
        if asked.bare:
            yield from self.bare
        if not self.keys:
            self.keys = list(self.forms)
        listed = process.extract(
            asked.key,
            self.keys,
            scorer=fuzz.ratio,
            limit=_SHORTLIST,
            score_cutoff=30.0,
        )
        for name, _, _ in listed:
            yield from self.forms[name]


class Gazetteer:
    """
    A list of places that can be asked by name.

    Parameters
    ----------
    places
        Places of the project, as read or as entries.
    others
        Entries of further tables, such as `read_table` returns. Where one lies on a place of
        the project that bears its name, it is the same place and is left out.

    Examples
    --------
    >>> wells = Gazetteer([
    ...     Entry("bir_mahruthah", "Bir Mahruthah", lon=37.5808, lat=33.2230, kind="well"),
    ...     Entry("bir_mahrutha_qalamun", "Bir Mahrutha", lon=36.95, lat=34.0133, kind="well"),
    ... ])
    >>> wells.find("Beir Mahroutha").verdict
    'ambiguous'
    >>> answer = wells.find("Beir Mahroutha", near=(37.4, 33.1))
    >>> answer.place.id, [round(other.distance_km) for other in answer.homonyms]
    ('bir_mahruthah', [110])
    >>> wells.find("Kafr Zayta").verdict
    'not_found'
    """

    def __init__(self, places: Iterable[Entry | Feature], others: Iterable[Entry] = ()) -> None:
        own = [p if isinstance(p, Entry) else Entry.from_feature(p) for p in places]
        self.entries: tuple[Entry, ...] = (*own, *others)
        self._index = _Index()
        for number, entry in enumerate(self.entries):
            self._index.add(number, entry)

    def find(
        self,
        name: str,
        *,
        near: tuple[float, float] | None = None,
        limit: int = 5,
        min_score: float = MIN_SCORE,
    ) -> Answer:
        """
        Return the places that a name may mean.

        Parameters
        ----------
        name
            In Latin, Arabic or kana letters.
        near
            Longitude and latitude of what the name stands near. It decides between places
            that bear the name equally well, where one is far nearer than all others (a third
            of their distance, and 10 km less); it never makes a bad match better.
        limit
            How many candidates to list; all that tie are listed.
        min_score
            Least score of a match.

        Returns
        -------
        answer
            Verdict and candidates, best first; the project's own places before others, then
            by distance, then by id.
        """
        listed = self._candidates(name, near)
        if not listed or listed[0].score < min_score:
            return Answer(name, "not_found", tuple(listed[:limit]), 0, _not_found(name, listed))
        best = listed[0].score
        tied = [c for c in listed if c.score >= max(best - TIE, min_score)]
        tied.sort(key=_order)
        chosen = set(map(id, tied))
        rest = [c for c in listed if id(c) not in chosen]
        shown = (*tied, *rest[: max(0, limit - len(tied))])
        verdict: Verdict = "found" if _decided(tied) else "ambiguous"
        return Answer(name, verdict, shown, len(tied), _reason(name, verdict, tied))

    def knows(self, name: str) -> bool:
        """
        Tell whether some spelling has the key of a name: a cheap first question.

        Parameters
        ----------
        name
            In Latin, Arabic or kana letters.

        Returns
        -------
        knows
            Whether it is worth to ask `find`.
        """
        return any(asked.key in self._index.forms for asked in _readings(name))

    def _candidates(self, name: str, near: tuple[float, float] | None) -> list[Candidate]:
        """Every entry that is at all like the name, by its best form, best first."""
        best: dict[int, Candidate] = {}
        for asked in _readings(name):
            for number, form, parsed in self._index.near(asked):
                entry = self.entries[number]
                lost, said = _disagreement(asked, parsed, entry.kind)
                if 1.0 - lost <= best[number].score if number in best else False:
                    continue
                likeness = _likeness(asked, parsed)
                score = max(0.0, likeness - lost)
                if number not in best or score > best[number].score:
                    why = ", ".join(filter(None, [_heard(asked, parsed), said]))
                    best[number] = Candidate(entry, form, round(score, 3), why)
        ranked = [c for c in best.values() if c.score >= _NOT_LISTED]
        if near is not None:
            ranked = [replace(c, distance_km=_from(near, c.entry)) for c in ranked]
        ranked = _without_doubles(sorted(ranked, key=lambda c: (-c.score, *_order(c))))
        return ranked


def _heard(asked: Name, form: Name) -> str:
    if asked.sounds == form.sounds:
        return ""
    return f"heard as {asked.sounds}, not {form.sounds}"


def _order(candidate: Candidate) -> tuple[bool, float, float, str]:
    """Own places first, then the nearer, then the better, then by id."""
    away = candidate.distance_km
    return (
        bool(candidate.entry.origin),
        float("inf") if away is None else away,
        -candidate.score,
        candidate.id,
    )


def _from(near: tuple[float, float], entry: Entry) -> float | None:
    if entry.lon is None or entry.lat is None:
        return None
    return round(float(distance_km(*near, entry.lon, entry.lat)), 1)


def _decided(tied: Sequence[Candidate]) -> bool:
    """Whether the first of those that tie is meant: it is alone, or far nearer than the others."""
    if len(tied) == 1:
        return True
    first, *others = (c.distance_km for c in tied)
    return first is not None and all(
        other is not None and other >= 3 * first and other >= first + 10 for other in others
    )


def _without_doubles(ranked: list[Candidate]) -> list[Candidate]:
    """Leave out entries of other tables that lie on a place of the project of that name."""
    own = [c for c in ranked if not c.entry.origin]
    return [c for c in ranked if not c.entry.origin or not any(_same(c, o) for o in own)]


def _same(other: Candidate, own: Candidate) -> bool:
    a, b = other.entry, own.entry
    if None in (a.lon, a.lat, b.lon, b.lat) or own.score < MIN_SCORE:
        return False
    reach = 2.0 + (b.radius_m or 0) / 1000
    return float(distance_km(a.lon or 0, a.lat or 0, b.lon or 0, b.lat or 0)) <= reach


def _named(candidate: Candidate) -> str:
    away = "" if candidate.distance_km is None else f", {candidate.distance_km:g} km away"
    return f"{candidate.id} ({escape(candidate.entry.name)}{away})"


def _not_found(name: str, listed: Sequence[Candidate]) -> str:
    shown = escape(name)
    if not listed:
        return f"no place is called {shown}, and none is like it"
    best = listed[0]
    return f"no place is called {shown}; the nearest name is {best.id}, score {best.score:.2f}"


def _reason(name: str, verdict: Verdict, tied: Sequence[Candidate]) -> str:
    shown = escape(name)
    if len(tied) == 1:
        return f"{shown} is {_named(tied[0])}"
    everyone = "; ".join(map(_named, tied))
    if verdict == "found":
        return (
            f"{shown} is {_named(tied[0])}, the nearest of {len(tied)} places that bear the name; "
            f"not {'; '.join(map(_named, tied[1:]))}"
        )
    return f"{len(tied)} places bear the name {shown}: {everyone}"


# --- tables of others ------------------------------------------------------------

_GEONAMES = (
    *("geonameid", "name", "asciiname", "alternatenames", "latitude", "longitude"),
    *("feature_class", "feature_code", "country_code", "cc2", "admin1", "admin2", "admin3"),
    *("admin4", "population", "elevation", "dem", "timezone", "modified"),
)

_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "geonameid", "pcode", "admin4pcode", "adm4_pcode", "osm_id", "code"),
    "name": ("name", "name_en", "admin4name_en", "adm4_en", "name_primary", "placename"),
    "others": (
        *("asciiname", "alternatenames", "alternates", "alternate_names", "names_alternate"),
        *("name_ar", "name_ara", "nam_en_ref", "admin4name_ar", "admin4refname_en", "adm4_ar"),
        *("adm4_ref", "name_alt", "aliases"),
    ),
    "lon": ("lon", "longitude", "lng", "long", "x", "point_x", "longitude_x"),
    "lat": ("lat", "latitude", "y", "point_y", "latitude_y"),
    "kind": ("kind", "type", "feature_code", "fclass", "place"),
}
"""Which column of a table is what; first come, first served, case aside."""


def read_gazetteer(data: bytes, *, file: str) -> tuple[Entry, ...]:
    """
    Return the places of a table of somebody else's.

    Parameters
    ----------
    data
        Either the table of GeoNames (tab-separated, 19 columns, no header) or a CSV in UTF-8
        with a header: a name, longitude, latitude, and, where it has them, an id, other
        spellings (joined by ``;`` or ``,``), an Arabic name, a kind.
    file
        What to call it in messages and as `Entry.origin`.

    Returns
    -------
    entries
        In the order of the table; ids are prefixed with the file's stem.

    Raises
    ------
    SchemaError
        If it is no such table, or a position is no longitude and latitude.
    """
    frame = _frame(data, file)
    columns = {
        part: [c for wanted in names for c in frame.columns if c.casefold().strip() == wanted]
        for part, names in _COLUMNS.items()
    }
    missing = [part for part in ("name", "lon", "lat") if not columns[part]]
    if missing:
        raise SchemaError([_fault(file, 1, f"there is no column for {', '.join(missing)}")])
    stem = re.sub("[^a-z0-9]+", "-", file.rsplit("/", 1)[-1].rsplit(".", 1)[0].casefold())
    entries, faults = [], []
    for number, record in enumerate(frame.to_dict("records"), 1):
        row = {str(column): str(value) for column, value in record.items()}
        line = number + (0 if "cc2" in frame.columns else 1)
        entry = _entry(row, columns, stem, line)
        if isinstance(entry, str):
            faults.append(_fault(file, line, entry))
        else:
            entries.append(entry)
    if faults:
        raise SchemaError(faults)
    return tuple(entries)


def _frame(data: bytes, file: str) -> pd.DataFrame:
    first = data[:4096].split(b"\n", 1)[0]
    geonames = first.count(b"\t") == len(_GEONAMES) - 1 and first.split(b"\t")[0].isdigit()
    try:
        return pd.read_csv(
            io.BytesIO(data),
            sep="\t" if first.count(b"\t") > first.count(b",") else ",",
            names=list(_GEONAMES) if geonames else None,
            quoting=3 if geonames else 0,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise SchemaError([_fault(file, 0, f"it is no table in UTF-8: {error}")]) from error


def _entry(
    row: Mapping[str, str], columns: Mapping[str, Sequence[str]], stem: str, line: int
) -> Entry | str:
    name = row[columns["name"][0]].strip()
    if not name:
        return "the name is empty"
    place = row[columns["lon"][0]].strip(), row[columns["lat"][0]].strip()
    try:
        lon, lat = (float(text) for text in place) if all(place) else (None, None)
    except ValueError:
        return f"the position {place[0]!r}, {place[1]!r} is no pair of numbers"
    if lon is not None and lat is not None and not (abs(lon) <= 180 and abs(lat) <= 90):
        return f"the position {lon:g}, {lat:g} is no longitude and latitude in degrees"
    others = [
        part.strip()
        for column in columns["others"]
        for part in re.split("[;,]", row[column])
        if part.strip() and part.strip() != name
    ]
    known = row[columns["id"][0]].strip() if columns["id"] else str(line)
    kind = row[columns["kind"][0]].strip() if columns["kind"] else ""
    return Entry(f"{stem}:{known}", name, tuple(others), lon, lat, kind, origin=stem)


def _fault(file: str, line: int, message: str) -> Issue:
    hint = "give a CSV with the columns name, lon, lat, or the table of GeoNames"
    return Issue("gazetteer.table", "error", message, hint, file, line)
