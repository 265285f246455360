"""
From a report to drafts of events: what was named, when, and what is said to have happened.

`read_report` marks four kinds of mentions in a text: places (asked of the gazetteer), actors
(names of ``actors.csv`` and words for whole sides), times (`dates`) and cues, the words
for what happened. A sentence that has a cue yields a draft for each place that the cue speaks
of. A draft is a feature of ``events`` with further properties that begin with ``draft_``.

Nothing is guessed. A name that bears on no place, or on more than one, stays open: the column
is empty and `draft_open` names it. `accept` lets no draft with an open column through.

What it knows of language are tables: `CUES`, `UNREAL`, `HEDGES`, `SIDE_WORDS`,
`SMALL_WORDS`, the rules of `geo.evidence.dates` and the kind words of `geo.evidence.gazetteer`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Literal

import shapely

from geo.errors import Issue, escape
from geo.evidence import romanize as _romanize
from geo.evidence.dates import When, find_dates
from geo.evidence.gazetteer import MIN_SCORE, Answer, Entry, Gazetteer, is_kind_word
from geo.model import EVENTS, Column, Feature, Row, Schema, Value

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "CUES",
    "DRAFTS",
    "FORCE_WORDS",
    "HEDGES",
    "SIDE_WORDS",
    "SMALL_WORDS",
    "UNREAL",
    "Accepted",
    "Cue",
    "Mention",
    "Review",
    "accept_drafts",
    "read_report",
]

MentionKind = Literal["place", "actor", "date", "cue", "name"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- tables -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cue:
    """
    Words that say what happened, and the event that they make.

    Attributes
    ----------
    code
        What it is called in a review.
    event_type, sub_event_type
        ACLED's; an empty sub-type is settled by who acted.
    english, arabic
        Regular expressions of whole words.
    """

    code: str
    event_type: str
    sub_event_type: str
    english: str
    arabic: str


_BATTLES, _REMOTE, _STRATEGIC = "Battles", "Explosions/Remote violence", "Strategic developments"

CUES: tuple[Cue, ...] = (
    Cue(
        "weapons withdrawn",
        _STRATEGIC,
        "Other",
        r"(?:pull(?:ed|s|ing)?|took back|taken back|withdr[ae]w\w*|collect(?:ed|s|ing)?)"
        r"(?: \w+){0,4} (?:weapons|arms|weaponry)",
        r"سحب\w* (?:\w+ )?(?:ال)?(?:سلاح|أسلحة|اسلحة)",
    ),
    Cue(
        "control taken",
        _BATTLES,
        "",
        r"(?:t[ao]k(?:e|es|en|ing)|took|gain(?:ed|s|ing)?|regain(?:ed|s|ing)?|seiz(?:ed|es|ing)|"
        r"assum(?:ed|ing)|establish(?:ed|ing)) (?:(?:the|full|complete|back) )?control|"
        r"(?:re)?captur(?:e|ed|es|ing)|overr[au]n|retook|retak(?:e|es|en|ing)|"
        r"seiz(?:e|ed|es|ing)|fell to|liberat(?:e|ed|es|ing)",
        r"(?:سيطر|استعاد|انتزع|حرر|يسيطر|تسيطر)\w*|السيطرة على|سيطرته\w* على|استعادة",
    ),
    Cue(
        "withdrawal",
        _STRATEGIC,
        "Non-violent transfer of territory",
        r"withdr[ae]w(?:s|n|al|als|ing)?|pull(?:ed|s|ing)? (?:back|out)|retreat(?:ed|s|ing)?|"
        r"hand(?:ed|s|ing)? over|evacuat(?:ed|es|ing|ion)",
        r"(?:انسحب|انسحاب|تراجع|ينسحب|تنسحب|أخلى|إخلاء)\w*|(?:ال)?انسحاب\w*",
    ),
    Cue(
        "air strike",
        _REMOTE,
        "Air/drone strike",
        r"air ?strikes?|air[ -]raids?|warplanes?|barrel bombs?|drone strikes?",
        r"(?:ال)?(?:غارة|غارات|طائرات|طيران)\w*|غاراته\w*",
    ),
    Cue(
        "shelling",
        _REMOTE,
        "Shelling/artillery/missile attack",
        r"shell(?:ed|s|ing|ings)?|bombard(?:ed|s|ing|ment|ments)?|artillery|mortars?|rockets?|"
        r"missiles?",
        r"(?:ال)?(?:قصف|قذائف|قذيفة|صواريخ|صاروخ|مدفعية)\w*|(?:قصفت|يقصف|تقصف)\w*",
    ),
    Cue(
        "mine or bomb",
        _REMOTE,
        "Remote explosive/landmine/IED",
        r"land ?mines?|IEDs?|explosive devices?|roadside bombs?|car bombs?",
        r"(?:ال)?(?:لغم|ألغام|الغام|عبوة|عبوات|مفخخة|مفخخات)\w*",
    ),
    Cue(
        "siege",
        _STRATEGIC,
        "Other",
        r"besieg(?:e|ed|es|ing)|encircl(?:e|ed|es|ing|ement)|surround(?:ed|s|ing)|cut(?:ting)? off",
        r"(?:ال)?(?:حصار|محاصرة)\w*|(?:حاصر|يحاصر|تحاصر)\w*|(?:ال)?تطويق",
    ),
    Cue(
        "agreement",
        _STRATEGIC,
        "Agreement",
        r"cease-?fires?|truces?|agreements?|agreed|de-?escalation|reconciliation",
        r"(?:ال)?(?:هدنة|اتفاق|مصالحة)\w*|وقف إطلاق النار",
    ),
    Cue(
        "clashes",
        _BATTLES,
        "Armed clash",
        r"clash(?:ed|es|ing)?|fight(?:s|ing)?|fought|battles?|attack(?:ed|s|ing)?|assault(?:ed|s)?|"
        r"storm(?:ed|ing)|offensive|counter-?attack(?:ed|s)?|ambush(?:ed|es)?|advanc(?:e|ed|es|ing)",
        r"(?:ال)?(?:اشتباك|معارك|معركة|هجوم|كمين|هجمات|تقدم)\w*|(?:اشتبك|هاجم|تهاجم|يهاجم)\w*",
    ),
    Cue(
        "held",
        _STRATEGIC,
        "Other",
        r"(?:under|in) (?:the |its |their |full )?control(?: of)?|controlled by|held by|"
        r"in the hands of",
        r"تحت سيطرة|خاضع\w* لسيطرة|بيد",
    ),
    Cue(
        "statement",
        _STRATEGIC,
        "Other",
        r"stat(?:ed|ement|ements)|announc(?:ed|es|ement)|declar(?:ed|es|ation)|said|says|told|"
        r"confirm(?:ed|s)|claim(?:ed|s)|den(?:ied|ies)|accus(?:ed|es)",
        r"(?:أعلن|اعلن|صرح|قال|أكد|اكد|نفى|اتهم)\w*|(?:ال)?بيان\w*|(?:ال)?تصريح\w*",
    ),
)
"""
What a report may say that happened.

