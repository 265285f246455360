"""What-ifs: what they take, what they cut off, and that no door lets one into control."""

import datetime as dt
import json
from dataclasses import replace

import pytest
import shapely

from geo import open_layers
from geo.control.composite import Composite
from geo.control.siege import by_date
from geo.control.siege.necks import find_side_necks
from geo.control.siege.rules import UnknownRule
from geo.control.siege.what_if import WhatIf
from geo.control.testing import FIRST_DAY, area, grid
from geo.draw.page import records
from geo.draw.page.records import necks_by_date, what_if_record
from geo.errors import GeoError, LayerError, SchemaError
from geo.layers import geojson
from geo.layers.folder import read_folder, write_control
from geo.layers.what_if import WHAT_IF, read_advance
from geo.model import CONTROL, WHAT_IF_ID, WHAT_IF_MARK

CORRIDOR = ["bbbbbbb", "baabaab", "baaaaab", "baabaab", "bbbbbbb"]
BASE = {"base": shapely.Point(37.55, 33.25)}
PLACES = {"west": (37.15, 33.25), "middle": (37.35, 33.25)}
CUT = ((37.35, 33.4), (37.35, 33.1))


def theatre(rows):
    """A picture in letters whose sides have ids that a file may hold: each letter twice."""
    patches = [
        replace(one, label=replace(one.label, controller=2 * one.label.controller))
        for one in grid(*rows)
    ]
    return Composite.build(area(*rows), {FIRST_DAY: patches})


def supply(_day, side):
    return {"anchors": BASE if side == "aa" else {}, "places": PLACES, "friends": []}


@pytest.fixture
def asked():
    return WhatIf.of(theatre(CORRIDOR), FIRST_DAY, "bb", [CUT], width_km=3, supply=supply)


@pytest.fixture
def saved(asked, tmp_path):
    return asked.save(tmp_path / "what-if", layers=tmp_path / "layers")


def test_it_says_what_is_taken_from_whom_and_what_that_cuts_off(asked):
    (row,) = asked.change().itertuples(index=False)
    # Three kilometres broad, and as long as the corridor is high: a tenth of a degree.
    assert row[:2] == ("aa", "bb")
    assert row.area_km2 == pytest.approx(3 * 11.09, rel=0.01)
    assert asked.places_taken() == ("middle",)
    sieges = asked.sieges(["passable"])
    assert sieges["side"].tolist() == ["aa"]
    assert sieges["besieged"].tolist() == ["west"]
    assert sieges["before_km2"].tolist() == [0]
    assert asked.cut_off().contains(shapely.Point(PLACES["west"]))
    assert not asked.cut_off().intersects(asked.taken.buffer(-1e-4))


def test_what_is_cut_off_already_is_not_besieged_anew():
    closed = ["bbbbbbb", "baabaab", "baabaab", "baabaab", "bbbbbbb"]
    asked = WhatIf.of(theatre(closed), FIRST_DAY, "bb", [CUT], width_km=1, supply=supply)
    (row,) = asked.sieges(["passable"]).itertuples(index=False)
    assert (row.place_ids_before, row.place_ids_after, row.besieged) == ("west", "west", "")
    assert row.before_km2 == pytest.approx(row.after_km2)
    assert asked.change().empty


def test_a_prong_each_is_taken_and_one_outside_is_refused():
    layers = theatre(CORRIDOR)
    two = WhatIf.of(
        layers, FIRST_DAY, "bb", [[PLACES["west"]], [PLACES["middle"]]], width_km=2, supply=supply
    )
    assert set(two.places_taken()) == {"west", "middle"}
    assert shapely.get_num_geometries(two.taken) >= 2
    with pytest.raises(ValueError, match="outside the study area"):
        WhatIf.of(layers, FIRST_DAY, "bb", [CUT, [(0.0, 0.0)]], width_km=2, supply=supply)


