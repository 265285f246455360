"""Who did what to whom: the bars of the benchmark, and laws that hold for any war."""

import datetime as dt

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.evidence.gazetteer.index import Entry, Gazetteer
from geo.evidence.reports.accept import accept_statements
from geo.evidence.reports.clauses import dateline, sentences
from geo.evidence.reports.review import read_report
from geo.evidence.reports.statements import STATEMENT_DRAFTS
from geo.layers import geojson
from geo.model import Feature, Row
from tests.benchmarks import reports as bench

PUBLISHED = dt.date(2020, 5, 20)
PLACES = [
    Entry("arden", "Arden", lon=30.0, lat=40.0, kind="town", radius_m=500),
    Entry("belmont", "Belmont", lon=30.2, lat=40.0, kind="town", radius_m=500),
    Entry("corve", "Corve", lon=30.1, lat=40.2, kind="town", radius_m=500),
    Entry("east_moor", "Eastern Moor", lon=30.4, lat=40.1, kind="area", radius_m=20_000),
]


def actor(id_, side, kind, name):
    values = {"id": id_, "name": name, "side": side, "kind": kind}
    return Row(id_, values | {"name_ar": None, "alternatenames": None})


ACTORS = [
    actor("government", "government", "side", "Government of Ilia"),
    actor("redcaps", "redcaps", "side", "Redcap Front"),
    actor("bluecoats", "bluecoats", "side", "Bluecoat League"),
    actor("watch", None, "monitor", "Ilian Watch"),
]


def read(text, **more):
    given_ = {"gazetteer": Gazetteer(PLACES), "actors": ACTORS, "published": PUBLISHED}
    return read_report(text, **{**given_, **more})


def columns(draft, *names):
    return tuple(draft.properties[name] for name in names)


@pytest.fixture(scope="module")
def counts():
    return bench.measure(bench.read_corpus())


def test_the_bars_of_the_benchmark_hold(counts):
    assert bench.missed(counts) == []
    everything = counts["all"]
    assert everything["sentences"] >= 300
    assert everything["found"] > 0.9 * everything["events"]


def test_every_language_and_war_is_in_the_corpus():
    corpus = bench.read_corpus()
    assert {one.language for one in corpus} == {"ar", "en", "ru", "uk"}
    assert len({one.war for one in corpus}) == 5
    assert 0.1 < sum(one.held_out for one in corpus) / len(corpus) < 0.3


# --- never invert --------------------------------------------------------------------

TAKEN = st.sampled_from(
    [
        "{a} captured {p} from {b} on 2 May 2020.",
        "{p} was captured by {a} from {b} on 2 May 2020.",
        "{p} fell to {a} on 2 May 2020.",
        "{b} lost {p} to {a} on 2 May 2020.",
        "{a} drove {b} out of {p} on 2 May 2020.",
        "{b} was driven out of {p} by {a} on 2 May 2020.",
        "On 2 May 2020 {a} took control of {p} at the expense of {b}.",
        "{w} said that {a} seized {p} from {b} on 2 May 2020.",
        "According to {w}, {a} retook {p} from {b} on 2 May 2020.",
        "{a}, backed by {c}, captured {p} from {b} on 2 May 2020.",
        "Backed by {c}, {a} captured {p} from {b} on 2 May 2020.",
        "{a} captured {p} on 2 May 2020 after clashes with {b}.",
        "On 2 May 2020 {a} captured {p}, held by {b}.",
        "Control of {p} passed from {b} to {a} on 2 May 2020.",
    ]
)
NOBODY = st.sampled_from(
    [
        "Troops captured {p} from {b} on 2 May 2020.",
        "{p} was seized from {b} on 2 May 2020.",
        "{b} was expelled from {p} on 2 May 2020.",
        "Gunmen overran {p} on 2 May 2020 after clashes with {b}.",
        "{w} said that fighters seized {p} from {b} on 2 May 2020.",
        "{b} had its men expelled from {p} on 2 May 2020.",
        "{b} came under attack at {p} on 2 May 2020.",
    ]
)
SIDES = st.permutations(["Redcap Front", "Bluecoat League", "Government of Ilia"])
IDS = {row.values["name"]: row.id for row in ACTORS}