Of cues that begin at one word the first counts. Words of sources stand here as sources use them.
"""

UNREAL = (
    r"if|could|would|may|might|unless|trying|tries|try|tried|attempt\w*|seeks?|seeking|aims?|"
    r"aiming|plans?|planned|planning|intends?|in order|not|never|failed|without|repel\w*|denied|"
    r"لو|إذا|اذا|ربما|قد|محاولة|يحاول|تحاول|بهدف|تسعى|يسعى|لم|لن|فشل\w*|صد\w*|نفى"
)
"""Words before a cue that make it something that did not, or need not, happen."""

HEDGES = (
    r"claim\w*|reported(?:ly)?|alleg\w*|unconfirmed|rumou?r\w*|according to|"
    r"زعم\w*|أنباء|انباء|غير مؤكد\w*|بحسب|وفق"
)
"""Words anywhere in a sentence that make what it says less sure."""

SIDE_WORDS: dict[str, str] = {
    "government": r"(?:regime|government|pro-?government|loyalist|army) (?:forces|troops|side)|"
    r"regime|(?:ال)?نظام|قوات الحكومة|القوات الحكومية|الجيش السوري",
    "opposition": r"(?:(?:opposition|rebel|islamic and rebel|fsa) )?factions?|rebels?|rebel "
    r"(?:forces|fighters|groups)|opposition(?: (?:forces|fighters|groups|factions))?|"
    r"(?:ال)?فصائل|المعارضة|الثوار|الجيش الحر",
    "is": r"islamic state(?: organization)?|isis|isil|daesh|تنظيم الدولة|داعش",
    "us-coalition": r"(?:us-led |international )?coalition|التحالف",
}
"""Words for a whole side; used where ``actors.csv`` has a row of that id."""

FORCE_WORDS = _words(
    "jaysh jaish jeish liwa liwaa harakat kata'ib kataib katibat firqat quwat tajammu forces force "
    "army brigade brigades battalion battalions division movement group groups fighters of the and "
    "martyr جيش لواء قوات كتائب كتيبة فرقة حركة تجمع الشهيد"
)
"""Words that a name of an armed group is often written without."""

SMALL_WORDS = _words(
    "a about after again against all also although amid among an and another around as at "
    "because been before behind being between both but by city correspondents days despite down "
    "during each earlier east eastern either elsewhere even every few fighters following for "
    "forces from further groups had has have he heavy her here his how however i in inside intense "
    "into is it its later local many meanwhile more most mr mrs near new news no north northern "
    "nor not now of off on one only onto or other our out outside over reliable report reports "
    "residents same several she since so some sources south southern still such than that the "
    "their them then there these they this those three through throughout to today tonight too "
    "towards toward two under until up upon violent was we were west western what when where "
    "which while who will with within without yesterday you dr general colonel captain major "
    "syria syrian syrians arab arabs english arabic twitter telegram facebook n s e w ne nw se sw "
    "january february march april june july august september october november december monday "
    "tuesday wednesday thursday friday saturday sunday"
)
"""Words that are no names although they begin with a capital, at the head of a sentence or not."""

_LOCATIVE = re.compile(
    r"(?:\b(?:in|near|at|from|to|towards?|around|of|between|into|reached?|entered|captured|"
    r"outside|inside|on)|,|\band)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_QUARTER = r"(?:(?:north|south)[- ]?(?:east|west)|north|south|east|west)(?:ern)?|[NS][EW]|[NSEW]"
_OF_QUARTER = re.compile(
    rf"\b(?P<quarter>{_QUARTER})\s+(?P<of>(?:part |side )?(?:of|from)\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
_NEARBY = re.compile(
    rf"\b(?:near|close to|around|outskirts of|vicinity of|towards?|(?:{_QUARTER})"
    r"(?: part| side)? (?:of|from)|قرب|محيط|شمال|جنوب|شرق|غرب)"
    r"\s+(?:the\s+|city of\s+|area of\s+)?$",
    re.IGNORECASE,
)
_AREA = re.compile(
    r"\b(?:areas?|region|outskirts|vicinity|desert|countryside|منطقة|محيط|بادية)\b", re.IGNORECASE
)
_BY = re.compile(r"\bby\s+(?:the\s+)?$", re.IGNORECASE)

_TOKEN = re.compile(r"[^\W_]+(?:['’‘ʼʿʾ`-]+[^\W_]+)*['’‘ʼʿʾ]?|[’‘ʿʾ][^\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?؟…])[\"'”’)\]]*\s+|\n+")
_PARTICLES = _words("al el ad ar as ash at az an ez es bin ibn abu umm um of wa de")
_ENGLISH_ARTICLES = frozenset({"as", "at", "an"})
_GAP = re.compile(r"[\s\u2010-\u2013-]*")
_POSSESSIVE = re.compile("['’]s$")
_FUZZY_ACTOR = 0.92
_EXACT_ARABIC = 0.97
_SURE = 0.95
_WORDS_IN_NAME = 6
_NEVER = 1.01

_MUST_BE_SETTLED = ("event_date", "time_precision", "sub_event_type")
_STATUSES = ("draft", "reviewed", "rejected")
_DRAFT_COLUMNS = (
    Column("draft_status", "choice", "Where the review stands.", True, _STATUSES),
    Column("draft_open", "text", "Columns that a person must settle, joined by `;`."),
    Column("draft_cue", "text", "What the report says happened."),
    Column("draft_span", "text", "First and last character of the sentence, counted from 0."),
    Column("draft_words", "text", "The words that it was read from, each with its span."),
    Column("draft_candidates", "text", "Places that may be meant, with scores, joined by `;`."),
    Column("draft_note", "text", "Why it is open, or not sure."),
)

DRAFTS = Schema(
    "drafts",
    "",
    (*(replace(c, required=c.kind == "id") for c in EVENTS.columns), *_DRAFT_COLUMNS),
    geometry=EVENTS.geometry,
    null_geometry=True,
)
"""Events under review: the columns of `EVENTS`, none but the id required, and the draft's own."""

