"""
The QGIS project of a working copy.

It has a form that offers what the schema allows, snapping and topological editing switched on, the
checks that would refuse the layer later, the colours of our maps, the date before underneath.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from geo.draw import LOOKS, flat_color
from geo.exchange.qgis import symbols
from geo.exchange.qgis.document import (
    MapLayer,
    layer_id,
    qgis_attribute,
    qgis_text,
    render_document,
)
from geo.model import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NULL = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"
"""What QGIS takes for nothing in a list of choices."""

_PRECISION = "0.000001"
"""The grid of the layers, degrees: QGIS rounds new corners to it, so that a save moves none."""

_SNAP_PX = 12
"""How near the pointer must come to a corner to be drawn to it; QGIS's own default."""

_STRIPED = (Status.CONTESTED, Status.MIXED, Status.ADVANCE)
_NOBODYS = (Status.UNKNOWN, Status.NONE)
_OUTLINE, _UNFIT = LOOKS["desk"]["outline"], LOOKS["desk"]["unfit"]
_INK, _WHITE = LOOKS["paper"]["ink"], LOOKS["paper"]["white"]
_GREY = flat_color("contested")
"""Where a holder has no colour."""

_FIRM, _UNSURE = 178, 153
"""How opaque ground is, of 255: what is inferred or only claimed shines through a little more."""