@given(TAKEN, SIDES, st.sampled_from(PLACES[:3]))
def test_the_taker_is_who_takes_whatever_the_voice(sentence, sides, place):
    a, b, c = sides
    text = sentence.format(a=a, b=b, c=c, p=place.name, w="Ilian Watch")
    (draft,) = read(text).drafts
    said = draft.properties
    assert said["actor1"] == IDS[a], text
    assert said["actor2"] in (IDS[b], None), text
    assert said["place_id"] == place.id
    assert said["event_date"] == "2020-05-02"
    kind = "Government regains" if IDS[a] == "government" else "Non-state actor overtakes"
    assert said["sub_event_type"] == f"{kind} territory"
    # Where it is not said that it was taken from them, on whom is for a person to settle.
    assert said["draft_open"] in (None, "actor2")
    if "acked by" in text:
        assert IDS[c] in said["assoc_actor_1"]


@given(NOBODY, SIDES, st.sampled_from(PLACES[:3]))
def test_who_is_only_an_object_never_acts(sentence, sides, place):
    text = sentence.format(b=sides[0], p=place.name, w="Ilian Watch")
    (draft,) = read(text).drafts
    assert draft.properties["actor1"] is None, text
    assert "actor1" in draft.properties["draft_open"]
    assert draft.properties["actor2"] in (IDS[sides[0]], None)


@given(SIDES, st.sampled_from(PLACES[:3]))
def test_an_attack_from_somebody_is_theirs(sides, place):
    a, b, _ = sides
    text = f"On 2 May 2020 {b} came under attack from {a} at {place.name}."
    (draft,) = read(text).drafts
    assert columns(draft, "actor1", "actor2") == (IDS[a], IDS[b])


@given(st.text(max_size=80), SIDES)
def test_no_text_makes_a_monitor_act(text, sides):
    whole = f"{text} Ilian Watch {text} captured Arden from {sides[0]}. {text}"
    for draft in read(whole).drafts:
        assert draft.properties["actor1"] != "watch"
        assert draft.properties["actor2"] != "watch"


def test_who_condones_an_advance_does_not_make_it():
    text = "On 2 May 2020 the Bluecoat League condoned the advance of Redcap Front near Arden."
    (draft,) = read(text).drafts
    assert draft.properties["actor1"] == "redcaps"


@pytest.mark.parametrize(
    ("text", "doer"),
    [
        ("{other} condemned the attack by {doer} on Arden on 2 May 2020.", True),
        ("{other} praised the attack of {doer} on Arden on 2 May 2020.", True),
        ("{other} condemned the shelling of Arden by {doer} on 2 May 2020.", True),
        ("{other} ignored the {doer} attack on Arden on 2 May 2020.", True),
        ("{other} responded to {doer}'s shelling of Arden on 2 May 2020.", True),
        ("{other} welcomed {doer}'s capture of Arden on 2 May 2020.", True),
        ("{other} celebrated the withdrawal of {doer} from Arden on 2 May 2020.", True),
        ("{other} condemned the attack on Arden on 2 May 2020.", False),
    ],
)
def test_who_only_speaks_of_a_deed_did_not_do_it(text, doer):
    said = text.format(other="The Bluecoat League", doer="the Redcap Front")
    (draft,) = read(said).drafts
    assert draft.properties["actor1"] in ({"redcaps", None} if doer else {None})
    assert draft.properties["actor2"] != "bluecoats"
    if draft.properties["actor1"] is None:
        assert "actor1" in draft.properties["draft_open"]


@pytest.mark.parametrize("verb", ["launched", "carried out", "continued", "mounted", "repeated"])
def test_who_launches_an_attack_made_it(verb):
    text = f"The Bluecoat League {verb} a heavy attack on the Redcap Front in Arden on 2 May 2020."
    (draft,) = read(text).drafts
    assert columns(draft, "actor1", "actor2", "draft_open") == ("bluecoats", "redcaps", None)


@pytest.mark.parametrize(
    "text",
    [
        "دان {other} هجوم {doer} على أردن الكبير في 2 أيار 2020.",
        "رحب {other} هجوم {doer} على أردن الكبير في 2 أيار 2020.",
        "رد {other} على قصف {doer} أردن الكبير في 2 أيار 2020.",
        "سقط قتلى من {other} بقصف {doer} على أردن الكبير في 2 أيار 2020.",
    ],
)
def test_arabic_deeds_belong_to_whom_they_are_said_to(text):
    names = {"redcaps": "جبهة القبعات", "bluecoats": "رابطة المعاطف"}
    rows = [actor(id_, id_, "side", name) for id_, name in names.items()]
    places = [Entry("arden", "أردن الكبير", lon=30.0, lat=40.0, kind="town", radius_m=500)]
    said = text.format(other=names["bluecoats"], doer=names["redcaps"])
    (draft,) = read(said, actors=rows, gazetteer=Gazetteer(places)).drafts
    assert columns(draft, "actor1", "place_id") == ("redcaps", "arden")
    assert draft.properties["draft_cue"] in {"clashes", "shelling"}
    assert draft.properties["actor2"] in ({"bluecoats"} if "قتلى" in said else {None})


