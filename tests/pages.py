"""A small theatre in memory that has every kind of label, event and place, for tests of pages."""

import dataclasses
import datetime as dt
from itertools import cycle
from pathlib import Path

import shapely

from geo import model
from geo.control.composite import Composite
from geo.draw.page import page as maps
from geo.layers.folder import Folder
from geo.layers.geojson import Layer
from geo.layers.tables import Table
from geo.model import Feature, Label, Patch, Row

PICTURES = {
    dt.date(2017, 5, 1): ("ggii", "goiu", "oouu"),
    dt.date(2017, 7, 31): ("ggiu", "ggoc", "oomn"),
    dt.date(2017, 8, 2): ("gggu", "gooc", "ooan"),
    dt.date(2017, 9, 1): ("gggg", "ggoc", "ooan"),
}
"""North is up; see `LABELS` for the letters."""

LABELS = {
    "g": ("saa", "", "controlled", "reported", "high"),
    "o": ("opposition", "", "controlled", "inferred", "moderate"),
    "i": ("is", "", "controlled", "claimed", "low"),
    "c": ("", "government;opposition", "contested", "reported", "moderate"),
    "m": ("", "opposition;is", "mixed", "assessed", "moderate"),
    "a": ("opposition", "", "advance", "reported", "low"),
    "u": ("", "", "unknown", "", ""),
    "n": ("", "", "none", "assessed", "high"),
}
AREA = shapely.box(37.0, 33.0, 38.0, 33.75)
BEFORE, AFTER = dt.date(2017, 7, 31), dt.date(2017, 8, 2)


def feature(schema, geometry=None, **given):
    """A feature with every key of its schema."""
    assert set(given) <= set(schema.names), set(given) - set(schema.names)
    return Feature(given["id"], dict.fromkeys(schema.names) | given, geometry)


def row(schema, **given):
    """A row with every column of its schema."""
    assert set(given) <= set(schema.names), set(given) - set(schema.names)
    return Row(given.get("id", ""), dict.fromkeys(schema.names) | given)


def table(schema, *rows):
    """A table of rows."""
    return Table(schema.path, schema, tuple(row(schema, **given) for given in rows), (), "")


def cells(picture):
    """The ground of each letter of a picture."""
    high, wide = len(picture), len(picture[0])
    dx, dy = 1.0 / wide, 0.75 / high
    found = {}
    for j, line in enumerate(picture):
        for i, letter in enumerate(line):
            x, y = 37 + i * dx, 33.75 - (j + 1) * dy
            cell = shapely.box(round(x, 6), round(y, 6), round(x + dx, 6), round(y + dy, 6))
            found.setdefault(letter, []).append(cell)
    return {letter: shapely.union_all(many) for letter, many in found.items()}


def control_layer(day, picture):
    """The features of one date."""
    features = []
    for letter, ground in sorted(cells(picture).items()):
        controller, controllers, status, basis, confidence = LABELS[letter]
        features.append(
            feature(
                model.CONTROL,
                ground,
                id=f"ctl-{letter}",
                controller=controller or None,
                controllers=controllers or None,
                status=status,
                basis=basis or None,
                confidence=confidence or None,
                statement_ids="stm-1;stm-2" if letter == "o" else None,
                source_ids="monitor" if letter in "go" else None,
                note=f"Why {letter}." if letter != "u" else None,
            )
        )
    return Layer(f"control/{day}.geojson", model.CONTROL, tuple(features), (), "")


def composite_of(folder):
    """The composite of a folder."""
    snapshots = {
        day: [
            Patch(
                Label(
                    *(
                        str(f.properties[key] or "")
                        for key in ("controller", "controllers", "status", "basis", "confidence")
                    ),
                    patch=f.id,
                ),
                f.geometry,
            )
            for f in layer.features
        ]
        for day, layer in folder.control.items()
    }
    return Composite.build(folder.area, snapshots, folder.sides)


def drawn(folder, path, language="en"):
    """The page of a folder, saved."""
    page = maps.draw_page(
        folder, composite_of(folder), before=BEFORE, after=AFTER, language=language
    )
    return page.save(path)