def test_it_comes_back_from_its_file(asked, saved):
    kept = read_advance(saved, sides={"aa", "bb"}, days=[FIRST_DAY])
    again = WhatIf.beside(theatre(CORRIDOR), kept, supply)
    assert again.question == asked.question
    assert again.question.endswith("nobody reported this")
    assert again.change().equals(asked.change())
    assert again.sieges().equals(asked.sieges())
    assert asked.save(saved.parent, layers=saved.parent.parent / "layers") == saved


def test_another_theatre_is_no_ground_for_it(saved):
    with pytest.raises(SchemaError, match="does not have"):
        read_advance(saved, sides={"aa"}, days=[FIRST_DAY])
    with pytest.raises(SchemaError, match="does not have"):
        read_advance(saved, sides={"aa", "bb"}, days=[])


def test_nothing_is_written_into_the_layers_folder(asked, tmp_path):
    for folder in ("layers", "layers/what-if", "layers/control"):
        with pytest.raises(GeoError, match="layers folder"):
            asked.save(tmp_path / folder, layers=tmp_path / "layers")
    assert list(tmp_path.iterdir()) == []


def test_every_patch_says_what_it_is(saved):
    features = json.loads(saved.read_text())["features"]
    assert features
    for one in (feature["properties"] for feature in features):
        assert one["id"].startswith(WHAT_IF_ID)
        assert "nobody reported" in one[WHAT_IF_MARK]


# ------------------------------------------------------------ no door lets one into control


def disguised(saved, how):
    """The file as a layer of control, whole, without its marks, or with other ids."""
    text = json.loads(saved.read_text())
    for feature in text["features"]:
        values = feature["properties"]
        if how == "by its ids":
            for name in (WHAT_IF_MARK, "from_date", "advancing"):
                del values[name]
        if how == "by its mark":
            values["id"] = "ctl-" + values["id"].removeprefix(WHAT_IF_ID)
        if how == "by its mark alone":
            del values["id"]
    return json.dumps(text).encode()


WAYS = ["whole", "by its ids", "by its mark"]


@pytest.mark.parametrize("how", WAYS)
def test_the_reader_the_writer_and_the_formatter_refuse_it(saved, how):
    data = disguised(saved, how)
    for door in (
        lambda: geojson.parse_geojson(data, schema=CONTROL, file="control/2001-01-01.geojson"),
        lambda: geojson.fmt_geojson(data, schema=CONTROL, file="control/2001-01-01.geojson"),
    ):
        with pytest.raises(SchemaError) as refused:
            door()
        assert "control.what-if" in {issue.code for issue in refused.value.issues}


def test_an_id_that_is_given_anew_does_not_hide_it(saved):
    data = disguised(saved, "by its mark alone")
    with pytest.raises(SchemaError, match="nobody reported"):
        geojson.fmt_geojson(data, schema=CONTROL, file="x", assign_ids=True)


def bytes_of(folder):
    every = (p for p in folder.rglob("*") if p.is_file() and ".frontline" not in p.parts)
    return {p.relative_to(folder): p.read_bytes() for p in every}


def test_write_control_refuses_features_of_one(small, saved):
    folder = read_folder(small)
    before = bytes_of(small)
    day = next(iter(folder.control))
    features = geojson.read_geojson(saved, root=saved.parent, schema=WHAT_IF).features
    marked = replace(folder.control[day].features[0], id="what-if-ctl-mid")
    properties = {**marked.properties, "id": marked.id}
    for some in (features, [replace(marked, properties=properties)]):
        with pytest.raises(SchemaError, match="nobody reported"):
            write_control(folder, day, some)
    assert bytes_of(small) == before


@pytest.mark.parametrize("how", WAYS)
def test_a_folder_that_holds_one_is_not_read_and_check_says_why(frontline, small, saved, how):
    (small / "control/2017-07-01.geojson").write_bytes(disguised(saved, how))
    before = bytes_of(small)
    with pytest.raises(LayerError, match="nobody reported"):
        open_layers(small)
    code, out, _ = frontline("check", small)
    assert code == 1
    assert "control.what-if" in out
    assert frontline("fmt", small)[0] == 1
    assert bytes_of(small) == before


# ------------------------------------------------------------ the command