def test_who_launches_an_arabic_attack_made_it():
    names = {"redcaps": "جبهة القبعات", "bluecoats": "رابطة المعاطف"}
    rows = [actor(id_, id_, "side", name) for id_, name in names.items()]
    places = [Entry("arden", "أردن الكبير", lon=30.0, lat=40.0, kind="town", radius_m=500)]
    said = f"شنت {names['redcaps']} هجوما على {names['bluecoats']} في أردن الكبير في 2 أيار 2020."
    (draft,) = read(said, actors=rows, gazetteer=Gazetteer(places)).drafts
    assert draft.properties["actor1"] == "redcaps"


@pytest.mark.parametrize(
    "text",
    [
        "Російська армія засудила атаку ЗСУ на Соледар 3 травня 2023 року.",
        "Российские военные ответили на удар ВСУ по Соледару 3 мая 2023 года.",
    ],
)
def test_a_deed_in_ukrainian_or_russian_is_not_of_who_speaks_of_it(text):
    war = bench.war("ukraine")
    known = {"gazetteer": war.gazetteer, "actors": war.actors, "vocabulary": war.vocabulary}
    (draft,) = read(text, **known).drafts
    assert columns(draft, "actor1", "actor2") == (None, None)
    assert "actor1" in draft.properties["draft_open"]


def test_more_sides_than_two_are_asked_about():
    text = "The Redcap Front and the Bluecoat League clashed with the Government of Ilia in Arden."
    (draft,) = read(text).drafts
    assert "actor1" in draft.properties["draft_open"]
    text = "The Redcap Front clashed with the Bluecoat League and the Government of Ilia in Arden."
    (draft,) = read(text).drafts
    assert "actor2" in draft.properties["draft_open"]


def test_an_officer_is_no_ground():
    text = "The Bluecoat League captured a Redcap Front officer near Belmont on 9 May 2020."
    assert not [d for d in read(text).drafts if d.properties["draft_cue"] == "control taken"]
    text = "The Bluecoat League captured Belmont from Redcap Front fighters on 9 May 2020."
    (draft,) = read(text).drafts
    assert columns(draft, "place_id", "actor2") == ("belmont", "redcaps")


def test_fire_that_goes_with_the_fighting_of_the_sentence_before_is_told():
    text = "Redcap Front clashed with Bluecoat League in Arden.{} Heavy shelling went on."
    cues = [d.properties["draft_cue"] for d in read(text.format("")).drafts]
    assert cues == ["clashes", "shelling"]
    assert len(read(text.format("\n\n")).drafts) == 1
    assert read("Heavy shelling went on. All day.").drafts == ()


def test_a_thing_that_is_taken_in_a_place_is_not_the_place():
    text = (
        "On 9 May 2020 the Redcap Front took Arden, where the Bluecoat League had captured a depot."
    )
    taken, depot = read(text).drafts
    assert columns(taken, "actor1", "place_id", "draft_open") == ("redcaps", "arden", None)
    assert "place_id" in depot.properties["draft_open"]


def test_what_somebody_is_asked_to_do_did_not_happen():
    assert read("Bluecoat League asked Redcap Front to leave Arden by 9 May 2020.").drafts == ()


