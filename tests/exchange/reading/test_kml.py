"""Placemarks become ground and places; what reaches out is refused."""

import datetime as dt
import io
import zipfile

import pytest
import shapely
from shaped import SHAPES

from geo.errors import SchemaError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from tests.exports import made, one
from tests.foreign import assert_adds_up, values

KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>Ground</name>
<Placemark><name>Alpha</name><description><![CDATA[<b>held</b> since May]]></description>
<Polygon><outerBoundaryIs><LinearRing><coordinates>
10,50,0 11,50,0 11,51,0 10,51,0 10,50,0</coordinates></LinearRing></outerBoundaryIs></Polygon>
</Placemark></Folder>
<Placemark><name>Well</name><Point><coordinates>10.5,50.5,120</coordinates></Point></Placemark>
</Document></kml>"""


def kmz(text, name="doc.kml"):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return sink.getvalue()


@pytest.mark.parametrize("content", [KML, kmz(KML)], ids=["kml", "kmz"])
def test_placemarks_become_ground_and_places(content, put):
    pytest.importorskip("defusedxml")
    options = Options(date_from="2022-03-31")
    imported = run_import("kml", [put("theirs.kml", content)], options=options)
    assert_adds_up(imported)
    (patch,) = imported.control[dt.date(2022, 3, 31)]
    assert patch.properties["controller"] == "alpha"
    assert shapely.equals(patch.geometry, shapely.box(10, 50, 11, 51))
    assert [p["name"] for p in values(imported, "places")] == ["Well"]


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><kml>&b;</kml>',
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/hostname">]><kml>&x;</kml>',
        "<html/>",
        "<kml>",
        kmz("x", "picture.png"),
    ],
    ids=["bomb", "file", "html", "torn", "empty archive"],
)
def test_xml_that_reaches_out_or_is_no_kml_is_refused(content, put):
    pytest.importorskip("defusedxml")
    with pytest.raises(SchemaError, match=r"no KML|KML of a size"):
        run_import("kml", [put("theirs.kml", content)])


def test_an_outline_that_says_what_place_it_is_never_becomes_control(shaped, put):
    pytest.importorskip("defusedxml")
    text = one(*made(shaped), "kml")
    imported = run_import("kml", [put("ours.kml", text)], options=Options(end="inclusive"))
    assert_adds_up(imported)
    refused = [i for i in imported.issues if i.code == "import.position"]
    assert len(refused) == len(SHAPES)
    assert "a line or an area is not read from KML" in refused[0].message
    read = {p["name"] for p in values(imported, "places")}
    assert read >= {"West Well", "Mid Well", "East Well", "Lost Well"}
    assert not read & {name.replace("_", " ").title() for name in SHAPES}