# --- what a review holds ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mention:
    """
    Something that a report names.

    Attributes
    ----------
    start, end
        Characters of the text, end exclusive.
    text
        The words.
    kind
        ``place``, ``actor``, ``date``, ``cue``; ``name`` is a name that bears on nothing known.
    value
        Id of the place or actor; ``2017-08-01/2017-08-02``; code of the cue. Empty where open.
    answer
        Candidates of a place or an actor that was asked by name.
    note
        What is doubtful about it.
    when
        Of a date: the days.
    """

    start: int
    end: int
    text: str
    kind: MentionKind
    value: str = ""
    answer: Answer | None = None
    note: str = ""
    when: When | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """
    A report as it was read.

    Attributes
    ----------
    text
        The report.
    mentions
        In order, without overlaps.
    drafts
        Events, under `DRAFTS`.
    """

    text: str
    mentions: tuple[Mention, ...]
    drafts: tuple[Feature, ...]

    @property
    def unplaced(self) -> tuple[Mention, ...]:
        """
        List the names that could not be placed.

        Returns
        -------
        unplaced
            Names that are nowhere, or in more than one place, or mean only a part of one.
        """
        return tuple(
            m for m in self.mentions if m.kind == "name" or (m.kind == "place" and not m.value)
        )

    def render(self) -> str:
        """
        Return the review as text to read: mentions marked, drafts, what is open.

        Returns
        -------
        text
            Safe to print; ends with a newline.
        """
        marked = "\n".join(escape(line, 100_000) for line in self._marked().splitlines())
        lines = [marked, "", f"{len(self.drafts)} drafts"]
        lines += [_draft_line(draft) for draft in self.drafts]
        lines += ["", f"{len(self.unplaced)} names not placed"]
        for name in self.unplaced:
            lines.append(f"  {name.start}-{name.end} {escape(name.text)}: {_why_open(name)}")
        return "\n".join(lines) + "\n"

    def _marked(self) -> str:
        pieces, at = [], 0
        for m in self.mentions:
            said = m.value or "?"
            pieces += [self.text[at : m.start], f"[{m.kind} {m.text} = {said}]"]
            at = m.end
        return "".join([*pieces, self.text[at:]])


def _why_open(name: Mention) -> str:
    return name.note or (name.answer.reason if name.answer else "nothing is called so")


def _draft_line(draft: Feature) -> str:
    values = draft.properties
    days = "/".join(str(values[c]) for c in ("event_date", "end_date") if values[c]) or "no date"
    where = values["place_id"] or values["location"] or "no place"
    who = " - ".join(str(values[c]) for c in ("actor1", "actor2") if values[c]) or "nobody named"
    open_ = f"; open: {values['draft_open']}" if values["draft_open"] else ""
    return escape(f"  {draft.id} {days} {values['draft_cue']} at {where}: {who}{open_}", 400)


# --- reading ----------------------------------------------------------------------