def test_a_list_of_places_is_one_operation():
    text = "The Redcap Front took Arden, Belmont and Corve from the Bluecoat League on 2 May 2020."
    found = read(text).drafts
    assert [d.properties["place_id"] for d in found] == ["arden", "belmont", "corve"]
    assert {d.properties["draft_operation"] for d in found} == {found[0].id}
    assert "and at belmont" in read(text).render()
    (alone,) = read("The Redcap Front took Arden on 2 May 2020.").drafts
    assert alone.properties["draft_operation"] is None


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("The area between Arden and Belmont is still under the control of {}.", True),
        ("{} still holds the area extending from Arden to Belmont.", True),
        ("{} still holds the area between Arden and Nowhereton.", False),
    ],
)
def test_ground_between_places_is_one_statement_drawn_where_it_can_be(text, drawn):
    (held,) = read(text.format("the Redcap Front")).statements
    assert columns(held, "place_id", "controller", "extent") == (None, "redcaps", "all")
    assert "place_id" in held.properties["draft_open"]
    assert "Arden @" in held.properties["draft_words"]
    if drawn:
        assert held.geometry.geom_type == "Polygon"
        assert held.geometry.contains(shapely.Point(30.1, 40.0))
        assert not held.geometry.contains(shapely.Point(30.1, 40.1))
    else:
        assert held.geometry is None


# --- one event, one place, one time ---------------------------------------------------


@pytest.mark.parametrize(
    ("words", "lon", "lat"),
    [
        ("10 km north of Arden", 30.0, 40.09),
        ("10 km east of Arden", 30.117, 40.0),
        ("between Arden and Belmont", 30.1, 40.0),
    ],
)
def test_a_spot_counted_from_places_is_placed_with_an_error(words, lon, lat):
    (draft,) = read(f"Redcap Front clashed with Bluecoat League {words} on 2 May 2020.").drafts
    assert draft.properties["place_id"] is None
    assert (draft.geometry.x, draft.geometry.y) == pytest.approx((lon, lat), abs=0.003)
    assert draft.properties["geo_precision"] == 2
    assert draft.properties["geo_radius_m"] > 2000


def test_surroundings_are_not_the_town():
    (draft,) = read("Redcap Front shelled the outskirts of Arden on 2 May 2020.").drafts
    assert columns(draft, "place_id", "geo_precision", "geo_radius_m") == ("arden", 2, 10_000)


def test_where_it_lies_and_where_it_leads_are_no_further_events():
    text = "Redcap Front captured Arden, north of Belmont, and moved towards Corve on 2 May 2020."
    assert [d.properties["place_id"] for d in read(text).drafts] == ["arden"]


@pytest.mark.parametrize(
    "line",
    [
        "Belmont (Agency) - ",
        "BELMONT, May 3 (Wire) -- ",
        "Belmont: ",
        "Belmont — ",
    ],
)
def test_a_dateline_is_no_place(line):
    text = f"{line}Redcap Front captured Arden on 2 May 2020."
    assert dateline(text, 0, len(text)) == len(line)
    assert [d.properties["place_id"] for d in read(text).drafts] == ["arden"]


def test_lines_that_were_broken_to_fit_are_one_sentence():
    text = "The Redcap Front has captured\nArden from the Bluecoat League.\nIt rained.\n\nNew here"
    found = [text[a:b].strip() for a, b in sentences(text)]
    assert found == [
        "The Redcap Front has captured\nArden from the Bluecoat League.",
        "It rained.",
        "New here",
    ]


@given(st.text(max_size=200))
def test_sentences_are_in_order_and_leave_out_only_blanks(text):
    at = 0
    for start, end in sentences(text):
        assert not text[at:start].strip()
        assert at <= start < end
        at = end
    assert not text[at:].strip()


# --- what did not happen ---------------------------------------------------------------


@pytest.mark.parametrize(
    "sentence",
    [
        "If the Redcap Front captures Arden, the war will end.",
        "The Redcap Front plans to capture Arden.",
        "The Redcap Front vowed to retake Arden on 2 May 2020.",
    ],
)
def test_conditions_and_wishes_are_no_events(sentence):
    assert not read(sentence).drafts


@pytest.mark.parametrize(
    "sentence",
    [
        "The Redcap Front could capture Arden on 2 May 2020.",
        "The Redcap Front did not capture Arden on 2 May 2020.",
        "The Bluecoat League denied that the Redcap Front had captured Arden on 2 May 2020.",
    ],
)
def test_what_may_not_have_happened_is_never_ready(sentence):
    (draft,) = read(sentence).drafts
    assert "possible or denied" in draft.properties["draft_cue"]
    assert draft.properties["event_type"] == "Strategic developments"
    assert draft.properties["draft_open"]


