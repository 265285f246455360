"""Ways to break the little theatre of the tests, each so that exactly one rule speaks."""

import json

from shaped import give_shapes


def edit(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} does not stand in {path}"
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def edit_features(path, change):
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data["features"])
    path.write_text(json.dumps(data), encoding="utf-8")


def feature(features, name):
    return next(f for f in features if f["properties"]["id"] == name)


def append(path, line):
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def change_cells(folder, statement, **cells):
    """Change cells of one statement."""
    file = folder / "statements.csv"
    head, *lines = file.read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]
    next(row for row in rows if row["id"] == statement).update(cells)
    text = "\n".join([head, *(",".join(row.values()) for row in rows), ""])
    file.write_text(text, encoding="utf-8")


def restate(folder, statement, **cells):
    """The same in the theatre with lines and areas, which is made first."""
    give_shapes(folder)
    change_cells(folder, statement, **cells)


def later(folder, day, controller):
    """A further layer in which the strip in the middle is held by somebody."""
    text = (folder / "control/2017-08-01.geojson").read_text(encoding="utf-8")
    (folder / f"control/{day}.geojson").write_text(text, encoding="utf-8")

    def hand_over(features):
        feature(features, "ctl-mid")["properties"]["controller"] = controller

    edit_features(folder / f"control/{day}.geojson", hand_over)
    append(folder / "assessments.csv", f"{day},all,changed,,")


def happens(folder, place, sub_type, **values):
    """Turn the declaration of the little theatre into something that happens at a place."""
    places = json.loads((folder / "places.geojson").read_text(encoding="utf-8"))["features"]

    def change(features):
        event = feature(features, "evt-b")
        event["geometry"] = feature(places, place)["geometry"]
        taking = {"place_id": place, "event_type": "Battles", "sub_event_type": sub_type}
        event["properties"] |= taking | {"geo_precision": 1, "geo_radius_m": 500} | values

    edit_features(folder / "events/2017-07.geojson", change)


def dangling(folder):
    edit(folder / "statements.csv", "mid_well", "mid_wel")


def duplicate(folder):
    text = (folder / "events/2017-07.geojson").read_text(encoding="utf-8")
    (folder / "events/2017-08.geojson").write_text(text, encoding="utf-8")

    def august(features):
        features[:] = [feature(features, "evt-b")]
        features[0]["properties"]["event_date"] = "2017-08-03"

    edit_features(folder / "events/2017-08.geojson", august)


def axes(folder):
    def change(features):
        feature(features, "ctl-east")["properties"]["basis"] = None

    edit_features(folder / "control/2017-08-01.geojson", change)


def parties(folder):
    def change(features):
        feature(features, "ctl-east")["properties"]["controllers"] = "red"

    edit_features(folder / "control/2017-08-01.geojson", change)


def overlap(folder):
    def change(features):
        ring = feature(features, "ctl-west")["geometry"]["coordinates"][0]
        ring[1][0] = ring[2][0] = 37.55

    edit_features(folder / "control/2017-07-01.geojson", change)


def order(folder):
    edit(folder / "alignments.csv", "2017-01-01,2017-08-01", "2017-08-01,2017-08-01")


def early(folder):
    edit(folder / "theatre.geojson", "2017-07-01", "2016-07-01")


def month(folder):
    (folder / "events/2017-07.geojson").rename(folder / "events/2017-06.geojson")


def placeless(folder):
    def change(features):
        feature(features, "lost_well")["properties"]["coord_method"] = "located"

    edit_features(folder / "places.geojson", change)


def moved(folder):
    def change(features):
        feature(features, "evt-a")["geometry"]["coordinates"] = [37.5, 33.5]

    edit_features(folder / "events/2017-07.geojson", change)


def no_side(folder):
    edit(folder / "actors.csv", "blue,side", "blue,army")


def allied_twice(folder):
    append(folder / "alignments.csv", "blue-guard,part_of,blue,2017-07-15,,wire-1,")


def put(folder, place, position):
    def change(features):
        feature(features, place)["geometry"]["coordinates"] = position

    edit_features(folder / "places.geojson", change)


def swapped(folder):
    put(folder, "west_well", [33.5002, 37.2041])


def coarse(folder):
    put(folder, "west_well", [37.2, 33.5])


def no_address(folder):
    edit(folder / "sources.csv", "https://example.org/1", "")


def undated(folder):
    edit(folder / "sources.csv", "2017-08-01", "")


def not_drawn(folder):
    happens(folder, "west_well", "Non-state actor overtakes territory")


def far(folder):
    happens(folder, "west_well", "Armed clash", actor2="red")


def unlooked(folder):
    edit(folder / "assessments.csv", "2017-08-01", "2017-08-03")


def denied(folder):
    edit(folder / "assessments.csv", "2017-08-01,all,changed", "2017-08-01,mid_well,no_change")


def repeated(folder):
    later(folder, "2017-08-05", "blue-guard")


def contradicted(folder):
    edit(
        folder / "statements.csv",
        "stm-mid-2,mid_well,2017-08-01,day,controlled,blue-guard",
        "stm-mid-2,mid_well,2017-08-01,day,controlled,red",
    )