def read_report(
    text: str,
    *,
    gazetteer: Gazetteer,
    actors: Iterable[Row],
    published: dt.date | None = None,
    near: tuple[float, float] | None = None,
    source_id: str | None = None,
) -> Review:
    """
    Return what a report names, and drafts of the events that it tells.

    Parameters
    ----------
    text
        The report, in English or Arabic.
    gazetteer
        Places that names are looked up in.
    actors
        Rows of ``actors.csv``.
    published
        Day on which it came out: what "yesterday" and dates without a year are counted from.
    near
        Longitude and latitude that the report is about; decides between homonyms, see
        `Gazetteer.find`.
    source_id
        Id of the source, for the drafts.

    Returns
    -------
    review
        The same for the same arguments, ids of drafts included.
    """
    reader = _Reader(text, gazetteer, tuple(actors), published, near)
    mentions = reader.mentions()
    return Review(text, mentions, tuple(_Drafter(reader, mentions, source_id).drafts()))


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    text: str

    @property
    def lower(self) -> str:
        return _romanize.plain(_POSSESSIVE.sub("", self.text))

    @property
    def capital(self) -> bool:
        """Whether it may belong to a name: al-Shaddadi, ‘Aabed and Post count."""
        return any(c.isupper() for c in self.text)


class _Reader:
    """Finds the mentions of one text."""

    def __init__(
        self,
        text: str,
        gazetteer: Gazetteer,
        actors: tuple[Row, ...],
        published: dt.date | None,
        near: tuple[float, float] | None,
    ) -> None:
        self.text, self.gazetteer, self.published, self.near = text, gazetteer, published, near
        self.actors = {row.id: row for row in actors}
        entries = [_actor_entry(row) for row in actors]
        self._phrases, self._initials = _phrases(entries), _initials(entries)
        self._actor_names = Gazetteer(entries)
        self._taken: list[Mention] = []
        self._asked: dict[tuple[str, float], Answer] = {}

    def mentions(self) -> tuple[Mention, ...]:
        for when in find_dates(self.text, self.published):
            self._take(self._date(when))
        self._take_actors()
        self._take_sides()
        for run in self._runs():
            self._read_run(run)
        self._read_arabic()
        self._take_cues()
        return tuple(sorted(self._taken, key=lambda m: m.start))

    def _find(self, name: str, min_score: float = MIN_SCORE) -> Answer:
        """What the gazetteer says; each name is asked once."""
        asked = (name, min_score)
        if asked not in self._asked:
            self._asked[asked] = self.gazetteer.find(name, near=self.near, min_score=min_score)
        return self._asked[asked]

    def _take(self, mention: Mention) -> bool:
        if not self._free(mention.start, mention.end):
            return False
        self._taken.append(mention)
        return True

    def _free(self, start: int, end: int) -> bool:
        return all(end <= m.start or start >= m.end for m in self._taken)

    def _mention(self, start: int, end: int, kind: MentionKind, value: str = "") -> Mention:
        return Mention(start, end, self.text[start:end], kind, value)

    def _date(self, when: When) -> Mention:
        days = [str(day) for day in dict.fromkeys((when.first, when.last)) if day]
        value = "/".join(days) if when.first else ("../" + days[0] if days else "")
        mention = self._mention(when.start, when.end, "date", value)
        return replace(mention, note=when.problem, when=when)

    def _tokens(self, *, arabic: bool) -> list[_Token]:
        return [
            _Token(match.start(), match.end(), match[0])
            for match in _TOKEN.finditer(self.text)
            if _romanize.has_arabic(match[0]) == arabic
        ]

    # names that stand in the tables word by word, whatever the case

    def _take_actors(self) -> None:
        tokens = [_Token(m.start(), m.end(), m[0]) for m in _TOKEN.finditer(self.text)]
        for i in range(len(tokens)):
            for n in range(min(_WORDS_IN_NAME, len(tokens) - i), 0, -1):
                part = tokens[i : i + n]
                if not self._joined(part) or not self._free(part[0].start, part[-1].end):
                    continue
                written = self.text[part[0].start : part[-1].end]
                if (ids := self._phrase(written)) and self._as_written(written, part):
                    self._take_actor(part[0].start, part[-1].end, ids)
                    break

    def _phrase(self, written: str) -> tuple[str, ...]:
        if written.isupper() and (ids := self._initials.get(written)):
            return ids
        words = _phrase_words(_POSSESSIVE.sub("", written))
        if ids := self._phrases.get(words):
            return ids
        if words and _romanize.has_arabic(written):
            return self._phrases.get((_bare_arabic(words[0]), *words[1:]), ())
        return ()

    def _as_written(self, written: str, part: list[_Token]) -> bool:
        """One word must be a name by its letters: SAA, Russia; two and more are by themselves."""
        return len(part) > 1 or part[0].capital or _romanize.has_arabic(written)

    def _take_actor(self, start: int, end: int, ids: tuple[str, ...]) -> None:
        note = "" if len(ids) == 1 else f"may be {', '.join(ids)}"
        one = ids[0] if len(ids) == 1 else self._broadest(ids)
        self._take(replace(self._mention(start, end, "actor", one), note=note))

    def _broadest(self, ids: tuple[str, ...]) -> str:
        """The side itself where all that bear the name are of one side; else nothing."""
        sides = {self.side(one) for one in ids}
        side = sides.pop() if len(sides) == 1 else ""
        return side if side in self.actors else ""

    def side(self, actor: str) -> str:
        row = self.actors.get(actor)
        return str(row.values.get("side") or row.id) if row else ""

    def _take_sides(self) -> None:
        for side, words in SIDE_WORDS.items():
            if side in self.actors:
                for match in _whole_words(words).finditer(self.text):
                    self._take(self._mention(match.start(), match.end(), "actor", side))

    def _take_cues(self) -> None:
        found = [
            (match.start(), order, match.end(), cue)
            for order, cue in enumerate(CUES)
            for match in _whole_words(f"{cue.english}|{cue.arabic}").finditer(self.text)
        ]
        for start, _, end, cue in sorted(found, key=lambda item: item[:2]):
            self._take(self._mention(start, end, "cue", cue.code))

    # names in Latin letters

    def _joined(self, tokens: Sequence[_Token]) -> bool:
        """Whether nothing but blanks and hyphens stands between the words."""
        return all(_GAP.fullmatch(self.text[one.end : two.start]) for one, two in pairwise(tokens))

    def _runs(self) -> Iterator[list[_Token]]:
        """Words that may be one name: capitals, and what may stand between and beside them."""
        run: list[_Token] = []
        tokens = self._tokens(arabic=False)
        for token, after in zip_longest(tokens, tokens[1:]):
            if run and not self._joined([run[-1], token]):
                yield from self._trimmed(run)
                run = []
            if self._may_name(token, after) and self._free(token.start, token.end):
                run.append(token)
            else:
                yield from self._trimmed(run)
                run = []
        yield from self._trimmed(run)

    def _may_name(self, token: _Token, after: _Token | None) -> bool:
        word = token.lower
        if word in _ENGLISH_ARTICLES:
            # As Suwayda is a name, as Palmyra is none.
            return after is not None and _romanize.is_article(word, after.lower)
        if word in _PARTICLES or is_kind_word(word):
            return True
        if word in SMALL_WORDS or _CUE_WORD.fullmatch(word):
            return False
        return token.capital or word.isdigit()

    def _trimmed(self, run: list[_Token]) -> Iterator[list[_Token]]:
        while run and (run[0].lower in {"of", "wa", "de"} or run[0].lower.isdigit()):
            run = run[1:]
        while run and run[-1].lower in _PARTICLES:
            run = run[:-1]
        if any(token.capital and not is_kind_word(token.lower) for token in run):
            yield run

    def _read_run(self, run: list[_Token]) -> None:
        """Take the longest parts that name something; what is left of a name stays unplaced."""
        found = self._best_part(run)
        if found is None:
            self._leave(run)
            return
        i, n, mention = found
        rest = [part for part in (run[:i], run[i + n :]) if self._is_name(part)]
        if any(not self._reads(part) for part in rest):
            # A known word within a longer unknown name is not the place: loud, not clever.
            self._leave(run)
            return
        self._take(mention)
        for part in rest:
            for trimmed in self._trimmed(part):
                self._read_run(trimmed)

    def _is_name(self, part: list[_Token]) -> bool:
        return any(
            t.capital and not is_kind_word(t.lower) and t.lower not in _PARTICLES for t in part
        )

    def _reads(self, part: list[_Token]) -> bool:
        return any(self._best_part(trimmed) is not None for trimmed in self._trimmed(part))

    def _best_part(self, run: list[_Token]) -> tuple[int, int, Mention] | None:
        for n in range(min(len(run), _WORDS_IN_NAME + 2), 0, -1):
            for i in range(len(run) - n + 1):
                part = run[i : i + n]
                if self._is_name(part) and (mention := self._look_up(part)):
                    return i, n, mention
        return None

    def _look_up(self, part: list[_Token]) -> Mention | None:
        start, end = part[0].start, part[-1].end
        written = _POSSESSIVE.sub("", self.text[start:end])
        quarter = _OF_QUARTER.search(self.text[:start][-40:])
        if quarter and (mention := self._in_quarter(start, end, written, quarter)):
            return mention
        actor = self._actor_names.find(written, min_score=_FUZZY_ACTOR)
        place = self._find(written)
        if actor.verdict != "not_found" and _top(actor) >= _top(place):
            ids = tuple(dict.fromkeys(c.id for c in actor.candidates[: actor.tied]))
            one = ids[0] if len(ids) == 1 else self._broadest(ids)
            return replace(self._mention(start, end, "actor", one), answer=actor)
        if place.verdict == "not_found":
            return None
        known = place.candidates[0].id if place.verdict == "found" else ""
        return replace(self._mention(start, end, "place", known), answer=place)

    def _in_quarter(
        self, start: int, end: int, written: str, quarter: re.Match[str]
    ) -> Mention | None:
        """North-eastern X: a place so called, or a part of X that has no entry: not X itself."""
        whole = self._find(f"{quarter['quarter']} {written}")
        if whole.verdict == "found" and _top(whole) >= _SURE:
            start -= len(self.text[:start][-40:]) - quarter.start()
            return replace(self._mention(start, end, "place", whole.candidates[0].id), answer=whole)
        place = self._find(written)
        if quarter["of"] or place.verdict == "not_found":
            return None
        note = f"a part of {escape(written)} is meant, not {place.candidates[0].id} itself"
        return replace(self._mention(start, end, "place"), answer=place, note=note)

    def _leave(self, run: list[_Token]) -> None:
        """Keep a name that bears on nothing, with the nearest candidates."""
        start, end = run[0].start, run[-1].end
        head = not self.text[:start].strip() or _SENTENCE_END.search(self.text[:start][-3:] + " ")
        if len(run) == 1 and head and not _LOCATIVE.search(self.text[:start]):
            return  # one capital at the head of a sentence says nothing
        answer = self._find(self.text[start:end], _NEVER)
        self._take(replace(self._mention(start, end, "name"), answer=answer))

    # names in Arabic letters

    def _read_arabic(self) -> None:
        tokens = self._tokens(arabic=True)
        for i in range(len(tokens)):
            for n in range(min(4, len(tokens) - i), 0, -1):
                part = tokens[i : i + n]
                if self._joined(part) and self._free(part[0].start, part[-1].end):
                    mention = self._arabic_place(part)
                    if mention and self._take(mention):
                        break
        for token, after in pairwise(tokens):
            kind = is_kind_word(_bare_arabic(token.lower))
            if kind and self._joined([token, after]) and self._free(token.start, after.end):
                answer = self._find(self.text[token.start : after.end], _NEVER)
                self._take(replace(self._mention(token.start, after.end, "name"), answer=answer))

    def _arabic_place(self, part: list[_Token]) -> Mention | None:
        start, end = part[0].start, part[-1].end
        written = self.text[start:end]
        bare = _bare_arabic(part[0].text)
        for skip in dict.fromkeys((0, len(part[0].text) - len(bare))):
            asked = written[skip:]
            if len(asked) < 3 or not self.gazetteer.knows(asked):
                continue
            answer = self._find(asked, _EXACT_ARABIC)
            if answer.verdict != "not_found":
                known = answer.candidates[0].id if answer.verdict == "found" else ""
                return replace(self._mention(start + skip, end, "place", known), answer=answer)
        return None


