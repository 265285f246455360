"""CSV that a spreadsheet opens without harm: one layer, or the events in the columns of ACLED."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from geo.exchange.texts import guard_formula
from geo.exchange.writing.tables import inner_position
from geo.model import EVENTS, split_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.exchange.writing.content import Content
    from geo.layers import Folder
    from geo.model import Feature, Row

_BOM = b"\xef\xbb\xbf"
"""The mark by which a spreadsheet knows UTF-8; without it Arabic names come out as rubbish."""


def render(content: Content, *, layer: str, **_: str) -> dict[str, bytes]:
    """Return the layer, with a position on each shape instead of the shape."""
    table = content.tables[layer].with_position()
    columns = {name: table.values(name) for name in table.names}
    return {".csv": render_columns(columns, credit=content.credit)}


def render_columns(columns: Mapping[str, Sequence[Any]], *, credit: str) -> bytes:
    """Return columns as CSV, each row with its credits."""
    import pandas as pd

    count = len(next(iter(columns.values())))
    cells = {
        name: [_cell(value) for value in values]
        for name, values in {**columns, "attribution": [credit] * count}.items()
    }
    text = StringIO()
    pd.DataFrame(cells, dtype=object).to_csv(text, index=False, lineterminator="\n")
    return _BOM + text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}"
    return guard_formula(value) if isinstance(value, str) else str(value)


_ACLED_COLUMNS = (
    *("event_id_cnty", "event_date", "year", "time_precision", "disorder_type", "event_type"),
    *("sub_event_type", "actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2"),
    *("interaction", "civilian_targeting", "iso", "region", "country", "admin1", "admin2"),
    *("admin3", "location", "latitude", "longitude", "geo_precision", "source", "source_scale"),
    *("notes", "fatalities", "tags", "timestamp"),
)
"""As ACLED's export has them, in its order."""


def render_acled(content: Content, **_: str) -> dict[str, bytes]:
    """Return the events as CSV."""
    folder = content.folder
    actors, sources = folder.rows("actors"), folder.rows("sources")
    rows = [_event_row(event, folder, actors, sources) for event in folder.events]
    columns = {name: [row.get(name) for row in rows] for name in _ACLED_COLUMNS}
    return {".csv": render_columns(columns, credit=content.credit)}


def _event_row(
    event: Feature, folder: Folder, actors: Mapping[str, Row], sources: Mapping[str, Row]
) -> dict[str, Any]:
    """Return one event by ACLED's names."""
    values = event.properties
    place = folder.places.get(str(values["place_id"] or ""))
    row = {name: values[name] for name in _ACLED_COLUMNS if name in EVENTS.names}
    for name in ("actor1", "assoc_actor_1", "actor2", "assoc_actor_2"):
        known = [actors[i].values["name"] for i in split_ids(values[name]) if i in actors]
        row[name] = "; ".join(str(one) for one in known) or None
    lon, lat = inner_position(event.geometry)
    published = [str(sources[i].values["publisher"]) for i in split_ids(values["source_ids"])]
    kind = str(values["event_type"])
    return row | {
        "event_id_cnty": event.id,
        "year": str(values["event_date"])[:4],
        "disorder_type": _disorder_type(kind, str(values["sub_event_type"])),
        "civilian_targeting": "Civilian targeting" if kind.endswith("civilians") else None,
        "admin1": place.properties["admin1"] if place else None,
        "location": values["location"] or (place.properties["name"] if place else None),
        "latitude": lat,
        "longitude": lon,
        "source": "; ".join(dict.fromkeys(published)) or None,
        "tags": f"end_date={values['end_date']}" if values["end_date"] else None,
    }


def _disorder_type(event_type: str, sub_event_type: str) -> str:
    """ACLED's disorder type, as its codebook derives it."""
    if event_type == "Strategic developments":
        return event_type
    if sub_event_type == "Excessive force against protesters":
        return "Political violence; Demonstrations"
    if event_type == "Protests" or sub_event_type == "Violent demonstration":
        return "Demonstrations"
    return "Political violence"