def test_the_command_prints_the_question_and_writes_beside_the_layers(frontline, small):
    before = bytes_of(small)
    words = ("what-if", "2017-07-01", "--advance", "blue", "--layers", small)
    code, out, _ = frontline(*words, "--through", "mid_well", "37.6,33.5", "--width", "1")
    assert code == 0
    assert "Nobody reported this" in out
    assert "blue would take" in out
    (path,) = (small.parent / "what-if").iterdir()
    assert out.rstrip().endswith(str(path))
    assert bytes_of(small) == before
    code, out, _ = frontline(
        *words, "--through", "mid_well", "--through", "37.6,33.5", "--format", "json"
    )
    found = json.loads(out)
    assert (code, found["advancing"], found["from_date"]) == (0, "blue", "2017-07-01")
    assert " and through " in found["question"]
    assert {row["unknown"] for row in found["sieges"]} == {"passable", "enemy", "own"}


@pytest.mark.parametrize(
    ("through", "code", "said"),
    [
        (("mid_wel",), 1, "did you mean mid_well"),
        (("1,1",), 2, "outside the study area"),
        (("37.5;33.5",), 1, "no place"),
    ],
)
def test_an_advance_through_nowhere_writes_nothing(frontline, small, through, code, said):
    words = ("what-if", "2017-07-01", "--advance", "blue", "--layers", small, "--through")
    found = frontline(*words, *through)
    assert (found[0], found[1]) == (code, "")
    assert said in found[2]
    assert not (small.parent / "what-if").exists()


def test_a_map_shows_a_what_if_only_as_one(frontline, small, tmp_path):
    words = ("what-if", "2017-07-01", "--advance", "blue", "--layers", small, "--through")
    path = frontline(*words, "mid_well")[1].split()[-1]
    page = tmp_path / "map.html"
    assert frontline("map", small, "--what-if", path, "-o", page)[0] == 0
    assert "nobody reported this" in page.read_text()
    assert frontline("map", small, "--what-if", small / "places.geojson", "-o", page)[0] == 1


# ------------------------------------------------------------ what the page gets


def test_the_page_gets_each_cut_once_with_three_answers():
    layers = theatre(["bbbbbbb", "baabaab", "baa?aab", "baabaab", "bbbbbbb"])
    (found,) = necks_by_date(layers, supply)
    (mine,) = [one for one in found if one["sides"] == ["aa"]]
    assert mine["km"] == pytest.approx(11.1)
    assert mine["answers"]["enemy"] == "off"
    assert mine["answers"]["passable"] < mine["answers"]["own"]
    assert mine["places"] == ("west",)
    assert len(mine["line"]) == len(mine["legs"]) == 1
    assert shapely.polygons(mine["pocket"][0]).contains(shapely.Point(PLACES["west"]))


def test_friends_stand_together_on_the_page():
    layers = theatre(["bbbbbbb", "baabcab", "baaaacb", "baabaab", "bbbbbbb"])

    def allied(_day, side):
        friends = {"aa": ["cc"], "cc": ["aa"]}.get(side, [])
        return {"anchors": BASE if friends else {}, "places": PLACES, "friends": friends}

    (found,) = necks_by_date(layers, allied)
    assert [one["sides"] for one in found if "aa" in one["sides"]] == [["aa", "cc"]]


@pytest.mark.parametrize(("middle", "asked_for"), [("baaaaab", 1), ("baa?aab", 3)])
def test_readings_of_unknown_ground_are_asked_where_there_is_some(monkeypatch, middle, asked_for):
    layers = theatre(["bbbbbbb", "baabaab", middle, "baabaab", "bbbbbbb"])
    sides = []

    def counted(ground, *given):
        sides.append(ground.rules.side)
        return find_side_necks(ground, *given)

    monkeypatch.setattr(by_date, "find_side_necks", counted)
    ((_, found),) = by_date.necks_of_all_dates(layers, supply)
    assert sides.count("aa") == asked_for
    (mine,) = [one for one in found if one.sides == ("aa",)]
    assert set(mine.answers) == set(UnknownRule)


