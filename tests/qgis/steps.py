"""
What an analyst does in QGIS, without a screen: run by the Python that QGIS is installed for.

    echo '{"describe": []}' | python3 steps.py PROJECT

Reads the steps and their arguments as one JSON object, and writes their answers as another.
"""

import json
import sys

from qgis.core import (
    QgsApplication,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeatureRequest,
    QgsGeometry,
    QgsLineString,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsPoint,
    QgsPointXY,
    QgsProject,
    QgsRenderContext,
    QgsVectorFileWriter,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QSize


def described(project, layer):
    """What the project asks of whoever edits: as QGIS understood it."""
    fields = layer.fields()
    constraints = {field.name(): layer.fieldConstraints(i) for i, field in enumerate(fields)}
    widgets = {f.name(): layer.editorWidgetSetup(i) for i, f in enumerate(fields)}
    snapping = project.snappingConfig()
    return {
        "layers": [item.name() for item in project.layerTreeRoot().findLayers()],
        "valid": all(one.isValid() for one in project.mapLayers().values()),
        "read_only": sorted(o.name() for o in project.mapLayers().values() if o.readOnly()),
        "topological": project.topologicalEditing(),
        "avoid": [one.name() for one in project.avoidIntersectionsLayers()],
        "avoid_mode": int(project.avoidIntersectionsMode()),
        "snapping": snapping.enabled(),
        "snapped": sorted(
            one.name()
            for one in project.mapLayers().values()
            if one.id() in {k.id() for k in snapping.individualLayerSettings()}
        ),
        "tolerances": sorted(
            {s.tolerance() for s in snapping.individualLayerSettings().values() if s.enabled()}
        ),
        "checks": sorted(layer.geometryOptions().geometryChecks()),
        "precision": layer.geometryOptions().geometryPrecision(),
        "topology_rules": project.readNumEntry("Topol", "/testCount")[0],
        "widgets": {name: setup.type() for name, setup in widgets.items()},
        "choices": {
            name: [next(iter(o.values())) for o in setup.config()["map"]]
            for name, setup in widgets.items()
            if setup.type() == "ValueMap"
        },
        "constraints": {name: int(value) for name, value in constraints.items()},
        "rules": {
            field.name(): layer.constraintExpression(i)
            for i, field in enumerate(fields)
            if layer.constraintExpression(i)
        },
        "categories": [c.value() for c in layer.renderer().categories()],
        "default_id": layer.defaultValueDefinition(fields.indexFromName("id")).expression(),
    }


def counts(project, _):
    """How many features each layer has, and of which dimension they are."""
    return {
        one.name(): [int(one.geometryType()), one.featureCount()]
        for one in project.mapLayers().values()
    }


def unfit(_, layer):
    """Features that break a constraint of the form."""
    found = []
    for feature in layer.getFeatures():
        for i, field in enumerate(layer.fields()):
            fine, why = QgsVectorLayerUtils.validateAttribute(layer, feature, i)
            if not fine and field.name() != "fid":
                found.append([feature["id"], field.name(), why])
    return found


def categories(_, layer):
    """How each feature is drawn: the category that its values fall into."""
    renderer, drawing = layer.renderer(), QgsRenderContext()
    scopes = QgsExpressionContextUtils.globalProjectLayerScopes(layer)
    drawing.setExpressionContext(QgsExpressionContext(scopes))
    values = [category.value() for category in renderer.categories()]
    renderer.startRender(drawing, layer.fields())
    answer = {}
    for feature in layer.getFeatures():
        drawing.expressionContext().setFeature(feature)
        keys = renderer.legendKeysForFeature(feature, drawing)
        answer[feature["id"]] = [values[int(key)] for key in keys]
    renderer.stopRender(drawing)
    return answer


def by_id(layer, name):
    request = QgsFeatureRequest().setFilterExpression(f"\"id\" = '{name}'")
    return next(layer.getFeatures(request))


def new_feature(layer, geometry, values):
    """A feature as the form begins it, with defaults filled in."""
    given = {layer.fields().indexFromName(name): value for name, value in values.items()}
    context = layer.createExpressionContext()
    feature = QgsVectorLayerUtils.createFeature(layer, geometry, given, context)
    assert layer.addFeature(feature)
    return feature["id"]


def move_vertex(layer, at, to):
    """Move a corner of all features that have it, as the vertex tool does."""
    moved = 0
    for feature in list(layer.getFeatures()):
        vertices = [(v.x(), v.y()) for v in feature.geometry().vertices()]
        for index, (x, y) in enumerate(vertices):
            if (round(x, 9), round(y, 9)) == tuple(at):
                assert layer.moveVertex(*to, feature.id(), index)
                moved += 1
                break
    return moved


def split(layer, name, line, topological=True):
    """Split one selected feature along a line; topological points go into the neighbours."""
    before = {f["id"] for f in layer.getFeatures()}
    layer.selectByIds([by_id(layer, name).id()])
    result = layer.splitFeatures(QgsLineString([QgsPoint(*xy) for xy in line]), False, topological)
    assert int(result[0] if isinstance(result, tuple) else result) == 0, result
    layer.removeSelection()
    return sorted({f["id"] for f in layer.getFeatures()} - before)


def fill_ring(layer, name, ring, values):
    """Cut a hole and put a new feature into it, as the tool Fill Ring does."""
    points = [QgsPointXY(*xy) for xy in ring]
    layer.selectByIds([by_id(layer, name).id()])
    result = layer.addRing(points)
    assert int(result[0] if isinstance(result, tuple) else result) == 0, result
    layer.removeSelection()
    return new_feature(layer, QgsGeometry.fromPolygonXY([points]), values)


def merge(layer, gone, into):
    """Give the ground of one feature to another and delete it, as Merge Features does."""
    one, other = by_id(layer, into), by_id(layer, gone)
    whole = one.geometry().combine(other.geometry())
    whole.convertToMultiType()
    assert layer.changeGeometry(one.id(), whole)
    assert layer.deleteFeature(other.id())


def delete(layer, name):
    assert layer.deleteFeature(by_id(layer, name).id())


TOOLS = {
    "move": move_vertex,
    "split": split,
    "fill": fill_ring,
    "merge": merge,
    "delete": delete,
}


def edited(_, layer, steps):
    assert layer.startEditing()
    answer = []
    for step in steps:
        name, arguments = step[0], step[1:]
        if name == "change":
            feature = by_id(layer, arguments[0])
            at = layer.fields().indexFromName(arguments[1])
            assert layer.changeAttributeValue(feature.id(), at, arguments[2])
            answer.append(None)
        else:
            answer.append(TOOLS[name](layer, *arguments))
    assert layer.commitChanges(), layer.commitErrors()
    return answer


def exported(project, layer, path):
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GeoJSON"
    code, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, path, project.transformContext(), options
    )
    assert code == 0, message
    return path


def drawn(project, layer, path):
    """The map as a picture."""
    settings = QgsMapSettings()
    settings.setLayers(project.layerTreeRoot().checkedLayers())
    settings.setDestinationCrs(project.crs())
    settings.setOutputSize(QSize(1400, 900))
    settings.setExtent(layer.extent())
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(path)
    return path


def main():
    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    assert project.read(sys.argv[1])
    layer = project.mapLayer("frontline_control")
    assert layer is not None and layer.isValid()
    actions = {
        "describe": described,
        "counts": counts,
        "unfit": unfit,
        "categories": categories,
        "edit": edited,
        "export": exported,
        "draw": drawn,
    }
    steps = json.loads(sys.stdin.read() or "{}")
    answer = {name: actions[name](project, layer, *given) for name, given in steps.items()}
    sys.stdout.write(json.dumps(answer))
    project.clear()
    application.exitQgis()


main()