def _top(answer: Answer) -> float:
    return answer.candidates[0].score if answer.candidates else 0.0


def _bare_arabic(word: str) -> str:
    """Without and, so, in, to, as: one letter that Arabic writes onto the next word."""
    if len(word) > 3 and word.startswith("لل"):
        return word[2:]
    return word[1:] if len(word) > 3 and word[0] in "وفبلك" else word


def _whole_words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)[وفبل]?(?:{pattern})(?!\w)", re.IGNORECASE)


_CUE_WORD = re.compile("|".join(cue.english for cue in CUES), re.IGNORECASE)


def _actor_entry(row: Row) -> Entry:
    """An actor as the gazetteer holds it, with each name also without the words for a force."""
    values = row.values
    others = [values.get("name_ar"), *str(values.get("alternatenames") or "").split(";")]
    names = [str(values.get("name") or row.id), *(str(o).strip() for o in others if o)]
    outside = [re.sub(r"\([^)]*\)", " ", name).strip() for name in names]
    short = [_without_force_words(name) for name in outside]
    spellings = dict.fromkeys(name for name in (*outside, *short) if name)
    return Entry(row.id, names[0], tuple(spellings))


def _without_force_words(name: str) -> str:
    """The name proper; empty where a single word is left, which says too little."""
    left = [w for w in name.split() if _romanize.plain(w) not in FORCE_WORDS]
    return " ".join(left) if len(left) > 1 and len(left) < len(name.split()) else ""