def test_necks_are_kept_by_layer_and_of_many_layers_only_those_of_the_two_dates(monkeypatch):
    monkeypatch.setattr(records, "_ALL_DATES", 2)
    days = [FIRST_DAY + dt.timedelta(n) for n in range(4)]
    patches = {day: theatre(CORRIDOR).patches(FIRST_DAY) for day in days}
    layers = Composite.build(area(*CORRIDOR), patches)
    digests = {f"control/{day}.geojson": f"kept-by-layer-{day}" for day in days}
    asked_for = []

    def counted(composite, given, some):
        asked_for.append(*some)
        return necks_by_date(composite, given, some)

    monkeypatch.setattr(records, "necks_by_date", counted)
    found = records.kept_necks(digests, layers, supply, (days[1], days[2]))
    assert [one is None for one in found] == [True, False, False, True]
    assert asked_for == [days[1], days[2]]
    every = records.kept_necks(digests, layers, supply)
    assert asked_for == [days[1], days[2], days[0], days[3]]
    assert json.dumps(every[1:3]) == json.dumps(found[1:3])
    records.kept_necks({**digests, f"control/{days[3]}.geojson": "new"}, layers, supply)
    assert asked_for[4:] == [days[3]]


def test_the_page_gets_what_would_be_taken_and_cut_off(asked):
    layers = theatre(CORRIDOR)
    record = what_if_record(asked, layers)
    assert (record["date"], record["side"]) == (0, "bb")
    assert shapely.polygons(record["taken"][0]).contains(shapely.Point(PLACES["middle"]))
    assert shapely.polygons(record["off"][0]).contains(shapely.Point(PLACES["west"]))


# ------------------------------------------------------------ the case that ships


# The last layer on which the west hangs together with the rest by ground that is drawn.
JOINED = "2017-07-12"


@pytest.fixture(scope="module")
def rif(shipped):
    return open_layers(shipped)


def test_a_neck_that_holds_the_west_is_made_of_legs(rif):
    rows = rif.necks(JOINED, "opposition", bands=False, unknown="enemy").itertuples()
    row = next(rows)
    legs = row.legs.split("; ")
    assert len(legs) == row.leg_count == len(shapely.get_parts(row.geometry))
    known = {event.id for event in rif.folder.events}
    assert set(filter(None, row.event_ids.split(";"))) <= known


def test_an_advance_over_a_neck_besieges_what_lies_behind(rif):
    row = next(rif.necks(JOINED, "opposition", bands=False, unknown="enemy").itertuples())
    prongs = [
        [tuple(xy) for xy in shapely.get_coordinates(leg)[[0, -1]]]
        for leg in shapely.get_parts(row.geometry)
    ]
    asked = rif.what_if(JOINED, "government", *prongs)
    sieges = asked.sieges(["enemy"]).set_index("side")
    behind = set(row.place_ids.split(";"))
    besieged = set(sieges.loc["opposition", "besieged"].split(";"))
    assert len(behind & besieged) >= len(behind) / 2


@pytest.mark.slow
def test_isolation_without_a_side_answers_for_each(frontline, shipped):
    words = ("isolation", "2017-07-31", "--unknown", "enemy", "--format", "json")
    code, out, _ = frontline(*words, "--layers", shipped)
    rows = json.loads(out)
    assert code == 0
    assert {"opposition", "government"} <= {row["side"] for row in rows}
    mine = {row["place_id"]: row for row in rows if row["side"] == "opposition"}
    assert mine["tulul_al_safa"]["length_km"] == 0, "cut off already"
    for row in rows:
        assert bool(row["cut"]) == bool(row["length_km"])
        assert not row["cut"] or row["cut"].startswith(("LINESTRING", "MULTILINESTRING"))


def test_a_composite_of_one_is_a_composite_like_any_other(asked):
    assert isinstance(asked.after, Composite)
    total = asked.after.areas()["area_km2"].sum()
    assert total == pytest.approx(asked.before.areas()["area_km2"].sum())
    assert {patch.label.patch for patch in asked.patches} == {
        "what-if-bb", *(f"what-if-patch-{one}" for one in "ab"),
    }  # fmt: skip
