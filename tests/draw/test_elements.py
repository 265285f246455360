"""Elements for folium: what they show, and that nothing of a layer passes a template."""

import json
import re
from importlib.resources import files

import folium
import numpy as np
import pages
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.draw.elements import elements
from geo.draw.looks import LOOKS
from geo.errors import DateError
from geo.theatre import Theatre

DAYS = ("2017-07-31", "2017-08-02")


@pytest.fixture(scope="module")
def trial():
    folder = pages.theatre()
    return Theatre(folder, composite=pages.composite_of(folder))


def content(element):
    """What a browser reads of an element."""
    return json.loads(json.loads(element.literal))


def asked(theatre, **how):
    """One element of each kind."""
    return {
        "ground": theatre.layer(DAYS[1], **how),
        "change": theatre.change_layer(*DAYS, bands=False, **how),
        "fronts": theatre.fronts_layer(DAYS[1], bands=False, **how),
        "events": theatre.events_layer(**how),
    }


def shape(feature):
    return shapely.from_geojson(json.dumps(feature["geometry"]))


def test_the_ground_of_a_date_is_all_there_once_and_longitude_first(trial):
    shapes = [shape(one) for one in content(trial.layer(DAYS[1]))["features"]]
    assert shapely.union_all(shapes).equals(pages.AREA)
    assert sum(shapely.area(shapes)) == pytest.approx(pages.AREA.area)


def test_change_is_what_the_frame_says_and_handovers_inside_a_side_are_none(trial):
    frame = trial.change(*DAYS, bands=False)
    told = content(trial.change_layer(*DAYS, bands=False))["features"]
    assert 0 < len(told) <= len(frame)
    ours = shapely.union_all([shape(one) for one in told])
    assert ours.within(shapely.union_all(frame.geometry).buffer(1e-4))
    first = [one["properties"]["tip"][0] for one in told]
    assert any(text.startswith("Taken by Opposition from Government") for text in first)
    assert all("rim" in one["properties"] for one in told)


def test_a_front_is_whole_only_where_both_sides_are_sure(trial):
    told = content(trial.fronts_layer(DAYS[1], bands=False))["features"]
    sure = trial.fronts(DAYS[1], bands=False)["certainty"]
    dashes = [one["properties"]["strokes"][-1][2] for one in told]
    assert [not dash for dash in dashes] == [word == "high" for word in sure]
    assert len({str(dash) for dash in dashes}) == sure.nunique()


def test_events_of_one_place_are_one_mark_that_counts_them(trial):
    told = {
        shape(one).coords[0]: one["properties"] for one in content(trial.events_layer())["features"]
    }
    assert told[37.4, 33.4]["count"] == 2
    assert told[37.7, 33.2]["vague"] is True
    assert len(told[37.4, 33.4]["tip"]) == 2
    assert "Taken at night." in told[37.4, 33.4]["more"]
    only = content(trial.events_layer("2017-08-02", "2017-08-02"))["features"]
    assert [len(one["properties"]["tip"]) for one in only] == [2]  # the night reaches into that day


def test_addresses_that_are_not_of_the_web_are_dropped(trial):
    poisoned = pages.poisoned(trial.folder, pages.PAYLOADS, pages.ADDRESSES)
    hostile = Theatre(poisoned, composite=pages.composite_of(poisoned))
    links = [
        link
        for element in asked(hostile).values()
        for one in content(element)["features"]
        for link in one["properties"].get("links", [])
    ]
    assert links
    assert not [address for _, address in links if address]


@given(st.text() | st.sampled_from(pages.PAYLOADS))
def test_a_text_is_a_literal_that_no_template_and_no_browser_reads(text):
    literal = elements._literal({"text": text})
    assert json.loads(json.loads(literal)) == {"text": text}
    assert not re.search(r"[{}<>&%#'`\u2028\u2029]", literal)
    from jinja2 import Template

    assert Template(literal, keep_trailing_newline=True).render() == literal


def test_the_script_has_nothing_that_a_template_reads():
    text = (files("geo.draw.elements") / "elements.js").read_text(encoding="utf-8")
    assert not re.search(r"{{|{%|{#|</script", text)


@pytest.mark.parametrize("kind", ["ground", "change", "fronts", "events"])
def test_hostile_texts_stay_texts_in_a_rendered_map(trial, kind):
    names = (*pages.PAYLOADS, "{{ 7 * 191 }}", "{% raw %}")
    poisoned = pages.poisoned(trial.folder, names, pages.ADDRESSES)
    hostile = Theatre(poisoned, composite=pages.composite_of(poisoned))
    clean = folium.Map(tiles=None)
    asked(trial)[kind].add_to(clean)
    m = folium.Map(tiles=None)
    asked(hostile, name="{{ 7 * 191 }}</script><script>window.__x=1")[kind].add_to(m)
    folium.LayerControl().add_to(m)
    folium.LayerControl().add_to(clean)
    text = m.get_root().render()
    assert "1337" not in text
    assert text.count("<script") == clean.get_root().render().count("<script")


def test_bounds_are_those_of_the_ground_and_fit_a_map(trial):
    m = folium.Map(tiles=None)
    trial.layer(DAYS[1]).add_to(m)
    west, south, east, north = pages.AREA.bounds
    assert np.allclose(m.get_bounds(), [[south, west], [north, east]])
    empty = folium.Map(tiles=None)
    trial.events_layer("2001-01-01", "2001-01-02").add_to(empty)
    assert empty.get_bounds() == [[None, None], [None, None]]


def test_every_fill_is_explained_by_the_key_and_by_the_table_of_looks(trial):
    for element in (trial.layer(DAYS[1]), trial.change_layer(*DAYS, bands=False)):
        found = content(element)
        used = {one["properties"]["fill"] for one in found["features"]}
        assert used == set(range(len(found["fills"]))) == {row["fill"] for row in found["key"]}
    lines = [line for fill in content(trial.layer(DAYS[1]))["fills"] for line in fill["lines"]]
    assert LOOKS["statuses"]["unknown"]["bands"]["color"] in {line[0] for line in lines}


def test_another_language_speaks_its_own_words_and_names(trial):
    found = content(trial.layer(DAYS[1], language="ar"))
    assert found["direction"] == "rtl"
    assert any("المعارضة" in one["properties"]["tip"][0] for one in found["features"])


def test_what_is_wrong_is_refused_before_anything_is_drawn(trial):
    with pytest.raises(ValueError, match="opacity is 3; it is from 0 to 1"):
        trial.layer(DAYS[1], opacity=3)
    with pytest.raises(ValueError, match="language is 'xx'; an element speaks en and ar"):
        trial.layer(DAYS[1], language="xx")
    with pytest.raises(DateError):
        trial.layer("1999-01-01")


def test_timed_events_stand_one_by_one_and_their_tooltips_are_escaped(trial):
    timed = trial.events_layer(timed=True)
    data = json.loads(json.loads(timed.data.removeprefix("JSON.parse(").removesuffix(")")))
    times = [one["properties"]["times"] for one in data["features"]]
    assert sorted(times) == [["2017-07-30"], ["2017-08-01"], ["2017-08-02"]]
    poisoned = pages.poisoned(trial.folder, ["<img src=x onerror=window.__x=1>"], pages.ADDRESSES)
    hostile = Theatre(poisoned, composite=pages.composite_of(poisoned))
    assert "&lt;img" in json.loads(hostile.events_layer(timed=True).data[11:-1])
