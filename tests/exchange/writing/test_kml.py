"""KML is read back by GDAL, and is what its schema allows."""

import re

import numpy as np
import pytest

from tests.exports import HOSTILE, KMZ_NAMES, assert_same_control, hostile, one, read_with_gdal


def test_kml_reads_back_in_gdal(case, tmp_path):
    read, composite = case
    frame = read_with_gdal(one(read, composite, "kml"), ".kml", tmp_path, "Control")
    assert_same_control(frame, composite)
    ended = frame["end"].notna()
    days = frame["end"][ended] + np.timedelta64(1, "D")
    assert list(days.astype(str)) == list(frame["valid_to"][ended])


def test_kml_is_what_its_schema_allows(case):
    etree = pytest.importorskip("lxml.etree")
    fastkml = pytest.importorskip("fastkml.validator")
    read, composite = case
    schema = fastkml.get_schema_parser()
    assert schema.validate(etree.fromstring(one(read, composite, "kml"))), schema.error_log


def test_kml_is_plain_xml_without_entities(case):
    defused = pytest.importorskip("defusedxml.ElementTree")
    read, composite = case
    root = defused.fromstring(one(read, composite, "kml"), forbid_dtd=True)
    marks = root.findall(".//k:Placemark", KMZ_NAMES)
    assert len(marks) == len(composite.intervals()) + len(read.events) + len(read.places)
    begins = [e.text for e in root.findall(".//k:TimeSpan/k:begin", KMZ_NAMES)]
    assert all(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) for text in begins)


def test_kml_text_is_text_in_a_balloon(little):
    defused = pytest.importorskip("defusedxml.ElementTree")
    read, composite = little
    data = one(hostile(read, HOSTILE["markup"]), composite, "kml")
    root = defused.fromstring(data, forbid_dtd=True)
    shown = [e.text for e in root.findall(".//k:Placemark/k:description", KMZ_NAMES)]
    assert not any("<script" in text for text in shown)
    held = {e.text for e in root.findall(".//k:SimpleData[@name='note']", KMZ_NAMES)}
    assert held == {HOSTILE["markup"], *(p.properties["note"] for p in read.places.values())} - {
        None
    }