_TOPOLOGY_RULES = (
    "must not overlap",
    "must not have gaps",
    "must not have invalid geometries",
    "must not have duplicates",
)
"""As the topology checker of QGIS spells its rules; one that it does not know it leaves out."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of the form: what may be typed, and what an empty one begins with."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()  # what is shown, what is kept
    is_required: bool = False
    is_unique: bool = False
    is_long: bool = False
    is_locked: bool = False
    rule: str = ""
    rule_words: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class ProjectLayer:
    """A layer beside the one that is edited: to look at, never to change."""

    name: str
    title: str
    dimension: int | None  # None for a table
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class Project:
    """All that a project says."""

    title: str
    words: str
    package: str
    """Name of the GeoPackage beside it."""
    fields: Sequence[FormField]
    sides: Mapping[str, str]
    """Side of each actor."""
    colors: Mapping[str, str]
    bounds: tuple[float, float, float, float]
    edited: str = "control"
    edited_title: str = "control"
    above: Sequence[ProjectLayer] = ()
    previous: ProjectLayer | None = None
    below: Sequence[ProjectLayer] = ()
    credit: str = field(default="")


def render_project(project: Project) -> str:
    """
    Write the project as QGIS reads it.

    Parameters
    ----------
    project
        What the project shows, and what it edits.

    Returns
    -------
    xml
        The text of a ``.qgs`` file.
    """
    edited = MapLayer(
        project.edited, project.edited_title, 2, _edited_style(project), is_locked=False
    )
    previous = [_beside(project.previous)] if project.previous else []
    layers = [*map(_beside, project.above), edited, *previous, *map(_beside, project.below)]
    return render_document(
        layers,
        package=project.package,
        title=project.title,
        words=project.words,
        credit=project.credit,
        bounds=project.bounds,
        behaviour=f"{_snapping([edited, *previous])}\n",
        properties=(
            f"<properties>{_digitizing(edited)}{_topology_checker(edited)}"
            '<Paths><Absolute type="bool">false</Absolute></Paths>'
            '<Measure><Ellipsoid type="QString">EPSG:7030</Ellipsoid></Measure>'
            '<Measurement><AreaUnits type="QString">km2</AreaUnits>'
            '<DistanceUnits type="QString">km</DistanceUnits></Measurement></properties>\n'
        ),
    )


def _beside(layer: ProjectLayer) -> MapLayer:
    """A layer to look at, never to change."""
    name, shown = layer.name, layer.is_shown
    style = _looked_at(layer)
    labelled = name.startswith("places")
    return MapLayer(name, layer.title, layer.dimension, style, is_shown=shown, is_labelled=labelled)


_NAMES = (
    '<labeling type="simple"><settings><text-style fieldName="name" fontSize="8" '
    f'textColor="{symbols.rgba(_INK, 1)}"><text-buffer bufferDraw="1" bufferSize="0.8" '
    f'bufferColor="{symbols.rgba(_WHITE, 1)}"/></text-style><placement placement="%d" dist="1"/>'
    "</settings></labeling>"
)


def _looked_at(layer: ProjectLayer) -> str:
    if layer.dimension is None:
        return ""
    if layer.name == "previous":
        renderer = symbols.outline(_INK, 0.5)
    elif layer.name.startswith("places"):
        # 0: round the point; 2: along the line; 4: level, in the area.
        names = _NAMES % (0, 2, 4)[layer.dimension]
        renderer = symbols.plain_renderer(layer.dimension) + names
    else:
        renderer = symbols.plain_renderer(layer.dimension)
    return f"{renderer}<layerGeometryType>{layer.dimension}</layerGeometryType>"


# --- how to edit --------------------------------------------------------------------


def _snapping(layers: Sequence[MapLayer]) -> str:
    """Corners and edges of the layer and of the date before attract the pointer."""
    # mode 3: each layer its own; type 3: corners and edges; units 1: pixels.
    settings = "".join(
        f'<layer-setting id="{layer_id(layer.name)}" enabled="1" type="3" '
        f'tolerance="{_SNAP_PX}" units="1" minScale="0" maxScale="0"/>'
        for layer in layers
    )
    return (
        f'<snapping-settings enabled="1" mode="3" type="3" tolerance="{_SNAP_PX}" unit="1" '
        'intersection-snapping="1" self-snapping="0" scaleDependencyMode="0" minScale="0" '
        f'maxScale="0"><individual-layer-settings>{settings}</individual-layer-settings>'
        "</snapping-settings>"
    )


def _digitizing(edited: MapLayer) -> str:
    """Shared corners move together; new areas stop at their neighbours."""
    return (
        "<Digitizing>"
        '<TopologicalEditing type="int">1</TopologicalEditing>'
        '<AvoidIntersectionsMode type="int">2</AvoidIntersectionsMode>'
        '<AvoidIntersectionsList type="QStringList">'
        f"<value>{layer_id(edited.name)}</value></AvoidIntersectionsList>"
        "</Digitizing>"
    )


def _topology_checker(edited: MapLayer) -> str:
    """The rules of the plugin that comes with QGIS, for whoever runs it by hand."""
    rules = "".join(
        f'<testname_{i} type="QString">{rule}</testname_{i}>'
        f'<layer1_{i} type="QString">{layer_id(edited.name)}</layer1_{i}>'
        f'<layer2_{i} type="QString">No layer</layer2_{i}>'
        for i, rule in enumerate(_TOPOLOGY_RULES)
    )
    count = len(_TOPOLOGY_RULES)
    return f'<Topol><testCount type="int">{count}</testCount>{rules}</Topol>'


_GEOMETRY_OPTIONS = (
    f'<geometryOptions geometryPrecision="{_PRECISION}" removeDuplicateNodes="1">'
    '<activeChecks type="StringList">'
    '<Option value="QgsIsValidCheck" type="QString"/>'
    '<Option value="QgsGeometryGapCheck" type="QString"/>'
    '<Option value="QgsGeometryOverlapCheck" type="QString"/>'
    '<Option value="QgsGeometryMissingVertexCheck" type="QString"/>'
    "</activeChecks>"
    '<checkConfiguration type="Map"><Option type="Map" name="QgsGeometryGapCheck">'
    '<Option type="double" name="allowedGapsBuffer" value="0"/>'
    '<Option type="bool" name="allowedGapsEnabled" value="false"/>'
    '<Option type="QString" name="allowedGapsLayer" value=""/>'
    "</Option></checkConfiguration></geometryOptions>"
)
"""Checked while editing: a layer with a gap or an overlap is not saved by QGIS either."""


def _edited_style(project: Project) -> str:
    fields = project.fields
    widgets = '<field name="fid"><editWidget type="Hidden"><config/></editWidget></field>'
    widgets += "".join(
        f"<field name={qgis_attribute(one.name)}>{_widget(one)}</field>" for one in fields
    )
    aliases = "".join(
        f'<alias index="{i}" field={qgis_attribute(one.name)} name={qgis_attribute(one.label)}/>'
        for i, one in enumerate(fields, 1)
    )
    defaults = "".join(
        f"<default field={qgis_attribute(one.name)} expression={qgis_attribute(one.default)} "
        'applyOnUpdate="0"/>'
        for one in fields
    )
    editable = "".join(
        f'<field name={qgis_attribute(one.name)} editable="{int(not one.is_locked)}"/>'
        for one in fields
    )
    return (
        f"{_renderer(project)}<layerGeometryType>2</layerGeometryType>{_GEOMETRY_OPTIONS}"
        f"<fieldConfiguration>{widgets}</fieldConfiguration><aliases>{aliases}</aliases>"
        f"<defaults>{defaults}</defaults>{_constraints(fields)}"
        f"<editable>{editable}</editable><editorlayout>generatedlayout</editorlayout>"
        "<previewExpression>"
        + qgis_text('coalesce("controller", "controllers", "status") || \' \' || "id"')
        + "</previewExpression>"
    )


def _widget(one: FormField) -> str:
    if not one.choices:
        long = "true" if one.is_long else "false"
        return (
            '<editWidget type="TextEdit"><config><Option type="Map">'
            f'<Option type="bool" name="IsMultiline" value="{long}"/>'
            '<Option type="bool" name="UseHtml" value="false"/>'
            "</Option></config></editWidget>"
        )
    choices = list(one.choices)
    if not one.is_required:
        choices.insert(0, ("", _NULL))
    options = "".join(
        f'<Option type="Map"><Option type="QString" name={qgis_attribute(shown)} '
        f"value={qgis_attribute(kept)}/></Option>"
        for shown, kept in choices
    )
    return (
        '<editWidget type="ValueMap"><config><Option type="Map">'
        f'<Option type="List" name="map">{options}</Option>'
        "</Option></config></editWidget>"
    )


def _constraints(fields: Sequence[FormField]) -> str:
    """Hard where the layer would be refused."""
    flags, rules = "", ""
    for one in fields:
        bits = one.is_required + 2 * one.is_unique + 4 * bool(one.rule)
        flags += (
            f'<constraint field={qgis_attribute(one.name)} constraints="{bits}" '
            f'notnull_strength="{int(one.is_required)}" unique_strength="{int(one.is_unique)}" '
            f'exp_strength="{int(bool(one.rule))}"/>'
        )
        rules += (
            f"<constraint field={qgis_attribute(one.name)} exp={qgis_attribute(one.rule)} "
            f"desc={qgis_attribute(one.rule_words)}/>"
        )
    return (
        f"<constraints>{flags}</constraints><constraintExpressions>{rules}</constraintExpressions>"
    )


# --- how it looks -----------------------------------------------------------------------


def _renderer(project: Project) -> str:
    """A colour a side, stripes for shared ground, grey where nothing is said, glaring if unfit."""
    sides = _map_of(project.sides)
    colors = _map_of(project.colors)
    first = (
        f'coalesce(map_get({sides}, "controller"), '
        f"map_get({sides}, regexp_substr(\"controllers\", '^([^;]+)')), '')"
    )
    second = (
        f"coalesce(map_get({sides}, regexp_substr(\"controllers\", '^[^;]+;([^;]+)')), {first})"
    )
    shared = ", ".join(f"'{word}'" for word in (*_STRIPED, *_NOBODYS))
    key = f'CASE WHEN "status" IN ({shared}) THEN "status" ELSE {first} END'
    fill = (
        f"set_color_part(coalesce(map_get({colors}, {first}), '{_GREY}'), 'alpha', "
        f"if(\"basis\" IN ('inferred', 'claimed'), {_UNSURE}, {_FIRM}))"
    )
    stripe = f"coalesce(map_get({colors}, {second}), '{_GREY}')"
    # QGIS takes a quarter of 255 for faint; grey needs no expression.
    items = [(side, side, _fill(color, fill)) for side, color in sorted(project.colors.items())]
    items += [(word, word, _fill(flat_color(word), fill, stripe)) for word in _STRIPED]
    items += [(word, word, _fill(flat_color(word))) for word in _NOBODYS]
    items.append(("", "neither side nor status: fill in the form", _fill(_UNFIT)))
    drawn = [
        symbols.symbol("fill", str(i), cells.replace("@@", f"@{i}@1"))
        for i, (_, _, cells) in enumerate(items)
    ]
    return symbols.categorized(key, [item[:2] for item in items], drawn)


def _map_of(pairs: Mapping[str, str]) -> str:
    """A mapping as QGIS writes one in an expression; ids and colours only, so no quotes."""
    inner = ", ".join(f"'{key}', '{value}'" for key, value in sorted(pairs.items()))
    return f"map({inner})"


def _fill(color: str, fill: str = "", stripe: str = "") -> str:
    """The layers of a symbol; `fill` and `stripe` are expressions that give the colour itself."""
    opacity = (_FIRM if fill else 64) / 255
    cells = symbols.ground(color, opacity, _WHITE if fill else _OUTLINE, width="0.3")
    cells = _bound(cells, "fillColor", fill)
    if stripe:
        line = symbols.layer("SimpleLine", line_color=symbols.rgba(_OUTLINE, 1), line_width="1.2")
        cells += symbols.stripes("@@", _bound(line, "outlineColor", stripe), distance="3")
    return cells


def _bound(cells: str, name: str, expression: str) -> str:
    """A symbol layer of which one property follows an expression."""
    if not expression:
        return cells
    bound = (
        '<data_defined_properties><Option type="Map">'
        '<Option type="QString" name="name" value=""/>'
        f'<Option type="Map" name="properties"><Option type="Map" name="{name}">'
        '<Option type="bool" name="active" value="true"/>'
        f'<Option type="QString" name="expression" value={quoteattr(expression)}/>'
        '<Option type="int" name="type" value="3"/></Option></Option>'
        '<Option type="QString" name="type" value="collection"/>'
        "</Option></data_defined_properties></layer>"
    )
    return cells.removesuffix("</layer>") + bound
