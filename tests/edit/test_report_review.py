"""The review of reports: decisions and their journal, questions, what goes into the layers."""

import json
import shutil

import pytest
import reviews
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from geo import cli
from geo.edit import leftovers
from geo.edit.editor.requests import RefusedError, RequestError
from geo.edit.reports.decisions import Decider
from geo.layers import Journal, read_folder

OPS = ["accept", "reject", "reopen", "swap", "split", "merge", "answer", "set"]


@pytest.fixture
def review(small):
    return reviews.session(small)


def drafts(review, number=0):
    return review.state({"report": str(number)})["drafts"]


def decide(review, draft, op, **more):
    return review.decide({"report": 0, "id": draft["id"], "op": op, **more})["drafts"]


def one(found, draft):
    return next(each for each in found if each["id"] == draft["id"])


def settle(review, draft):
    """Answer everything with the first choice that there is."""
    while question := one(drafts(review), draft)["question"]:
        values = (question["choices"] or [{"values": {question["column"]: None}}])[0]["values"]
        decide(review, draft, "set", values=values)


def test_drafts_come_in_the_order_of_the_text_with_what_they_ask(review):
    found = drafts(review)
    assert [draft["span"][0] for draft in found] == sorted(draft["span"][0] for draft in found)
    taken, shelled, seized, attacked = found
    assert taken["open"] == []
    assert taken["question"] is None
    assert shelled["open"] == ["place_id", "actor1"]
    assert shelled["question"]["words"] == "Kafr Zeen"
    assert seized["values"]["actor1"] == "red"
    assert [each["column"] for each in (seized["question"], attacked["question"])] == [
        "place_id",
        "actor1",
    ]


def test_one_answer_is_for_all_mentions_of_a_name_and_one_undo_takes_it_back(review):
    _, shelled, seized, attacked = drafts(review)
    found = decide(review, shelled, "answer", column="place_id", value="east_well")
    assert [one(found, each)["values"]["place_id"] for each in (shelled, seized)] == [
        "east_well",
        "east_well",
    ]
    assert one(found, seized)["open"] == []
    found = decide(review, shelled, "answer", column="actor1", value="blue-guard")
    assert one(found, attacked)["values"]["actor1"] == "blue-guard", "gunmen, once more"
    found = review.undo({"report": 0})["drafts"]
    assert one(found, attacked)["values"]["actor1"] is None
    assert one(found, shelled)["open"] == ["actor1"]
    found = review.undo({"report": 0})["drafts"]
    assert found == drafts(reviews.session(review.root))
    with pytest.raises(RequestError, match="nothing to undo"):
        review.undo({"report": 0})


def test_what_is_open_is_not_accepted_and_a_column_that_must_be_filled_cannot_be_left(review):
    _, shelled, _, attacked = drafts(review)
    with pytest.raises(RequestError, match="place_id, actor1 must be settled first"):
        decide(review, shelled, "accept")
    found = decide(review, attacked, "answer", column="actor1", value=None)
    assert one(found, attacked)["open"] == []
    with pytest.raises(RequestError, match="event_date cannot stay empty"):
        decide(review, attacked, "set", values={"event_date": None})
    with pytest.raises(RequestError, match="no place is called nowhere"):
        decide(review, attacked, "set", values={"place_id": "nowhere"})
    assert one(decide(review, attacked, "accept"), attacked)["status"] == "reviewed"


def test_actors_swap_with_those_beside_them_and_what_was_open_of_them(review):
    *_, attacked = drafts(review)
    found = one(decide(review, attacked, "swap"), attacked)
    assert (found["values"]["actor1"], found["values"]["actor2"]) == ("red", None)
    assert found["open"] == ["actor2"]


def test_a_merged_draft_gives_what_the_other_has_not(review):
    _, shelled, seized, _ = drafts(review)
    decide(review, seized, "answer", column="place_id", value="east_well")
    found = decide(review, seized, "merge", into=shelled["id"])
    kept = one(found, shelled)
    assert one(found, seized)["status"] == "merged"
    assert kept["values"]["fatalities"] == 3
    assert kept["values"]["actor1"] == "red"
    assert kept["open"] == []
    assert "Red seized" in kept["values"]["notes"]
    assert "shelled" in kept["values"]["notes"]


def test_a_split_draft_has_a_twin_with_an_id_of_its_own(review):
    taken = drafts(review)[0]
    found = decide(review, taken, "split")
    assert len({each["id"] for each in found}) == len(found) == 5
    assert found[1]["values"]["place_id"] == "mid_well"
    found = review.decide({"report": 0, "id": found[1]["id"], "op": "reject"})["drafts"]
    assert [found[0]["status"], found[1]["status"]] == ["draft", "rejected"]