def theatre():
    """The whole folder."""
    point = shapely.Point
    places = [
        feature(
            model.PLACES,
            point(37.4, 33.4),
            id="bir_umm",
            name="Bir Umm",
            name_ar="بئر أم",
            alternatenames="Beer Om;Be'r Umm",
            kind="well",
            admin1="Rif",
            geo_radius_m=6000,
            coord_method="inferred",
            coord_source="From a description.",
            note="A note on the place.",
        ),
        feature(
            model.PLACES,
            point(37.2, 33.6),
            id="qasr",
            name="Qasr al-Rih",
            name_ar="قصر الريح",
            kind="city",
            geo_radius_m=500,
            coord_method="located",
            coord_source="Gazetteer",
        ),
        feature(
            model.PLACES,
            id="lost",
            name="Lost Hill",
            kind="hill",
            coord_method="none",
            source_ids="monitor",
        ),
    ]
    event = {
        "time_precision": 1,
        "event_type": "Battles",
        "sub_event_type": "Armed clash",
        "actor1": "opposition",
        "actor2": "saa",
        "source_ids": "monitor;press",
        "confidence": "moderate",
    }
    taken = {"sub_event_type": "Non-state actor overtakes territory", "change_id": "chg-1"}
    blast = {"event_type": "Explosions/Remote violence", "sub_event_type": "Air/drone strike"}
    talk = {"event_type": "Strategic developments", "sub_event_type": "Agreement"}
    events = [
        feature(
            model.EVENTS,
            point(37.4, 33.4),
            **(event | taken),
            id="evt-1",
            event_date="2017-08-01",
            end_date="2017-08-02",
            place_id="bir_umm",
            location="Beer Om",
            geo_precision=2,
            geo_radius_m=6000,
            notes="Taken at night.",
            fatalities=3,
        ),
        feature(
            model.EVENTS,
            point(37.4, 33.4),
            **(event | blast),
            id="evt-2",
            event_date="2017-08-02",
            place_id="bir_umm",
            notes="A strike.",
        ),
        feature(
            model.EVENTS,
            point(37.7, 33.2),
            **(event | blast | {"time_precision": 2}),
            id="evt-3",
            event_date="2017-07-30",
            location="Somewhere east",
            geo_radius_m=20000,
            geo_precision=3,
        ),
        feature(
            model.EVENTS,
            **(event | talk),
            id="evt-4",
            event_date="2017-08-03",
            notes="A statement.",
        ),
    ]
    return Folder(
        root=Path(),
        theatre=feature(
            model.THEATRE,
            AREA,
            id="trial",
            name="Trial theatre",
            name_ar="مسرح تجريبي",
            timezone="Asia/Damascus",
            before=str(BEFORE),
            after=str(AFTER),
            summary="One night changed it.",
            summary_ar="تغيّر في ليلة واحدة.",
            attribution="Made for tests.",
            note="A box.",
        ),
        control={day: control_layer(day, picture) for day, picture in PICTURES.items()},
        events=tuple(events),
        places={place.id: place for place in places},
        statements=table(
            model.STATEMENTS,
            {
                "id": "stm-1",
                "place_id": "bir_umm",
                "date": "2017-08-02",
                "date_precision": "day",
                "status": "controlled",
                "controller": "opposition",
                "basis": "reported",
                "confidence": "moderate",
                "source_ids": "monitor",
                "note": "They hold it.",
            },
            {
                "id": "stm-2",
                "place_id": "lost",
                "date": "2017-07-20",
                "date_precision": "week",
                "status": "contested",
                "controllers": "opposition;is",
                "basis": "claimed",
                "confidence": "low",
                "source_ids": "press",
            },
        ),
        changes=table(
            model.CHANGES,
            {
                "id": "chg-1",
                "from_date": "2017-07-31",
                "to_date": "2017-08-02",
                "date": "2017-08-01",
                "from_controller": "saa",
                "to_controller": "opposition",
                "kind": "advance",
                "place_ids": "bir_umm",
                "event_ids": "evt-1",
                "source_ids": "monitor",
                "recorded_at": "2026-01-01",
                "note": "Why it changed hands.",
            },
        ),
        assessments=table(
            model.ASSESSMENTS,
            {"date": "2017-06-10", "scope": "all", "outcome": "no_change", "note": "Quiet."},
        ),
        actors=table(
            model.ACTORS,
            {
                "id": "government",
                "name": "Government",
                "name_ar": "الحكومة",
                "side": "government",
                "kind": "side",
                "color": "#bf4522",
            },
            {
                "id": "saa",
                "name": "Army",
                "name_ar": "الجيش",
                "side": "government",
                "kind": "state army",
                "notes": "Part of the government's forces.",
            },
            {
                "id": "opposition",
                "name": "Opposition",
                "name_ar": "المعارضة",
                "side": "opposition",
                "kind": "side",
                "color": "#55bb98",
                "alternatenames": "Factions",
            },
            {
                "id": "is",
                "name": "Islamic State",
                "name_ar": "تنظيم الدولة",
                "side": "is",
                "kind": "side",
                "color": "#292528",
            },
        ),
        alignments=table(model.ALIGNMENTS),
        vocabulary=table(model.VOCABULARY),
        sources=table(
            model.SOURCES,
            {
                "id": "monitor",
                "publisher": "Monitor",
                "title": "Daily report",
                "url": "https://example.org/1?a=1&b=2",
                "published": "2017-08-02",
                "grade": "B2",
            },
            {
                "id": "press",
                "publisher": "Press",
                "leaning": "opposition",
                "archived_url": "http://example.org/old",
            },
        ),
        context=(
            feature(
                model.CONTEXT,
                shapely.box(36.5, 32.5, 38.5, 33.2),
                id="land",
                kind="country",
                name="Land",
                name_ar="بلد",
                accuracy="generalised",
            ),
            feature(
                model.CONTEXT,
                shapely.LineString([(36.8, 33.5), (37.5, 33.3), (38.2, 33.35)]),
                id="road",
                kind="road",
                name="Old road",
                accuracy="schematic",
            ),
        ),
        event_layers=(),
        anchors=(),
        issues=(),
        digests={},
    )


