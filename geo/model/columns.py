"""
The columns of each file of a layers folder, said once.

One `Schema` a kind of file. The readers, the checks, the data dictionary, the forms of an editor
and `json_schema` are all driven by these tables: a column that is added here is everywhere.
"""

from __future__ import annotations

from itertools import chain

from geo.model.nouns import Basis, Column, Confidence, Schema, Status

_STATUS = tuple(Status)
_BASIS = tuple(Basis)
_CONFIDENCE = tuple(Confidence)
_POLYGONS = frozenset({"Polygon", "MultiPolygon"})
_PRECISIONS = ("day", "week", "month", "season", "year")


def _id(doc: str) -> Column:
    return Column("id", "id", doc, required=True)


def _text(name: str, doc: str, *, required: bool = False) -> Column:
    return Column(name, "text", doc, required=required)


def _date(name: str, doc: str, *, required: bool = False) -> Column:
    return Column(name, "date", doc, required=required)


def _choice(name: str, doc: str, choices: tuple[str, ...], *, required: bool = False) -> Column:
    return Column(name, "choice", doc, required=required, choices=choices)


def _ref(name: str, doc: str, table: str, *, required: bool = False) -> Column:
    return Column(name, "ref", doc, required=required, refers_to=table)


def _refs(name: str, doc: str, table: str, *, required: bool = False) -> Column:
    return Column(name, "refs", doc, required=required, refers_to=table)


_SOURCES = _refs("source_ids", "Who said so.", "sources")
_NOTE = _text("note", "Anything a reader must know; our own words.")

THEATRE = Schema(
    "theatre",
    "theatre.geojson",
    (
        _id("Short name of the theatre."),
        _text("name", "Title of the map, in English.", required=True),
        _text("name_ar", "Title in Arabic."),
        _text("timezone", "IANA zone; a date is a civil day there.", required=True),
        _date("before", "Default first date of a comparison.", required=True),
        _date("after", "Default second date of a comparison.", required=True),
        _text("summary", "What happened between the two, in a sentence or two."),
        _text("summary_ar", "The same in Arabic."),
        _text("attribution", "Credits that must be printed on every map."),
        _text("note", "Why the study area is drawn as it is."),
    ),
    geometry=_POLYGONS,
    required=True,
)

CONTROL = Schema(
    "control",
    "control/*.geojson",
    (
        _id("Identity of the patch, `ctl-` and a random part; kept while the patch lives."),
        _ref(
            "controller",
            "Who holds it; empty only with status unknown, none or contested.",
            "actors",
        ),
        _refs(
            "controllers",
            "The parties of contested or mixed ground, likelier holder first.",
            "actors",
        ),
        _choice(
            "status",
            "`controlled`, `contested` (both inside, or the evidence contradicts itself), `mixed` "
            "(stable shared), `advance` (operates there, no control), `unknown` (not assessed), "
            "`none` (nobody there).",
            _STATUS,
            required=True,
        ),
        _choice(
            "basis", "`assessed`, `reported`, `claimed` or `inferred`; empty for unknown.", _BASIS
        ),
        _choice("confidence", "`high`, `moderate` or `low`; empty for unknown.", _CONFIDENCE),
        _refs("statement_ids", "The statements the patch rests on.", "statements"),
        _SOURCES,
        _NOTE,
    ),
    geometry=_POLYGONS,
    required=True,
)

EVENT_TYPES: dict[str, tuple[str, ...]] = {
    "Battles": (
        "Government regains territory",
        "Non-state actor overtakes territory",
        "Armed clash",
    ),
    "Explosions/Remote violence": (
        "Chemical weapon",
        "Air/drone strike",
        "Suicide bomb",
        "Shelling/artillery/missile attack",
        "Remote explosive/landmine/IED",
        "Grenade",
    ),
    "Violence against civilians": ("Sexual violence", "Attack", "Abduction/forced disappearance"),
    "Protests": (
        "Peaceful protest",
        "Protest with intervention",
        "Excessive force against protesters",
    ),
    "Riots": ("Violent demonstration", "Mob violence"),
    "Strategic developments": (
        "Agreement",
        "Arrests",
        "Change to group/activity",
        "Disrupted weapons use",
        "Headquarters or base established",
        "Looting/property destruction",
        "Non-violent transfer of territory",
        "Other",
    ),
}
"""ACLED's event types with the sub-event types of each, verbatim and in its codebook's order."""