@pytest.mark.parametrize(
    "text",
    [
        "A UN convoy entered Arden to deliver aid.",
        "Redcap Front medics entered Belmont with food and medicine on 19 May.",
        "Buses of the Bluecoat League entered Corve on Monday to evacuate the wounded.",
        "دخلت قافلة إلى Arden محملة بالمساعدات.",
        "Redcap Front увійшли до Belmont, щоб евакуювати людей.",
        "Redcap Front вошли в Belmont с гуманитарной помощью.",
    ],
)
def test_who_comes_with_aid_takes_nothing(text):
    assert [d for d in read(text).drafts if d.properties["sub_event_type"]] == []
    assert not [one for one in read(text).drafts if "taken" in str(one.properties)]


def test_who_enters_with_arms_takes():
    (taken,) = read("Redcap Front fighters entered Belmont on 19 May.").drafts
    assert columns(taken, "actor1", "place_id") == ("redcaps", "belmont")


def test_a_failed_attack_is_a_clash():
    (draft,) = read("The Redcap Front failed to capture Arden on 2 May 2020.").drafts
    assert columns(draft, "sub_event_type", "actor1") == ("Armed clash", "redcaps")


# --- statements ------------------------------------------------------------------------


def test_who_holds_what_is_a_statement_and_no_event():
    review = read("The Redcap Front still holds Arden and Belmont.")
    assert not review.drafts
    assert [columns(s, "place_id", "controller") for s in review.statements] == [
        ("arden", "redcaps"),
        ("belmont", "redcaps"),
    ]
    assert all("date" in s.properties["draft_open"] for s in review.statements)


def test_a_few_kilometres_are_a_gap_with_a_width():
    text = (
        "The Bluecoat League could advance into the few kilometers that are still under the "
        "control of the Redcap Front on 2 May 2020."
    )
    (gap,) = [s for s in read(text).statements if s.properties["extent"] == "gap"]
    assert columns(gap, "controller", "opposite") == ("redcaps", "bluecoats")
    assert columns(gap, "width_from_m", "width_to_m") == (2000, 10_000)
    assert "place_id" in gap.properties["draft_open"]


def test_ground_between_places_is_drawn():
    text = (
        "On 2 May 2020 the Bluecoat League besieged the Redcap Front in the area extending from "
        "Arden to Belmont and Corve."
    )
    (ground,) = [s for s in read(text).statements if s.geometry is not None]
    assert ground.geometry.geom_type == "Polygon"
    assert columns(ground, "controller", "extent") == ("redcaps", "all")


def test_an_area_that_was_taken_is_also_a_statement():
    review = read("The Redcap Front took all of the Eastern Moor on 2 May 2020.")
    assert [d.properties["place_id"] for d in review.drafts] == ["east_moor"]
    (whole,) = review.statements
    assert columns(whole, "place_id", "extent", "date") == ("east_moor", "all", "2020-05-02")


def test_a_reviewed_statement_becomes_a_row_and_an_open_one_is_refused():
    drafts = read("The Redcap Front still holds Arden on 2 May 2020.").statements
    data = geojson.dump_geojson(drafts, schema=STATEMENT_DRAFTS)
    (draft,) = geojson.parse_geojson(data, schema=STATEMENT_DRAFTS, file="s.geojson").features
    places = {"arden": Feature("arden", {}, None)}
    waiting = accept_statements([draft], places=places)
    assert waiting.waiting
    assert not waiting.rows
    ready = {"draft_status": "reviewed", "draft_open": None, "source_ids": "wire"}
    (row,) = accept_statements(
        [Feature(draft.id, draft.properties | ready, None)], places=places
    ).rows
    assert columns(row_as(row), "place_id", "controller") == ("arden", "redcaps")
    nowhere = Feature(draft.id, draft.properties | ready | {"place_id": None}, None)
    refused = accept_statements([nowhere], places=places)
    assert "place_id is empty" in [issue.message for issue in refused.issues]


def row_as(row):
    return Feature(row.id, row.values, None)


def test_the_sentence_goes_with_the_event():
    text = "Nothing was new. Redcap Front captured Arden on 2 May 2020."
    (draft,) = read(text, source_id="wire").drafts
    assert "Redcap Front captured Arden" in draft.properties["notes"]
    assert "(characters 17-59)" in draft.properties["notes"]
    assert draft.properties["source_ids"] == "wire"


def test_a_language_without_words_is_not_understood():
    assert not read("Kızıl kuvvetler dün öğleden sonra kasabaya girdi ve orada kaldı.").understood
    assert read("Nothing happened in the town and nobody was there at all.").understood