def test_the_eighth_report_of_one_battle_adds_a_source(review, small):
    taken = drafts(review)[0]
    assert [event["id"] for event in taken["alike"]] == ["evt-a"]
    found = decide(review, taken, "same", event="evt-a")
    assert one(found, taken)["status"] == "same"
    with pytest.raises(RequestError, match="say whose report"):
        review.save({})
    source = {"id": "observer-2", "publisher": "Observer", "title": None, "url": None}
    review.decide({"report": 0, "op": "report", "source": source})
    before = len(read_folder(small).events)
    answer = review.save({})
    assert answer["saved"] == {"events": 0, "statements": 0, "sources": 1}
    folder = read_folder(small)
    assert len(folder.events) == before
    event = next(event for event in folder.events if event.id == "evt-a")
    assert event.properties["source_ids"] == "wire-1;observer-2"
    assert "observer-2" in {row.id for row in folder.sources.rows}
    assert CliRunner().invoke(cli.command, ["check", str(small)]).exit_code == 0


def test_a_review_goes_into_the_layers_whole_and_check_is_clean(review, small):
    review.decide({"report": 0, "op": "report", "source_id": "wire-1"})
    for draft in drafts(review)[1:]:
        settle(review, draft)
        decide(review, draft, "accept")
    assert review.save({})["saved"]["events"] == 3
    folder = read_folder(small)
    ids = {draft["id"] for draft in drafts(review)[1:]}
    new = [event for event in folder.events if event.id in ids]
    assert len(new) == 3
    assert all(event.properties["source_ids"] == "wire-1" for event in new)
    assert all("characters" in event.properties["notes"] for event in new)
    result = CliRunner().invoke(cli.command, ["check", str(small)])
    assert result.exit_code == 0, result.output
    assert {draft["status"] for draft in drafts(review)[1:]} == {"saved"}
    with pytest.raises(RequestError, match="in the layers already"):
        decide(review, drafts(review)[1], "reject")
    with pytest.raises(RequestError, match="nothing to undo"):
        review.undo({"report": 0})


def test_a_save_that_check_would_refuse_writes_nothing(review, small):
    review.decide({"report": 0, "op": "report", "source_id": "wire-1"})
    taken = drafts(review)[0]
    decide(review, taken, "set", values={"actor1": "nobody-known"})
    decide(review, taken, "accept")
    before = {
        path: path.read_bytes() for path in small.rglob("*.*") if ".frontline" not in str(path)
    }
    with pytest.raises(RefusedError, match="nobody-known"):
        review.save({})
    assert all(path.read_bytes() == data for path, data in before.items())


def test_a_session_that_was_killed_goes_on_where_it_was(small):
    first = reviews.session(small)
    _, shelled, *_ = drafts(first)
    decide(first, shelled, "answer", column="place_id", value="east_well")
    decide(first, shelled, "reject")
    again = reviews.session(small)
    assert drafts(again) == drafts(first)
    journal = next((small / ".frontline").glob("review-*.journal"))
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-7])  # the last decision was being written
    assert one(drafts(reviews.session(small)), shelled)["status"] == "draft"
    assert len(Journal(journal).records()) == 2


def test_recover_names_a_review_that_is_not_finished(review, small):
    decide(review, drafts(review)[0], "reject")
    (left,) = leftovers(small, latest=3)
    assert "geocode REPORT --review" in left.says


def test_a_theatre_without_layers_takes_events_too(small):
    for part in ("control", "events"):
        shutil.rmtree(small / part)
    head = (small / "changes.csv").read_text(encoding="utf-8").partition("\n")[0]
    (small / "changes.csv").write_text(f"{head}\n", encoding="utf-8")
    review = reviews.session(small, source_id="wire-1")
    assert review.ground({"date": "2017-08-01"}) == {"date": None, "features": []}
    decide(review, drafts(review)[0], "accept")
    assert review.save({})["paths"] == ["events/2017-07.geojson"]


def test_a_folder_is_a_queue_that_begins_with_what_is_left(small):
    queue = reviews.session(small, reviews.ENGLISH, reviews.ARABIC)
    first = queue.state({})
    assert first["report"] == 0
    assert [each["left"] for each in first["queue"]] == [4, None]
    for draft in first["drafts"]:
        queue.decide({"report": 0, "id": draft["id"], "op": "reject"})
    second = reviews.session(small, reviews.ENGLISH, reviews.ARABIC).state({})
    assert second["report"] == 1
    assert [each["left"] for each in second["queue"]] == [0, 3]


def test_the_day_of_the_report_can_be_told_later(small):
    late = reviews.session(small, published=None)
    before = drafts(late)[2]
    assert "event_date" in before["open"]
    found = late.decide({"report": 0, "op": "report", "published": "2017-08-02"})["drafts"]
    assert found[2]["id"] == before["id"]
    assert found[2]["values"]["event_date"] == "2017-08-01"
    for wrong in ({"published": "02.08."}, {"source_id": "unheard-of"}, {"editor": "me"}):
        with pytest.raises(RequestError):
            late.decide({"report": 0, "op": "report", **wrong})


@pytest.mark.parametrize(
    "sent",
    [
        {"op": "accept"},
        {"op": "drop", "id": "x"},
        {"op": "set", "id": "evt-nope", "values": {}},
        {"op": "accept", "report": 7},
        {"op": "accept", "report": "-1"},
    ],
)
def test_what_is_no_decision_is_refused_and_not_kept(review, small, sent):
    with pytest.raises(RequestError):
        review.decide({"report": 0, **sent})
    assert not list(small.glob(".frontline/review-*"))