EVENTS = Schema(
    "events",
    "events/*.geojson",
    (
        _id("Identity of the event, `evt-` and a random part."),
        _date("event_date", "First day, local time.", required=True),
        _date("end_date", "Last day, inclusive, where it is another."),
        Column(
            "time_precision",
            "integer",
            "ACLED: 1 the day is known, 2 the week, 3 the month.",
            required=True,
            minimum=1,
            maximum=3,
        ),
        _choice("event_type", "ACLED event type, verbatim.", tuple(EVENT_TYPES), required=True),
        _choice(
            "sub_event_type",
            "ACLED sub-event type, verbatim.",
            tuple(chain.from_iterable(EVENT_TYPES.values())),
            required=True,
        ),
        _ref("actor1", "Who acted.", "actors"),
        _refs("assoc_actor_1", "Who acted with them.", "actors"),
        _ref("actor2", "On whom.", "actors"),
        _refs("assoc_actor_2", "Who stood with those.", "actors"),
        _ref("place_id", "Where; empty for an event without a place.", "places"),
        _text("location", "The place as the source names it."),
        Column(
            "geo_precision",
            "integer",
            "ACLED: 1 the place itself, 2 near it, 3 the region only.",
            minimum=1,
            maximum=3,
        ),
        Column("geo_radius_m", "integer", "Error radius of the position, metres.", minimum=0),
        _SOURCES,
        _text("notes", "What happened, in our own words."),
        Column("fatalities", "integer", "Reported dead; empty means not reported.", minimum=0),
        _choice("confidence", "How sure we are of the event.", _CONFIDENCE),
        _ref(
            "change_id",
            "Row of the ledger that it explains, where ground changed hands.",
            "changes",
        ),
    ),
    geometry=frozenset({"Point"}),
    null_geometry=True,
)

PLACES = Schema(
    "places",
    "places.geojson",
    (
        _id("Readable identity."),
        _text("name", "Name in Latin script.", required=True),
        _text("name_ar", "Name in Arabic script."),
        _text("alternatenames", "Other spellings, joined by `;`."),
        _choice(
            "kind",
            "What it is.",
            (
                "airbase",
                "area",
                "border",
                "border post",
                "camp",
                "city",
                "hill",
                "line",
                "road",
                "road junction",
                "town",
                "village",
                "well",
            ),
            required=True,
        ),
        _text("admin1", "Governorate or province."),
        Column(
            "geo_radius_m",
            "integer",
            "Error radius of the position, or of the drawing of a line or an area, metres.",
            minimum=0,
        ),
        _choice(
            "coord_method",
            "`located` (a source gives the coordinates), `inferred` (placed from a description: "
            "never a sharp dot), `drawn` (a line or an area that we drew from words; its error is "
            "then required), `none` (never located; no geometry).",
            ("located", "inferred", "drawn", "none"),
            required=True,
        ),
        _text("coord_source", "Where the position comes from."),
        _SOURCES,
        _text("note", "Homonyms and doubts."),
    ),
    geometry=frozenset({"Point", "LineString", "MultiLineString"}) | _POLYGONS,
    null_geometry=True,
    required=True,
)

