"""The report that the case starts from, read as it was published: test material, kept elsewhere."""

import datetime as dt

import pytest
import shapely

from geo.evidence.gazetteer.index import Gazetteer
from geo.evidence.reports.review import read_report
from geo.layers import read_folder

PUBLISHED = dt.date(2017, 8, 2)


@pytest.fixture(scope="module")
def review(shared, shipped):
    path = shared / "case" / "report-sohr-71105.txt"
    if not path.is_file():
        pytest.skip("the report of the case is not there")
    folder = read_folder(shipped)
    return read_report(
        path.read_text(encoding="utf-8"),
        gazetteer=Gazetteer(folder.places.values()),
        actors=folder.actors.rows,
        vocabulary=folder.vocabulary.rows,
        published=PUBLISHED,
    )


@pytest.fixture(scope="module")
def sides(shipped):
    return read_folder(shipped).sides


def told(review, sides, cue, actor1, actor2):
    """The drafts of a kind whose parties are of these sides; None for nobody, ... for anybody."""

    def fits(value, wanted):
        return wanted is ... or (sides.get(value, value) if value else None) == wanted

    return [
        d
        for d in review.drafts
        if d.properties["draft_cue"] == cue
        and fits(d.properties["actor1"], actor1)
        and fits(d.properties["actor2"], actor2)
    ]


def test_the_seven_events_are_found(review, sides):
    (clash,) = [
        d
        for d in told(review, sides, "clashes", "government", "opposition")
        if d.properties["place_id"] == "southeast_rif_dimashq"
    ]
    values = clash.properties
    assert (values["event_date"], values["end_date"]) == ("2017-08-01", "2017-08-02")
    assert (values["actor2"], values["assoc_actor_2"]) == ("usud_al_sharqiyah", "ahmad_al_abdo")
    assert values["draft_open"] is None
    (taken,) = told(review, sides, "control taken", "opposition", "government")
    assert taken.properties["location"] == "Beir Mahruthah area"
    assert "bir_mahruthah 1.00" in taken.properties["draft_candidates"]
    assert len(told(review, sides, "shelling", None, None)) == 1
    assert len(told(review, sides, "weapons taken", "opposition", None)) == 1
    (losses,) = told(review, sides, "clashes", None, "government")[:1]
    assert "dead" in review.text[slice(*map(int, losses.properties["draft_span"].split("-")))]
    (pulled,) = told(review, sides, "weapons withdrawn", "us-coalition", "opposition")
    assert pulled.properties["actor2"] == "shuhada_al_qaryatayn"
    assert len(told(review, sides, "agreement", None, None)) == 1


def test_nobody_takes_ground_but_the_factions_and_no_monitor_or_backer_fights(review, sides):
    for draft in review.drafts:
        values = draft.properties
        parties = {values["actor1"], values["actor2"]}
        if values["draft_cue"] == "control taken":
            assert sides.get(values["actor1"]) in {"opposition", None}
        assert "sohr" not in parties
        if values["event_type"] != "Strategic developments":
            assert not {sides.get(one) for one in parties} & {"us-coalition"}, values["draft_cue"]


def test_what_is_open_is_what_a_coder_would_ask(review):
    ready = [d for d in review.drafts if not d.properties["draft_open"]]
    assert [d.properties["draft_cue"] for d in ready] == ["clashes"]
    for draft in review.drafts:
        values = draft.properties
        open_ = str(values["draft_open"] or "").split(";")
        assert values["place_id"] or "place_id" in open_
        assert values["actor1"] or "actor1" in open_
        if values["event_date"] not in {"2017-08-01", "2017-07-30"}:
            assert "event_date" in open_, "a day that no word of the sentence tells"
        if open_ != [""]:
            assert values["draft_note"]


def test_a_condition_and_what_was_prevented_are_no_events(review):
    real = [d for d in review.drafts if "possible" not in d.properties["draft_cue"]]
    spans = [tuple(map(int, d.properties["draft_span"].split("-"))) for d in real]
    said = [review.text[a:b] for a, b in spans]
    assert not any("Preventing us" in one for one in said)
    assert sum("provided that" in one for one in said) == 1, "the agreement, not its condition"


def test_the_few_kilometres_and_the_besieged_area_are_statements_with_shapes(review):
    former, gap, area = review.statements
    assert former.properties["controller"] == "opposition"
    assert former.properties["draft_place"] == "Beir Mahruthah area"
    values = gap.properties
    assert (values["extent"], values["controller"]) == ("gap", "opposition")
    assert (values["width_from_m"], values["width_to_m"]) == (2_000, 10_000)
    assert values["opposite"] in {"government", "saa"}
    assert (area.properties["extent"], area.properties["controller"]) == ("all", "opposition")
    assert isinstance(area.geometry, shapely.Polygon)
    assert area.properties["shape_radius_m"] == 5_000