LIST = """\
Gunmen captured Mid Well, Harran and Tarfa from Red on 1 August 2017. The area between Mid
Well and Zubayda is still under the control of Red.
"""


def test_an_operation_at_several_places_is_decided_once(small):
    places = {"harran": (37.2, 33.4), "tarfa": (37.3, 33.4), "zubayda": (37.8, 33.4)}
    add_places(small, places)
    review = reviews.session(small, LIST)
    found = drafts(review)
    taken = [each for each in found if each["kind"] == "event"]
    assert [each["values"]["place_id"] for each in taken] == ["mid_well", "harran", "tarfa"]
    assert {each["operation"] for each in taken} == {taken[0]["id"]}
    found = decide(review, taken[1], "answer", column="actor1", value="blue-guard")
    assert [one(found, each)["values"]["actor1"] for each in taken] == ["blue-guard"] * 3
    kind = {"sub_event_type": "Non-state actor overtakes territory"}
    found = decide(review, taken[2], "set", values=kind | {"fatalities": 2})
    assert [one(found, each)["values"]["fatalities"] for each in taken] == [None, None, 2]
    found = decide(review, taken[0], "reject")
    found = decide(review, taken[1], "accept")
    assert [one(found, each)["status"] for each in taken] == ["rejected", "reviewed", "reviewed"]


def test_a_shape_of_words_becomes_a_place_with_its_statement(small):
    add_places(small, {"zubayda": (37.21111, 33.41111)})
    review = reviews.session(small, LIST.partition(". ")[2].replace("\n", " "), source_id="wire-1")
    (held,) = drafts(review)
    assert held["geometry"]["type"] == "Polygon"
    for wrong in ({"place": "Not an id"}, {"place": "mid_well"}, {"place": "strip", "name": None}):
        with pytest.raises(RequestError):
            decide(review, held, "place", **{"name": "A strip", **wrong})
    decide(review, held, "place", name="Strip of the wells", place="strip_of_wells")
    settle(review, held)
    decide(review, held, "accept")
    assert review.save({})["saved"]["statements"] == 1
    folder = read_folder(small)
    place = folder.places["strip_of_wells"].properties
    assert (place["kind"], place["coord_method"], place["geo_radius_m"]) == ("area", "drawn", 5_000)
    assert place["source_ids"] == "wire-1"
    row = next(row for row in folder.statements.rows if row.id == held["id"])
    assert row.values["place_id"] == "strip_of_wells"
    assert row.values["controller"] == "red"
    result = CliRunner().invoke(cli.command, ["check", str(small)])
    assert result.exit_code == 0, result.output


def add_places(layers, places):
    path = layers / "places.geojson"
    text = json.loads(path.read_text(encoding="utf-8"))
    like = next(each for each in text["features"] if each["properties"]["id"] == "mid_well")
    for id_, (lon, lat) in places.items():
        name = id_.replace("_", " ").title()
        own = {"id": id_, "name": name, "name_ar": None, "alternatenames": None}
        shape = {"type": "Point", "coordinates": [lon, lat]}
        text["features"].append(
            {**like, "properties": {**like["properties"], **own}, "geometry": shape}
        )
    path.write_text(json.dumps(text), encoding="utf-8")


STEPS = st.lists(st.tuples(st.sampled_from(OPS), st.integers(0, 5), st.integers(0, 5)), max_size=8)


def _decision(decider, op, which, other):
    found = decider.drafts[which % len(decider.drafts)]
    more = {
        "merge": {"into": decider.drafts[other % len(decider.drafts)].id},
        "answer": {"column": "actor1", "value": ["red", "blue", None][other % 3]},
        "set": {"values": {"fatalities": other}},
    }
    return {"op": op, "id": found.id, **more.get(op, {})}


@given(STEPS)
def test_undo_of_the_last_decision_is_the_drafts_without_it(valid_review, steps):
    """Whatever is decided: all of it but the last, read anew, is what undo gives."""
    begin, places = valid_review
    made, told = Decider(begin, places), []
    before = json.dumps([str(each) for each in made.drafts])
    for op, which, other in steps:
        decision = _decision(made, op, which, other)
        kept = json.dumps([str(each) for each in made.drafts])
        try:
            made.apply(decision)
        except RequestError:
            assert json.dumps([str(each) for each in made.drafts]) == kept, decision
            continue
        before = kept
        told.append(decision)
    again = Decider(begin, places)
    for decision in told[:-1]:
        again.apply(decision)
    assert json.dumps([str(each) for each in again.drafts]) == before


@pytest.fixture(scope="module")
def valid_review(request, tmp_path_factory):
    layers = tmp_path_factory.mktemp("review") / "layers"
    shutil.copytree(request.config.rootpath / "tests" / "data" / "valid", layers)
    review = reviews.session(layers)
    return review._read(0).drafts, review._folder.places