def poisoned(folder, texts, urls, colors=("red;}",)):
    """The same folder with other texts and addresses in every cell that may hold any."""
    sources = {"text": cycle(texts), "url": cycle(urls), "pattern": cycle(colors)}

    def cell(column, value):
        return next(sources[column.kind]) if column.kind in sources else value

    def values(schema, old):
        # Closed lists, dates and ids keep their values: the readers let nothing else through.
        return {column.name: cell(column, old[column.name]) for column in schema.columns}

    def features(schema, many):
        return tuple(dataclasses.replace(f, properties=values(schema, f.properties)) for f in many)

    def rows(old):
        changed = (dataclasses.replace(r, values=values(old.schema, r.values)) for r in old.rows)
        return dataclasses.replace(old, rows=tuple(changed))

    return dataclasses.replace(
        folder,
        theatre=features(model.THEATRE, [folder.theatre])[0],
        control={
            day: dataclasses.replace(layer, features=features(model.CONTROL, layer.features))
            for day, layer in folder.control.items()
        },
        events=features(model.EVENTS, folder.events),
        places={f.id: f for f in features(model.PLACES, folder.places.values())},
        context=features(model.CONTEXT, folder.context),
        **{
            name: rows(getattr(folder, name))
            for name in ("statements", "changes", "assessments", "actors", "sources", "tour")
        },
    )


PAYLOADS = (
    '<img src=x onerror="window.__x=1">',
    "</script><script>window.__x=1</script>",
    "<!--<script>",
    '<svg/onload="window.__x=1">',
    "${window.__x=1}",
    "`${window.__x=1}`",
    "\\`${window.__x=1}\\`",
    "'\");window.__x=1;//\u2028window.__x=1\u2029",
    '<a href="javascript:window.__x=1">go</a>',
    '{{cycler.__init__.__globals__.os.popen("id").read()}}',
    "{{cycler.__init__.__globals__.os.popen(dict(id=1)|first).read()}}",
    "{% print(lipsum.__globals__.os.system('id')) %}{# gone #}",
    "frontline-data-goes-here frontline-title-goes-here",
    "<!-- map --><!-- words -->",
    "__proto__",
    "\u202egnp.exe\u202c",
)
"""Text that something, somewhere, has run or been broken by."""

ADDRESSES = (
    "javascript:window.__x=1",
    " java\nscript:window.__x=1",
    "data:text/html,<script>parent.__x=1</script>",
    "vbscript:x",
    "//example.org/protocol-relative",
    'https://example.org/"><img src=x onerror=window.__x=1>',
    "file:///etc/passwd",
)
"""Addresses, of which only the last but one may become a link."""
