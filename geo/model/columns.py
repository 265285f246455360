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
_PRECISIONS = ("day", "week", "month", "season")


def _id(doc: str) -> Column:
    return Column("id", "id", doc, required=True)


_SOURCES = Column("source_ids", "refs", "Who said so.", refers_to="sources")
_NOTE = Column("note", "text", "Anything a reader must know; our own words.")

THEATRE = Schema(
    "theatre",
    "theatre.geojson",
    (
        _id("Short name of the theatre."),
        Column("name", "text", "Title of the map, in English.", required=True),
        Column("name_ar", "text", "Title in Arabic."),
        Column("timezone", "text", "IANA zone; a date is a civil day there.", required=True),
        Column("before", "date", "Default first date of a comparison.", required=True),
        Column("after", "date", "Default second date of a comparison.", required=True),
        Column("summary", "text", "What happened between the two, in a sentence or two."),
        Column("summary_ar", "text", "The same in Arabic."),
        Column("attribution", "text", "Credits that must be printed on every map."),
        Column("note", "text", "Why the study area is drawn as it is."),
    ),
    geometry=_POLYGONS,
    required=True,
)

CONTROL = Schema(
    "control",
    "control/*.geojson",
    (
        _id("Identity of the patch, `ctl-` and a random part; kept while the patch lives."),
        Column(
            "controller",
            "ref",
            "Who holds it; empty only with status unknown, none or contested.",
            refers_to="actors",
        ),
        Column(
            "controllers",
            "refs",
            "The parties of contested or mixed ground, likelier holder first.",
            refers_to="actors",
        ),
        Column(
            "status",
            "choice",
            "`controlled`, `contested` (both inside, or the evidence contradicts itself), `mixed` "
            "(stable shared), `advance` (operates there, no control), `unknown` (not assessed), "
            "`none` (nobody there).",
            required=True,
            choices=_STATUS,
        ),
        Column(
            "basis",
            "choice",
            "`assessed`, `reported`, `claimed` or `inferred`; empty for unknown.",
            choices=_BASIS,
        ),
        Column(
            "confidence",
            "choice",
            "`high`, `moderate` or `low`; empty for unknown.",
            choices=_CONFIDENCE,
        ),
        Column(
            "statement_ids", "refs", "The statements the patch rests on.", refers_to="statements"
        ),
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
    "Violence against civilians": (
        "Sexual violence",
        "Attack",
        "Abduction/forced disappearance",
    ),
    "Protests": (
        "Peaceful protest",
        "Protest with intervention",
        "Excessive force against protesters",
    ),
    "Riots": (
        "Violent demonstration",
        "Mob violence",
    ),
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
        Column("event_date", "date", "First day, local time.", required=True),
        Column("end_date", "date", "Last day, inclusive, where it is another."),
        Column(
            "time_precision",
            "integer",
            "ACLED: 1 the day is known, 2 the week, 3 the month.",
            required=True,
            minimum=1,
            maximum=3,
        ),
        Column(
            "event_type",
            "choice",
            "ACLED event type, verbatim.",
            required=True,
            choices=tuple(EVENT_TYPES),
        ),
        Column(
            "sub_event_type",
            "choice",
            "ACLED sub-event type, verbatim.",
            required=True,
            choices=tuple(chain.from_iterable(EVENT_TYPES.values())),
        ),
        Column("actor1", "ref", "Who acted.", refers_to="actors"),
        Column("assoc_actor_1", "refs", "Who acted with them.", refers_to="actors"),
        Column("actor2", "ref", "On whom.", refers_to="actors"),
        Column("assoc_actor_2", "refs", "Who stood with those.", refers_to="actors"),
        Column("place_id", "ref", "Where; empty for an event without a place.", refers_to="places"),
        Column("location", "text", "The place as the source names it."),
        Column(
            "geo_precision",
            "integer",
            "ACLED: 1 the place itself, 2 near it, 3 the region only.",
            minimum=1,
            maximum=3,
        ),
        Column("geo_radius_m", "integer", "Error radius of the position, metres.", minimum=0),
        _SOURCES,
        Column("notes", "text", "What happened, in our own words."),
        Column("fatalities", "integer", "Reported dead; empty means not reported.", minimum=0),
        Column("confidence", "choice", "How sure we are of the event.", choices=_CONFIDENCE),
        Column(
            "change_id",
            "ref",
            "Row of the ledger that it explains, where ground changed hands.",
            refers_to="changes",
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
        Column("name", "text", "Name in Latin script.", required=True),
        Column("name_ar", "text", "Name in Arabic script."),
        Column("alternatenames", "text", "Other spellings, joined by `;`."),
        Column(
            "kind",
            "choice",
            "What it is.",
            required=True,
            choices=(
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
        ),
        Column("admin1", "text", "Governorate or province."),
        Column(
            "geo_radius_m",
            "integer",
            "Error radius of the position, or of the drawing of a line or an area, metres.",
            minimum=0,
        ),
        Column(
            "coord_method",
            "choice",
            "`located` (a source gives the coordinates), `inferred` (placed from a description: "
            "never a sharp dot), `drawn` (a line or an area that we drew from words; its error is "
            "then required), `none` (never located; no geometry).",
            required=True,
            choices=("located", "inferred", "drawn", "none"),
        ),
        Column("coord_source", "text", "Where the position comes from."),
        _SOURCES,
        Column("note", "text", "Homonyms and doubts."),
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
        Column("place_id", "ref", "The place spoken of.", required=True, refers_to="places"),
        Column("date", "date", "The day for which it was said.", required=True),
        Column(
            "date_precision",
            "choice",
            "How well the day is known.",
            required=True,
            choices=_PRECISIONS,
        ),
        Column(
            "status",
            "choice",
            "As for control areas; `controlled` where one side is said to hold the place.",
            required=True,
            choices=_STATUS,
        ),
        Column("controller", "ref", "Who is said to hold it.", refers_to="actors"),
        Column("controllers", "refs", "Parties, where contested.", refers_to="actors"),
        Column(
            "extent",
            "choice",
            "What the words mean of the shape of the place; empty is `all` of it. Else `share` "
            "(per cent of it), `front` (one side on either hand), `track` (ground taken along a "
            "line), `gap` (a line across a gap), `ring` (a ring round it), `severed` (cut off from "
            "another place).",
            choices=("all", "share", "front", "track", "gap", "ring", "severed"),
        ),
        Column(
            "opposite",
            "ref",
            "The other side: who holds the rest of a share, stands on the right hand of a front, "
            "lost the track, stands at both ends of a gap, all round a ring, or between two "
            "grounds that are severed.",
            refers_to="actors",
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
        Column(
            "to_place_id",
            "ref",
            "The ground from which the place is severed.",
            refers_to="places",
        ),
        Column(
            "basis",
            "choice",
            "`assessed` (a monitor's own map), `reported`, `claimed` (by a party or a medium that "
            "leans to it, in its own favour), `inferred` (it follows from another statement).",
            required=True,
            choices=_BASIS,
        ),
        Column("confidence", "choice", "How sure.", required=True, choices=_CONFIDENCE),
        Column("event_ids", "refs", "Events that it follows from.", refers_to="events"),
        Column("source_ids", "refs", "Who said so.", required=True, refers_to="sources"),
        _NOTE,
    ),
    required=True,
)

CHANGES = Schema(
    "changes",
    "changes.csv",
    (
        _id("Identity, `chg-` and a random part."),
        Column("from_date", "date", "Layer before.", required=True),
        Column("to_date", "date", "Layer after.", required=True),
        Column("date", "date", "When it happened, where known."),
        Column("date_end", "date", "Last possible day."),
        Column("from_controller", "ref", "Who held it.", refers_to="actors"),
        Column("to_controller", "ref", "Who holds it.", refers_to="actors"),
        Column(
            "kind",
            "choice",
            "`advance`, `withdrawal`, `handover`: the ground changed. `correction`, `refinement`: "
            "our picture did.",
            required=True,
            choices=("advance", "withdrawal", "handover", "correction", "refinement"),
        ),
        Column("place_ids", "refs", "Places that it concerns.", refers_to="places"),
        Column("event_ids", "refs", "Events that explain it.", refers_to="events"),
        _SOURCES,
        Column("recorded_at", "date", "Day of the entry.", required=True),
        Column("recorded_by", "text", "Who entered it."),
        Column("supersedes", "ref", "Row that this one replaces.", refers_to="changes"),
        _NOTE,
    ),
)

ASSESSMENTS = Schema(
    "assessments",
    "assessments.csv",
    (
        Column("date", "date", "Day looked at.", required=True),
        Column("scope", "text", "What was looked at.", required=True),
        Column(
            "outcome",
            "choice",
            "So that `nothing moved` is told from `nobody looked`.",
            required=True,
            choices=("changed", "no_change", "partial"),
        ),
        Column("cut_off", "date", "Last day of the material read."),
        _NOTE,
    ),
)

ACTORS = Schema(
    "actors",
    "actors.csv",
    (
        _id("Readable identity; neutral."),
        Column("name", "text", "Name in Latin script.", required=True),
        Column("name_ar", "text", "Name in Arabic script."),
        Column("alternatenames", "text", "Other names, sources' words among them."),
        Column("side", "ref", "The side it fights on; a side names itself.", refers_to="actors"),
        Column("kind", "text", "`side`, `armed faction`, `state army`, ...", required=True),
        Column(
            "color",
            "pattern",
            "Colour of a side on maps, `#rrggbb`.",
            pattern="#[0-9a-f]{6}",
        ),
        Column("notes", "text", "Commanders, backers, doubts."),
    ),
    required=True,
)

ALIGNMENTS = Schema(
    "alignments",
    "alignments.csv",
    (
        Column("actor", "ref", "Who.", required=True, refers_to="actors"),
        Column(
            "relation",
            "choice",
            "How it stands to the other.",
            required=True,
            choices=("part_of", "allied_with", "backed_by", "fights"),
        ),
        Column("other", "ref", "To whom.", required=True, refers_to="actors"),
        Column("valid_from", "date", "First day; empty means before the period."),
        Column("valid_to", "date", "First day on which it holds no longer; empty means still."),
        _SOURCES,
        _NOTE,
    ),
)

VOCABULARY = Schema(
    "vocabulary",
    "vocabulary.csv",
    (
        Column("text", "text", "A word or words, as reports write them.", required=True),
        Column(
            "actor",
            "ref",
            "The side or actor that is meant; empty where it is no name of a place or an actor.",
            refers_to="actors",
        ),
        _NOTE,
    ),
)

SOURCES = Schema(
    "sources",
    "sources.csv",
    (
        _id("Readable identity."),
        Column("publisher", "text", "Who published it.", required=True),
        Column(
            "leaning",
            "ref",
            "Side that the publisher belongs or leans to; empty where none is known.",
            refers_to="actors",
        ),
        Column("title", "text", "Title, or what it is."),
        Column("url", "url", "Where it was read."),
        Column("archived_url", "url", "A copy that stays."),
        Column("published", "date", "Day of publication, where known."),
        Column("accessed", "date", "Day it was read."),
        Column("licence", "text", "Licence of data that we reuse."),
        Column(
            "grade",
            "pattern",
            "Admiralty grade: reliability A-F, credibility 1-6.",
            pattern="[A-F][1-6]",
        ),
    ),
    required=True,
)

CONTEXT = Schema(
    "context",
    "context/*.geojson",
    (
        _id("Readable identity."),
        Column(
            "kind",
            "choice",
            "What it is; drawn, never computed with.",
            required=True,
            choices=("country", "admin1", "road", "zone", "water"),
        ),
        Column("name", "text", "Name in Latin script."),
        Column("name_ar", "text", "Name in Arabic script."),
        Column(
            "accuracy",
            "choice",
            "`schematic` lines are labelled so on every map.",
            required=True,
            choices=("surveyed", "generalised", "schematic"),
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
        Column(
            "sides",
            "refs",
            "Sides that are supplied from here; together they are friends.",
            required=True,
            refers_to="actors",
        ),
        Column("name", "text", "Name in Latin script.", required=True),
        Column("name_ar", "text", "Name in Arabic script."),
        Column(
            "kind",
            "choice",
            "What it is.",
            required=True,
            choices=("base", "border", "city", "road"),
        ),
        Column("valid_from", "date", "First day; empty means before the period."),
        Column("valid_to", "date", "First day on which it holds no longer; empty means still."),
        _SOURCES,
        _NOTE,
    ),
    geometry=frozenset(
        {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}
    ),
)

SCHEMAS: dict[str, Schema] = {
    schema.name: schema
    for schema in (
        THEATRE,
        CONTROL,
        EVENTS,
        PLACES,
        STATEMENTS,
        CHANGES,
        ASSESSMENTS,
        ACTORS,
        ALIGNMENTS,
        VOCABULARY,
        SOURCES,
        CONTEXT,
        ANCHORS,
    )
}
"""Every schema by its name."""
