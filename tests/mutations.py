"""Files of others, broken at random by their structure: what may be wrong with real ones."""

import copy
import io
import json
import random
import re
import zipfile

JUNK = (
    *(None, True, False, 0, -1, 1, 1.5, 181, -200, 1e9, 1e308, -1e308, 2**53 + 1, 2**70, 10**400),
    *("", " ", "x", "NaN", "1e999", "-", "0x10", "1_0", "2017", "2017-13-45", "9999-12-31"),
    *("0000-00-00", "0001-01-01", "31/12/9999", "12/11/10", "a" * 5_000, "\u202e", "\0"),
    *(
        "\ud800",
        "é",
        "e\u0301",
        "Загін",
        "قوات",
        "北京",
        "=1+1",
        "<b>",
        "&amp;",
        "{}",
        "[]",
        "a;b;c",
    ),
    *(
        "a;b;c",
        ",",
        "\n",
        "\t",
        "../..",
        "unknown",
        "contested",
        "none",
        "null",
        "..",
        "controlled",
    ),
    *([], {}, [[]], [None], [[[]]], {"type": "Point"}, {"type": None}, [1, 2], [1, 2, 3, 4]),
    *([[0, 0], [1, 1]], {"a": {"a": {"a": []}}}, {"type": "GeometryCollection", "geometries": [1]}),
)


def ring(west=37.0, south=48.0, size=0.2):
    return [
        [west + x * size, south + y * size] for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    ]


def feature(shape, **properties):
    return {"type": "Feature", "properties": properties, "geometry": shape}


def area(*parts):
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": [parts[0]]}
    return {"type": "MultiPolygon", "coordinates": [[part] for part in parts]}


def _control():
    held = [
        feature(area(ring()), controller="RU", date="2024-07-08", note="n", status="controlled"),
        feature(area(ring(38), ring(40)), controller="UA /// B", date="2024-07-08", fill="#f00"),
        feature(area(ring(39)), controllers="a;b", status="contested", date="2024-07-08"),
    ]
    return {"type": "FeatureCollection", "name": "x", "features": held}


def _intervals():
    held = [
        feature(area(ring()), id="1", controller="RU", start="2024-07-01", end="2024-07-10"),
        feature(area(ring(37.1)), id="2", controller="RU", start="2024-07-10", end="2024-07-20"),
        feature(area(ring(38)), id="3", controller="UA", start="5 July 2024", end=None),
    ]
    return {"type": "FeatureCollection", "features": held}


_MARK = (
    "<Placemark><name>{}</name><description><![CDATA[<b>x</b>]]></description>"
    "<TimeSpan><begin>2024-07-{}</begin><end>2024-07-{}</end></TimeSpan>"
    '<ExtendedData><Data name="note"><value>n</value></Data></ExtendedData>'
    "<MultiGeometry><Polygon><outerBoundaryIs><LinearRing><coordinates>"
    "37,48,0 38,48,0 38,49,0 37,48,0</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    "</MultiGeometry></Placemark>"
)


def _kml():
    marks = _MARK.format("Red", "01", "10") + _MARK.format("Red", "11", "20")
    marks += _MARK.format("Загін", "01", "20")
    point = (
        "<Placemark><name>A</name><Point><coordinates>37.1,48.1</coordinates></Point></Placemark>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document><name>d</name><Folder><name>f</name>{marks}</Folder>{point}</Document></kml>"
    )


_TABLES = {
    "acled": "event_id_cnty,event_date,time_precision,event_type,sub_event_type,actor1,"
    "assoc_actor_1,inter1,actor2,location,latitude,longitude,geo_precision,source,notes,fatalities,"
    "tags\n"
    "SYR1,01 August 2017,1,Battles,Armed clash,A (x),B; C,2,Б (x),Alpha,33.2,37.5,1,SOHR; X,n,0,\n"
    "SYR2,02 August 2017,2,Protests,Peaceful protest,D,,6,,Beta,33.3,37.6,2,SANA,n,3,crowd\n",
    "ucdp": "id,date_start,date_end,date_prec,type_of_violence,side_a,side_b,where_coordinates,"
    "latitude,longitude,where_prec,source_office,best,low,high\n"
    "1,2017-08-01,2017-08-02,1,1,A,B,Alpha town,33.2,37.5,1,X,2,1,3\n"
    "2,2017-08-03,2017-08-03,2,3,A,Civilians,Beta,33.3,37.6,2,X,0,0,0\n",
    "events-csv": "date,type,subtype,actor1,actor2,place,lon,lat,source\n"
    "2017-08-01,Battles,Armed clash,A,B,Alpha,37.5,33.2,x\n"
    "2017-08-02,Battles,Armed clash,A,B,Beta,37.6,33.3,y\n",
    "places-csv": "name,lon,lat,kind,admin1,geo_radius_m,aliases\n"
    "Alpha,37.1,48.1,town,X,500,Al;Alf\nBeta,37.3,48.1,village,Y,,\n",
    "statements-csv": "name,held by,date,lat,lon,note\n"
    "Alpha,RU,2024-08-01,48.1,37.1,n\nBeta,Contested,2024-08-01,48.1,37.3,\n"
    "Gamma,UA,2024-08-02,48.1,37.5,x\n",
}


