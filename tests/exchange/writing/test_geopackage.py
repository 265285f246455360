"""A project steps through time in QGIS."""

import datetime as dt
import os
import subprocess
from xml.etree import ElementTree

import pytest

from geo.exchange.export import write_export

QGIS = """
import sys
from qgis.core import *
from qgis.PyQt.QtCore import QDateTime, Qt
app = QgsApplication([], False)
app.initQgis()
project = QgsProject.instance()
assert project.read(sys.argv[1]), project.error()
layers = project.mapLayersByName
for layer in project.mapLayers().values():
    assert layer.isValid(), layer.name()
for day in sys.argv[2:]:
    begin = QDateTime.fromString(day + "T00:00:00Z", Qt.ISODate)
    span = QgsDateTimeRange(begin, begin.addDays(1), True, False)
    for name in ("control", "events"):
        layer = layers(name)[0]
        context = QgsVectorLayerTemporalContext()
        context.setLayer(layer)
        text = layer.temporalProperties().createFilterString(context, span)
        request = QgsFeatureRequest().setFilterExpression(text)
        print(name, day, sum(1 for _ in layer.getFeatures(request)))
print("renderer", layers("control")[0].renderer().type())
app.exitQgis()
"""


@pytest.mark.slow
def test_qgis_steps_through_the_days_as_the_layers_hold(case, tmp_path):
    python = os.environ.get("QGIS_PYTHON", "/usr/bin/python3")
    try:
        found = subprocess.run([python, "-c", "import qgis.core"], capture_output=True)
    except OSError:
        pytest.skip("no Python with QGIS")
    if found.returncode:
        pytest.skip("no QGIS: install python3-qgis, or set QGIS_PYTHON")
    read, composite = case
    write_export(read, composite, tmp_path / "case.qgs", to="qgis-temporal")
    days = [dt.date(2017, 7, 31), dt.date(2017, 8, 1), dt.date(2017, 8, 2)]
    done = subprocess.run(
        [python, "-c", QGIS, str(tmp_path / "case.qgs"), *map(str, days)],
        capture_output=True,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == 0, done.stderr
    for day in days:
        assert f"control {day} {len(composite.control(day))}" in done.stdout
        events = [
            e
            for e in read.events
            if e.properties["event_date"]
            <= str(day)
            <= (e.properties["end_date"] or e.properties["event_date"])
        ]
        assert f"events {day} {len(events)}\n" in done.stdout
    assert "renderer categorizedSymbol" in done.stdout


def test_a_project_names_its_neighbour_by_its_own_name(little, tmp_path):
    read, composite = little
    paths = write_export(read, composite, tmp_path / "war.qgs", to="qgis-temporal")
    assert [path.name for path in paths] == ["war.qgs", "war.gpkg"]
    assert 'source="./war.gpkg|layername=control"' in paths[0].read_text(encoding="utf-8")


def test_a_project_begins_with_its_credits_and_without_places(little, tmp_path):
    read, composite = little
    path, _ = write_export(read, composite, tmp_path / "war.qgs", to="qgis-temporal")
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    ticked = {e.get("name"): e.get("checked") for e in root.iter("layer-tree-layer")}
    assert (ticked["places"], ticked["control"]) == ("Qt::Unchecked", "Qt::Checked")
    assert read.theatre.properties["name"] in root.findtext("projectMetadata/rights")