def partisan(folder):
    edit(folder / "sources.csv", "Wire,,A report", "Wire,red,A report")


def flipped(folder):
    later(folder, "2017-08-05", "red")
    row = "chg-back,2017-08-01,2017-08-05,,,blue,red,correction,mid_well,,wire-1,2017-08-06,,,Why."
    append(folder / "changes.csv", row)


def unexplained(folder):
    edit(folder / "changes.csv", "refinement,east_well", "refinement,west_well;lost_well")
    edit(folder / "changes.csv", ",,blue-guard,,refinement", ",,blue-guard,red,refinement")


def idle(folder):
    row = "chg-idle,2017-07-01,2017-08-01,,,,red,refinement,lost_well,,wire-1,2017-08-02,,,Why."
    append(folder / "changes.csv", row)


def bare(folder):
    edit(folder / "changes.csv", "blue-guard,,refinement", "blue-guard,,withdrawal")


def drafted(folder):
    edit(folder / "changes.csv", "The wire gives", "Draft: the wire gives")


def undue(folder):
    edit(folder / "changes.csv", "2017-07-31,2017-08-01,red", "2017-08-03,2017-08-04,red")


def one_way(folder):
    def change(features):
        feature(features, "evt-a")["properties"]["change_id"] = None

    edit_features(folder / "events/2017-07.geojson", change)


def outside(folder):
    give_shapes(folder)

    def move(features):
        geometry = feature(features, "the_neck")["geometry"]
        geometry["coordinates"] = [[38.05, 33.2], [38.1, 33.4]]

    edit_features(folder / "places.geojson", move)


def pointed(folder):
    restate(folder, "stm-front", place_id="east_well")


def shareless(folder):
    restate(folder, "stm-share", share_pct="")


def alone(folder):
    restate(folder, "stm-gap", opposite="blue")


def wide(folder):
    restate(folder, "stm-track", width_from_m="4000")


def denied_inside(folder):
    restate(folder, "stm-west", controller="blue", date="2017-07-02")


def zoneless(folder):
    edit(folder / "theatre.geojson", '"timezone": "', '"timezone": "Mars/')


def superseded(folder):
    lines = (folder / "changes.csv").read_text(encoding="utf-8").splitlines()
    columns, cells = lines[0].split(","), lines[1].split(",")
    cells[columns.index("supersedes")] = cells[0]
    edit(folder / "changes.csv", lines[1], ",".join(cells))


def tell(folder, *rows):
    """Give the little theatre a tour of some rows."""
    head = "id,stop,before,after,view,place_ids,text,text_ar,change_ids,event_ids,source_ids,note"
    (folder / "tour.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")


def backwards(folder):
    tell(folder, "turn,1,2017-08-01,2017-07-01,story,,It turned.,,,,wire-1,")


def numbered_twice(folder):
    row = "1,2017-07-01,2017-08-01,story,,It fell.,,,,wire-1,"
    tell(folder, f"night,{row}", f"dawn,{row}")


def unfounded(folder):
    tell(folder, "night,1,2017-07-01,2017-08-01,story,,It fell.,,,,,")


def elsewhen(folder):
    tell(folder, "eve,1,,2017-07-01,one,,Quiet.,,,evt-b,,")


def unsaid(folder):
    tell(folder, "night,1,2017-07-01,2017-08-01,story,,It fell.,,,,wire-1,Draft: as the ledger.")


BREAKS = {
    "theatre.zone": zoneless,
    "reference.itself": superseded,
    "reference.dangling": dangling,
    "id.duplicate": duplicate,
    "control.axes": axes,
    "control.parties": parties,
    "layer.coverage": overlap,
    "date.order": order,
    "theatre.dates": early,
    "events.month": month,
    "places.located": placeless,
    "places.outside": outside,
    "statements.extent_geometry": pointed,
    "statements.extent_columns": shareless,
    "statements.hands": alone,
    "statements.width": wide,
    "statements.contradicts": denied_inside,
    "actors.side": no_side,
    "alignments.overlap": allied_twice,
    "places.position": swapped,
    "places.precision": coarse,
    "sources.url": no_address,
    "sources.date": undated,
    "events.position": moved,
    "events.unmatched": not_drawn,
    "events.far": far,
    "assessments.missing": unlooked,
    "assessments.denied": denied,
    "layer.repeats": repeated,
    "control.contradicts": contradicted,
    "control.partisan": partisan,
    "history.flip": flipped,
    "ledger.unexplained": unexplained,
    "ledger.idle": idle,
    "ledger.bare": bare,
    "ledger.draft": drafted,
    "ledger.dates": undue,
    "ledger.link": one_way,
    "tour.dates": backwards,
    "tour.twice": numbered_twice,
    "tour.bare": unfounded,
    "tour.elsewhen": elsewhen,
    "tour.draft": unsaid,
}
SAYS = {
    "layer.coverage": {"layer.overlap"},
    "places.position": {"places.swapped"},
    "ledger.unexplained": {"ledger.unexplained", "ledger.idle"},
}
WITHOUT_ID = {"assessments.missing", "date.order", "layer.repeats"}  # of whole files, of rows