STATEMENTS = Schema(
    "statements",
    "statements.csv",
    (
        _id("Identity, `stm-` and a random part."),
        _ref("place_id", "The place spoken of.", "places", required=True),
        _date("date", "The day for which it was said.", required=True),
        _choice("date_precision", "How well the day is known.", _PRECISIONS, required=True),
        _choice(
            "status",
            "As for control areas; `controlled` where one side is said to hold the place.",
            _STATUS,
            required=True,
        ),
        _ref("controller", "Who is said to hold it.", "actors"),
        _refs("controllers", "Parties, where contested.", "actors"),
        _choice(
            "extent",
            "What the words mean of the shape of the place; empty is `all` of it. Else `share` "
            "(per cent of it), `front` (one side on either hand), `track` (ground taken along a "
            "line), `gap` (a line across a gap), `ring` (a ring round it), `severed` (cut off from "
            "another place).",
            ("all", "share", "front", "track", "gap", "ring", "severed"),
        ),
        _ref(
            "opposite",
            "The other side: who holds the rest of a share, stands on the right hand of a front, "
            "lost the track, stands at both ends of a gap, all round a ring, or between two "
            "grounds that are severed.",
            "actors",
        ),
        Column(
            "share_pct",
            "integer",
            "How much of it the controller holds, per cent; of a ring, how much is closed.",
            minimum=1,
            maximum=100,
        ),
        Column("width_from_m", "integer", "Least width of a gap or a track, metres.", minimum=0),
        Column("width_to_m", "integer", "Greatest width of a gap or a track, metres.", minimum=0),
        _ref("to_place_id", "The ground from which the place is severed.", "places"),
        _choice(
            "basis",
            "`assessed` (a monitor's own map), `reported`, `claimed` (by a party or a medium that "
            "leans to it, in its own favour), `inferred` (it follows from another statement).",
            _BASIS,
            required=True,
        ),
        _choice("confidence", "How sure.", _CONFIDENCE, required=True),
        _refs("event_ids", "Events that it follows from.", "events"),
        _refs("source_ids", "Who said so.", "sources", required=True),
        _NOTE,
    ),
    required=True,
)

CHANGES = Schema(
    "changes",
    "changes.csv",
    (
        _id("Identity, `chg-` and a random part."),
        _date("from_date", "Layer before.", required=True),
        _date("to_date", "Layer after.", required=True),
        _date("date", "When it happened, where known."),
        _date("date_end", "Last possible day."),
        _ref("from_controller", "Who held it.", "actors"),
        _ref("to_controller", "Who holds it.", "actors"),
        _choice(
            "kind",
            "`advance`, `withdrawal`, `handover`: the ground changed. `correction`, `refinement`: "
            "our picture did.",
            ("advance", "withdrawal", "handover", "correction", "refinement"),
            required=True,
        ),
        _refs("place_ids", "Places that it concerns.", "places"),
        _refs("event_ids", "Events that explain it.", "events"),
        _SOURCES,
        _date("recorded_at", "Day of the entry.", required=True),
        _text("recorded_by", "Who entered it."),
        _ref("supersedes", "Row that this one replaces.", "changes"),
        _NOTE,
    ),
)

ASSESSMENTS = Schema(
    "assessments",
    "assessments.csv",
    (
        _date("date", "Day looked at.", required=True),
        _text("scope", "What was looked at.", required=True),
        _choice(
            "outcome",
            "So that `nothing moved` is told from `nobody looked`.",
            ("changed", "no_change", "partial"),
            required=True,
        ),
        _date("cut_off", "Last day of the material read."),
        _NOTE,
    ),
)

ACTORS = Schema(
    "actors",
    "actors.csv",
    (
        _id("Readable identity; neutral."),
        _text("name", "Name in Latin script.", required=True),
        _text("name_ar", "Name in Arabic script."),
        _text("alternatenames", "Other names, sources' words among them."),
        _ref("side", "The side it fights on; a side names itself.", "actors"),
        _text("kind", "`side`, `armed faction`, `state army`, ...", required=True),
        Column("color", "pattern", "Colour of a side on maps, `#rrggbb`.", pattern="#[0-9a-f]{6}"),
        _text("notes", "Commanders, backers, doubts."),
    ),
    required=True,
)

ALIGNMENTS = Schema(
    "alignments",
    "alignments.csv",
    (
        _ref("actor", "Who.", "actors", required=True),
        _choice(
            "relation",
            "How it stands to the other.",
            ("part_of", "allied_with", "backed_by", "fights"),
            required=True,
        ),
        _ref("other", "To whom.", "actors", required=True),
        _date("valid_from", "First day; empty means before the period."),
        _date("valid_to", "First day on which it holds no longer; empty means still."),
        _SOURCES,
        _NOTE,
    ),
)

VOCABULARY = Schema(
    "vocabulary",
    "vocabulary.csv",
    (
        _text("text", "A word or words, as reports write them.", required=True),
        _ref(
            "actor",
            "The side or actor that is meant; empty where it is no name of a place or an actor.",
            "actors",
        ),
        _NOTE,
    ),
)