def _esri():
    held = [
        {"attributes": {"controller": who, "date": 1720396800000}, "geometry": {"rings": rings}}
        for who, rings in (
            ("RU", [ring()[::-1], ring(37.05, 48.05, 0.1)]),
            ("UA", [ring(38)[::-1]]),
        )
    ]
    about = {"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 4326}}
    fields = [{"name": "date", "type": "esriFieldTypeDate"}]
    return {**about, "fields": fields, "features": held}


def _topojson():
    held = [
        {"type": kind, "arcs": arcs, "properties": {"controller": who, "date": "2024-07-08"}}
        for kind, arcs, who in (("Polygon", [[0]], "RU"), ("MultiPolygon", [[[~1]]], "UA"))
    ]
    steps = [[0, 0], [200, 0], [0, 200], [-200, 0], [0, -200]]
    return {
        "type": "Topology",
        "transform": {"scale": [0.001, 0.001], "translate": [37, 48]},
        "objects": {"a": {"type": "GeometryCollection", "geometries": held}},
        "arcs": [steps, [[1000, 0], *steps[1:]]],
    }


def _umap():
    layer = {**_control(), "_umap_options": {"name": "x", "remoteData": {}}}
    return {"type": "umap", "uri": "u", "properties": {}, "layers": [layer]}


_DOCUMENTS = {
    "control-geojson": _control,
    "intervals-geojson": _intervals,
    "esri": _esri,
    "topojson": _topojson,
    "umap": _umap,
}
READ_AS = {"kmz": "kml", **dict.fromkeys(("esri", "topojson", "umap"), "control-geojson")}
"""The kind that files of a kind are imported as, where it is not called so."""

KINDS = (*_DOCUMENTS, "kml", "kmz", *_TABLES)


def mutated(kind, seed):
    """The bytes of a valid file of a kind after one to four changes, the same for one seed."""
    chance = random.Random(f"{kind} {seed}")
    changes = chance.choice([1, 1, 1, 2, 4])
    if kind in _DOCUMENTS:
        document = _DOCUMENTS[kind]()
        for _ in range(changes):
            document = _break_json(document, chance)
        data = json.dumps(document).encode()
        if chance.random() < 0.3:
            # As other programs write it, with text that is no escape.
            data = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    elif kind in {"kml", "kmz"}:
        text = _kml()
        for _ in range(changes):
            # Most of a document is tags, and without one of them it is none.
            pieces = r"<[^>]*>" if chance.random() < 0.2 else r"[^<>]+(?=<)"
            text = _break_text(text, chance, pieces)
        data = text.encode("utf-8", "surrogatepass")
        if kind == "kmz":
            data = _zipped(data, chance)
    else:
        text = _TABLES[kind]
        for _ in range(changes):
            text = _break_text(text, chance, r"[^,\n]+|,|\n")
        data = text.encode(
            chance.choice(["utf-8", "utf-8", "utf-16", "utf-8-sig"]), "surrogatepass"
        )
    if chance.random() < 0.15:
        data = _break_bytes(data, chance)
    return data


def _places(value, path=()):
    """Every place in a document."""
    yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inside in list(items):
            yield from _places(inside, (*path, key))


def _break_json(document, chance):
    path = chance.choice(list(_places(document)))
    if not path:
        return chance.choice([document, [document], copy.deepcopy(chance.choice(JUNK))])
    held = document
    for key in path[:-1]:
        held = held[key]
    way = chance.randrange(5)
    if way == 0:
        del held[path[-1]]
    elif way == 1 and isinstance(held, list):
        held.insert(path[-1], held[path[-1]])
    elif way == 2 and isinstance(held, dict):
        held[str(chance.choice(JUNK))[:50]] = held.pop(path[-1])
    elif way == 3 and isinstance(held[path[-1]], int | float):
        factor = chance.choice([-1, 10, 1e-9, 1.0000001, 1e5])
        held[path[-1]] = min(held[path[-1]], 1e300) * factor
    else:
        held[path[-1]] = copy.deepcopy(chance.choice(JUNK))
    return document


def _break_text(text, chance, pieces):
    found = list(re.finditer(pieces, text))
    if not found:
        return text
    one = chance.choice(found)
    junk = chance.choice(JUNK)
    shown = junk if isinstance(junk, str) else json.dumps(junk)
    new = chance.choice(["", one[0] * 2, shown, shown, one[0][: len(one[0]) // 2]])
    return text[: one.start()] + new + text[one.end() :]


def _break_bytes(data, chance):
    at = chance.randrange(max(len(data), 1))
    way = chance.randrange(4)
    if way == 0:
        return data[:at]
    if way == 1:
        return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    if way == 2:
        return data[:at] + data[at : at + 40] * chance.randrange(1, 60) + data[at:]
    return bytes([chance.randrange(256) for _ in range(4)]) + data


def _zipped(data, chance):
    held = io.BytesIO()
    names = chance.choice([["doc.kml"], ["a/b.kml", "doc.kml"], ["x.KML"], ["x.txt"], ["../x.kml"]])
    with zipfile.ZipFile(held, "w", chance.choice([0, zipfile.ZIP_DEFLATED])) as archive:
        for name in names:
            archive.writestr(name, data)
    made = held.getvalue()
    return _break_bytes(made, chance) if chance.random() < 0.5 else made


def broken_json(document, seed):
    """A document after one to four changes."""
    chance = random.Random(f"layer {seed}")
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        document = _break_json(document, chance)
    return document