def _phrase_words(text: str) -> tuple[str, ...]:
    return tuple(word.strip("'") for word in _romanize.words(text))


def _phrases(entries: Iterable[Entry]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Ids by the words of each name."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for entry in entries:
        for form in entry.spellings:
            words = _phrase_words(form)
            if words and entry.id not in found.get(words, ()):
                found[words] = (*found.get(words, ()), entry.id)
    return found


def _initials(entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """Ids by the first letters of names of three capital words and more."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        words = entry.name.split()
        if len(words) > 2 and all(word[0].isupper() for word in words):
            letters = "".join(word[0] for word in words)
            found[letters] = (*found.get(letters, ()), entry.id)
    return found


# --- drafting ---------------------------------------------------------------------


class _Drafter:
    """Makes drafts of the mentions of one text."""

    def __init__(
        self, reader: _Reader, mentions: tuple[Mention, ...], source_id: str | None
    ) -> None:
        self.reader, self.source_id = reader, source_id
        self.mentions = mentions
        self.digest = hashlib.sha256(reader.text.encode()).hexdigest()

    def drafts(self) -> Iterator[Feature]:
        last_date: Mention | None = None
        for start, end in _sentences(self.reader.text):
            inside = [m for m in self.mentions if start <= m.start < end]
            dates = [m for m in inside if m.kind == "date" and m.when]
            date = dates[0] if dates else None
            yield from self._of_sentence(start, end, inside, dates, last_date)
            if date and date.when and date.when.first:
                last_date = date

    def _of_sentence(
        self,
        start: int,
        end: int,
        inside: list[Mention],
        dates: list[Mention],
        last_date: Mention | None,
    ) -> Iterator[Feature]:
        cues = [m for m in inside if m.kind == "cue"]
        events = [m for m in cues if m.value not in {"statement", "held"}]
        cues = events or cues[:1]
        places = [m for m in inside if m.kind in {"place", "name"}]
        if not cues or not any(m.kind in {"place", "actor", "name"} for m in inside):
            return
        seen: set[tuple[str, str]] = set()
        for cue, place in _pairs(cues, places):
            same = (cue.value, place.value or place.text if place else "")
            if same in seen:
                continue
            seen.add(same)
            nearest = min(dates, key=lambda d: abs(d.start - cue.start), default=None)
            inherited = last_date if nearest is None else None
            yield self._draft((start, end), inside, cue, place, nearest or inherited, inherited)

    def _draft(
        self,
        span: tuple[int, int],
        inside: list[Mention],
        cue: Mention,
        place: Mention | None,
        date: Mention | None,
        inherited: Mention | None,
    ) -> Feature:
        unreal = self._unreal(span, cue)
        rule = next(c for c in CUES if c.code == cue.value)
        if unreal and rule.code not in {"held", "statement"}:
            rule = replace(rule, event_type=_STRATEGIC, sub_event_type="Other")
        actors = _actors(self.reader, inside, cue)
        values: dict[str, Value] = dict.fromkeys(DRAFTS.names)
        notes = [unreal] if unreal else []
        self._fill_when(values, notes, date, inherited)
        geometry = self._fill_where(values, notes, place)
        values |= actors
        values |= {"event_type": rule.event_type, "source_ids": self.source_id}
        values["sub_event_type"] = rule.sub_event_type or self._transfer(actors["actor1"])
        hedged = bool(_whole_words(HEDGES).search(self.reader.text, *span))
        low = hedged or unreal or inherited or _unsure(place)
        values["confidence"] = "low" if low else "moderate"
        values["draft_status"] = "draft"
        values["draft_cue"] = f"{rule.code}, possible or denied" if unreal else rule.code
        values["draft_span"] = f"{span[0]}-{span[1]}"
        words = [cue, *([place] if place else []), *([date] if date else [])]
        words += [m for m in inside if m.kind == "actor"]
        values["draft_words"] = "; ".join(f"{_flat(m.text)} @{m.start}-{m.end}" for m in words)
        values["draft_open"] = ";".join(self._open(values, place)) or None
        values["draft_note"] = "; ".join(notes) or None
        values["id"] = self._identity(cue, place)
        return Feature(str(values["id"]), values, geometry)

    def _identity(self, cue: Mention, place: Mention | None) -> str:
        seed = f"{self.digest}:{cue.start}:{place.start if place else ''}"
        return "evt-" + hashlib.sha256(seed.encode()).hexdigest()[:8]

    def _unreal(self, span: tuple[int, int], cue: Mention) -> str:
        before = re.split("[;:]", self.reader.text[span[0] : cue.start])[-1]
        near = " ".join(before.split()[-14:])
        words = _whole_words(UNREAL).findall(near)
        return f"said with '{words[-1].strip()}': need not have happened" if words else ""

    def _transfer(self, actor: Value) -> str | None:
        """Who took the ground settles ACLED's sub-type; a state on no side here does not."""
        if not actor:
            return None
        row = self.reader.actors.get(str(actor))
        if self.reader.side(str(actor)) == "government":
            return "Government regains territory"
        if row is None or str(row.values.get("kind") or "").endswith("state"):
            return None
        return "Non-state actor overtakes territory"

    def _fill_when(
        self,
        values: dict[str, Value],
        notes: list[str],
        date: Mention | None,
        inherited: Mention | None,
    ) -> None:
        if date is None or date.when is None:
            notes.append("no date in the sentence or before it")
            return
        when = date.when
        if when.problem:
            notes.append(f"'{_flat(date.text)}': {when.problem}")
        if inherited:
            notes.append(f"the date is that of an earlier sentence, '{_flat(date.text)}'")
        values["event_date"] = str(when.first) if when.first else None
        values["time_precision"] = when.precision
        if when.last and when.last != when.first:
            values["end_date"] = str(when.last)

    def _fill_where(
        self, values: dict[str, Value], notes: list[str], place: Mention | None
    ) -> shapely.Geometry | None:
        if place is None:
            return None
        values["location"] = _flat(place.text)
        if place.answer:
            values["draft_candidates"] = (
                "; ".join(f"{c.id} {c.score:.2f}" for c in place.answer.candidates) or None
            )
        if not place.value or not place.answer:
            notes.append(_why_open(place))
            return None
        entry = place.answer.candidates[0].entry
        if len(place.answer.homonyms):
            notes.append(place.answer.reason)
        if entry.origin:
            notes.append(f"{entry.id} is not in places.geojson: add it first")
            return None
        values["place_id"] = entry.id
        values["geo_precision"] = self._geo_precision(place, entry)
        values["geo_radius_m"] = entry.radius_m
        if entry.lon is None or entry.lat is None:
            notes.append(f"{entry.id} has no position")
            return None
        return shapely.Point(entry.lon, entry.lat)

    def _geo_precision(self, place: Mention, entry: Entry) -> int:
        if entry.kind == "area" and (entry.radius_m or 0) >= 10_000:
            return 3
        before = self.reader.text[max(0, place.start - 60) : place.start]
        near = _NEARBY.search(before) or _AREA.search(place.text)
        after = self.reader.text[place.end : place.end + 8]
        return 2 if near or re.match(r"\s+areas?\b", after) else 1

    def _open(self, values: Mapping[str, Value], place: Mention | None) -> Iterator[str]:
        if place is not None and not values["place_id"]:
            yield "place_id"
        yield from (c for c in _MUST_BE_SETTLED if not values[c])


def _unsure(place: Mention | None) -> bool:
    return place is None or place.answer is None or _top(place.answer) < _SURE


def _flat(text: str) -> str:
    return re.sub(r"[\s;]+", " ", text).strip()


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if text[start : match.start()].strip():
            yield start, match.start()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def _pairs(cues: list[Mention], places: list[Mention]) -> Iterator[tuple[Mention, Mention | None]]:
    """Each place with the cue before it, or else the first; a cue without a place alone."""
    used = set()
    for place in places:
        before = [cue for cue in cues if cue.start < place.start]
        cue = before[-1] if before else cues[0]
        used.add(cue.start)
        yield cue, place
    if not places:
        yield cues[0], None


def _actors(reader: _Reader, inside: list[Mention], cue: Mention) -> dict[str, Value]:
    """Who acted on whom."""
    ids = list(dict.fromkeys(m.value for m in _named(reader, inside, cue)))
    if not ids:
        return {"actor1": None, "assoc_actor_1": None, "actor2": None, "assoc_actor_2": None}
    side = reader.side(ids[0])
    own = [one for one in ids if reader.side(one) == side]
    others = [one for one in ids if reader.side(one) != side]
    theirs = [one for one in others if reader.side(one) == reader.side(others[0])]
    return {
        "actor1": own[0],
        "assoc_actor_1": ";".join(own[1:]) or None,
        "actor2": theirs[0] if theirs else None,
        "assoc_actor_2": ";".join(theirs[1:]) or None,
    }


def _named(reader: _Reader, inside: list[Mention], cue: Mention) -> list[Mention]:
    """
    Actors of a cue, the one who acts first.

    In English who acts stands before the word, or behind "by"; in Arabic behind the word. What
    stands beyond the next cue belongs to that.
    """
    named = [m for m in inside if m.kind == "actor" and m.value]
    cues = [m.start for m in inside if m.kind == "cue" and m.value != "statement"]
    first = max((at for at in cues if at < cue.start), default=-1)
    last = min((at for at in cues if at > cue.start), default=len(reader.text))
    earlier = [m for m in named if m.start < cue.start]
    before = [m for m in earlier if m.start > first] or earlier
    after = [m for m in named if cue.start < m.start < last]
    if _romanize.has_arabic(cue.text):
        return after + [m for m in before if m.start > first] if after else before
    if after and _BY.search(reader.text[cue.end : after[0].start]):
        return after + before
    return before + after


# --- accepting --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """
    What came of a file of drafts.

    Attributes
    ----------
    events
        Reviewed drafts as events, without the columns of drafts.
    waiting
        Drafts that stay: not yet reviewed, or refused.
    issues
        Why reviewed drafts were refused.
    """

    events: tuple[Feature, ...]
    waiting: tuple[Feature, ...]
    issues: tuple[Issue, ...]


def accept_drafts(
    drafts: Iterable[Feature], *, places: Mapping[str, Feature], file: str = ""
) -> Accepted:
    """
    Return the reviewed drafts as events, and refuse those that still have an open choice.

    A person reviews by filling the columns that `draft_open` names and setting `draft_status`
    to ``reviewed``, or ``rejected`` to drop the draft. A column that shall stay empty is struck
    from `draft_open`.

    Parameters
    ----------
    drafts
        As read under `DRAFTS`.
    places
        Places of the project by id: an event takes the position of its place.
    file
        The file of drafts, for messages.

    Returns
    -------
    accepted
        Events, what stays, and why.
    """
    events: list[Feature] = []
    waiting: list[Feature] = []
    issues: list[Issue] = []
    for draft in drafts:
        status = draft.properties.get("draft_status")
        faults = _faults(draft, places, file) if status == "reviewed" else []
        issues += faults
        if status == "reviewed" and not faults:
            events.append(_event(draft, places))
        elif status != "rejected":
            waiting.append(draft)
    return Accepted(tuple(events), tuple(waiting), tuple(issues))


def _faults(draft: Feature, places: Mapping[str, Feature], file: str) -> list[Issue]:
    values = draft.properties
    place = values.get("place_id")
    named = [part.strip() for part in str(values.get("draft_open") or "").split(";")]
    still = [column for column in named if column and not values.get(column)]
    lacking = [
        column.name
        for column in EVENTS.columns
        if column.required and not values.get(column.name) and column.name not in still
    ]

    def fault(code: str, message: str, hint: str) -> Issue:
        return Issue(code, "error", message, hint, file, draft.line, (draft.id,))

    faults = [
        fault("draft.open", f"{column} is open", f"fill {column}, or strike it from draft_open")
        for column in still
    ]
    faults += [fault("draft.missing", f"{c} is empty", f"fill {c}") for c in lacking]
    if place and str(place) not in places:
        message = f"place {escape(str(place))} is not in places.geojson"
        faults.append(fault("draft.place", message, "add the place, or name another"))
    return faults


def _event(draft: Feature, places: Mapping[str, Feature]) -> Feature:
    own = {column.name for column in _DRAFT_COLUMNS}
    values = {name: value for name, value in draft.properties.items() if name not in own}
    place = places.get(str(values.get("place_id") or ""))
    geometry = place.geometry if place else draft.geometry
    if place and values.get("geo_radius_m") is None:
        values["geo_radius_m"] = place.properties.get("geo_radius_m")
    return Feature(draft.id, values, geometry)