SOURCES = Schema(
    "sources",
    "sources.csv",
    (
        _id("Readable identity."),
        _text("publisher", "Who published it.", required=True),
        _ref(
            "leaning",
            "Side that the publisher belongs or leans to; empty where none is known.",
            "actors",
        ),
        _text("title", "Title, or what it is."),
        Column("url", "url", "Where it was read."),
        Column("archived_url", "url", "A copy that stays."),
        _date("published", "Day of publication, where known."),
        _date("accessed", "Day it was read."),
        _text("licence", "Licence of data that we reuse."),
        Column(
            "grade",
            "pattern",
            "Admiralty grade: reliability A-F, credibility 1-6.",
            pattern="[A-F][1-6]",
        ),
    ),
    required=True,
)

TOUR = Schema(
    "tour",
    "tour.csv",
    (
        _id("Readable identity."),
        Column(
            "stop",
            "integer",
            "Which stop of the guided tour it is; empty for words on a pair of dates that is none.",
            minimum=1,
        ),
        _date("before", "First date shown; empty where one date is shown."),
        _date("after", "Second date shown, or the only one.", required=True),
        _choice(
            "view",
            "How the page shows it: `story` (both dates side by side), `swipe`, `change` (gained "
            "and lost), `one` (one date).",
            ("story", "swipe", "change", "one"),
            required=True,
        ),
        _refs(
            "place_ids",
            "Places to look at; empty for the ground that changed, of one date for all.",
            "places",
        ),
        _text("text", "What happened, in a sentence or two.", required=True),
        _text("text_ar", "The same in Arabic."),
        _refs("change_ids", "Rows of the ledger that it rests on.", "changes"),
        _refs("event_ids", "Events that it rests on.", "events"),
        _SOURCES,
        _NOTE,
    ),
)

CONTEXT = Schema(
    "context",
    "context/*.geojson",
    (
        _id("Readable identity."),
        _choice(
            "kind",
            "What it is; drawn, never computed with. The rectangle of a `relief` is filled by the "
            "picture of its id beside the file.",
            ("country", "admin1", "road", "zone", "water", "lava", "relief"),
            required=True,
        ),
        _text("name", "Name in Latin script."),
        _text("name_ar", "Name in Arabic script."),
        _choice(
            "accuracy",
            "`schematic` lines are labelled so on every map.",
            ("surveyed", "generalised", "schematic"),
            required=True,
        ),
        _SOURCES,
        _NOTE,
    ),
    geometry=frozenset(
        {"Polygon", "MultiPolygon", "LineString", "MultiLineString", "Point", "MultiPoint"}
    ),
)

ANCHORS = Schema(
    "anchors",
    "anchors.geojson",
    (
        _id("Readable identity."),
        _refs(
            "sides",
            "Sides that are supplied from here; together they are friends.",
            "actors",
            required=True,
        ),
        _text("name", "Name in Latin script.", required=True),
        _text("name_ar", "Name in Arabic script."),
        _choice("kind", "What it is.", ("base", "border", "city", "road"), required=True),
        _date("valid_from", "First day; empty means before the period."),
        _date("valid_to", "First day on which it holds no longer; empty means still."),
        _SOURCES,
        _NOTE,
    ),
    geometry=frozenset(
        {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}
    ),
)

IMPORTS = Schema(
    "imports",
    "imports.csv",
    (
        _id("The record here."),
        _choice("layer", "Where it is.", ("events", "places", "statements"), required=True),
        _text("kind", "As what it was imported.", required=True),
        _ref("source_id", "Whose record it is.", "sources", required=True),
        _text("theirs", "What the source calls it.", required=True),
        _text("version", "The version of the source that said so last.", required=True),
        _choice(
            "state",
            "`withdrawn` where that version does not have it any more.",
            ("current", "withdrawn"),
            required=True,
        ),
        _text(
            "said",
            "The record as the source had it last: `column=value; ...`, in a value `%3B` for `;`.",
            required=True,
        ),
    ),
)

SCHEMAS: dict[str, Schema] = {
    schema.name: schema
    for schema in (
        *(THEATRE, CONTROL, EVENTS, PLACES, STATEMENTS, CHANGES, ASSESSMENTS, ACTORS, ALIGNMENTS),
        *(VOCABULARY, SOURCES, TOUR, CONTEXT, ANCHORS, IMPORTS),
    )
}
"""Every schema by its name."""
