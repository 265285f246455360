import datetime as dt
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo.errors import escape
from geo.evidence.gazetteer.index import Entry, Gazetteer
from geo.evidence.reports.accept import accept_drafts
from geo.evidence.reports.cues import CUES
from geo.evidence.reports.dates import find_dates
from geo.evidence.reports.drafts import DRAFTS
from geo.evidence.reports.review import read_report
from geo.evidence.words.languages import languages
from geo.layers import geojson, tables
from geo.model import ACTORS, EVENTS, PLACES, VOCABULARY, Row

PUBLISHED = dt.date(2017, 8, 2)
SOUTH_EAST = (37.4, 33.1)

GOVERNMENT = "Government regains territory"
NON_STATE = "Non-state actor overtakes territory"

# The sentences are ours; of the report only its phrases for places, groups and times are quoted.
REPORT = """\
Since last night, Tuesday the 1st of August 2017, clashes go on between the regime forces and
Jaysh Usud Al-Sharqiyyah with Ahmad Al-Abdu Forces. The two groups have taken control of Beir
Mahruthah area, which shelling from both sides accompanied, after what was lost during the past few
weeks. The regime forces could besiege the factions as far as Al-Asfar area and the west of Al-Sein
Military Airport.
The Coalition pulled the weapons from Shuhada’a’ Al-Qaryatayn Brigade in Tanf camp. In a statement
it was said that Maghawir al-Thawra should go to Al-Shaddadi.
"""
INVENTED = {
    "Beir\nMahruthah": "Beir\nKarzunah",
    "Al-Asfar": "Al-Wadqash",
    "Al-Sein\nMilitary": "Al-Murjan\nMilitary",
    "Tanf": "Zubaydin",
    "Al-Shaddadi": "Al-Qumrush",
}


@pytest.fixture(scope="module")
def layers(request):
    return request.config.rootpath / "layers"


@pytest.fixture(scope="module")
def features(layers):
    layer = geojson.read_geojson(layers / "places.geojson", root=layers, schema=PLACES)
    return {feature.id: feature for feature in layer.features}


@pytest.fixture(scope="module")
def gazetteer(features):
    return Gazetteer(features.values())


@pytest.fixture(scope="module")
def actors(layers):
    return tables.read_table(layers / "actors.csv", root=layers, schema=ACTORS).rows


@pytest.fixture(scope="module")
def own_words(layers):
    return tables.read_table(layers / "vocabulary.csv", root=layers, schema=VOCABULARY).rows


@pytest.fixture(scope="module")
def read(gazetteer, actors, own_words):
    told = {"gazetteer": gazetteer, "actors": actors, "vocabulary": own_words}

    def reader(text, published=PUBLISHED, near=SOUTH_EAST, **other):
        return read_report(text, published=published, near=near, **{**told, **other})

    return reader


def values(review, kind):
    return [mention.value for mention in review.mentions if mention.kind == kind]


def by_cue(review):
    return {draft.properties["draft_cue"]: draft for draft in review.drafts}


# --- the report from which the case starts -------------------------------------------


def test_the_report_is_read(read):
    review = read(REPORT)
    assert set(values(review, "place")) == {
        "bir_mahruthah",
        "al_asfar",
        "sayqal_airbase",
        "tanf_garrison",
        "shaddadi",
    }
    assert {"usud_al_sharqiyah", "ahmad_al_abdo", "shuhada_al_qaryatayn"} <= set(
        values(review, "actor")
    )
    assert "qaryatayn" not in values(review, "place"), "the town in the name of a brigade"
    assert "2017-08-01/2017-08-02" in values(review, "date")
    assert not review.unplaced


def test_the_advance_becomes_a_draft_with_its_words_and_their_places(read):
    draft = by_cue(read(REPORT))["control taken"]
    said = draft.properties
    assert (said["event_type"], said["place_id"]) == ("Battles", "bir_mahruthah")
    assert (said["event_date"], said["end_date"]) == ("2017-08-01", "2017-08-02")
    assert said["draft_status"] == "draft"
    assert said["geo_precision"] == 2, "an area, not the well"
    assert said["confidence"] == "low", "its date is that of the sentence before"
    assert "bir_mahrutha_qalamun" in said["draft_candidates"]
    assert "bir_mahrutha_qalamun" in said["draft_note"]
    at = REPORT.index("Beir\nMahruthah")
    assert f"@{at}-{at + len('Beir Mahruthah area')}" in said["draft_words"]
    assert (draft.geometry.x, draft.geometry.y) == pytest.approx((37.5808, 33.22304))


def test_what_could_happen_is_no_event_on_the_ground(read):
    siege = by_cue(read(REPORT))["siege, possible or denied"].properties
    assert (siege["event_type"], siege["sub_event_type"]) == ("Strategic developments", "Other")
    assert "could" in siege["draft_note"]
    denied = read("The factions did not capture Al-Asfar.").drafts[0].properties
    assert denied["event_type"] == "Strategic developments"


def test_invented_places_yield_no_placed_event(read):
    text = REPORT
    for name, other in INVENTED.items():
        assert name in text
        text = text.replace(name, other)
    review = read(text)
    assert review.drafts
    assert not [d for d in review.drafts if d.geometry or d.properties["place_id"]]
    assert all(
        "place_id" in d.properties["draft_open"] for d in review.drafts if d.properties["location"]
    )
    assert [" ".join(m.text.split()) for m in review.unplaced] == [
        "Beir Karzunah area",
        "Al-Wadqash area",
        "Al-Murjan Military Airport",
        "Zubaydin camp",
        "Al-Qumrush",
    ]
    shown = review.render()
    assert "5 names not placed" in shown
    assert "no place is called" in shown


def test_the_same_report_gives_the_same_drafts(read):
    assert read(REPORT) == read(REPORT)
    assert len({draft.id for draft in read(REPORT).drafts}) == len(read(REPORT).drafts)


def test_drafts_are_features_that_our_reader_takes(read):
    drafts = read(REPORT).drafts
    data = geojson.dump_geojson(drafts, schema=DRAFTS)
    layer = geojson.parse_geojson(data, schema=DRAFTS, file="drafts.geojson")
    assert {f.id: f.properties for f in layer.features} == {d.id: d.properties for d in drafts}
    assert not layer.issues


# --- places ------------------------------------------------------------------------


def test_a_homonym_stays_open_without_a_hint(read):
    review = read("Factions captured Beir Mahruthah on 1 August 2017.", near=None)
    (mention,) = review.unplaced
    assert mention.answer.verdict == "ambiguous"
    (draft,) = review.drafts
    assert draft.geometry is None
    assert draft.properties["draft_open"] == "place_id"
    assert "2 places bear the name" in draft.properties["draft_note"]


def test_a_known_word_within_an_unknown_name_is_not_the_place(read):
    review = read("Shelling hit Palmyra Textile Mills Compound on 1 August 2017.")
    assert not values(review, "place")
    assert review.unplaced[0].text == "Palmyra Textile Mills Compound"


def test_a_part_of_a_place_is_not_the_place(read):
    review = read("Clashes broke out in NE Suwayda on 1 August 2017.")
    assert values(review, "place") == [""]
    assert "a part of Suwayda" in review.render()
    assert values(read("Clashes in Eastern Qalamoun."), "place") == ["eastern_qalamun"]


@pytest.mark.parametrize(
    ("words", "precision"),
    [
        ("in Al-Asfar", 1),
        ("near Al-Asfar", 2),
        ("east of Al-Asfar", 2),
        ("in the outskirts of Al-Asfar", 2),
        ("in Al-Asfar area", 2),
        ("in the As-Suwayda desert", 3),
    ],
)
def test_how_a_place_is_named_says_how_well_it_is_known(read, words, precision):
    (draft,) = read(f"Clashes broke out {words} on 1 August 2017.").drafts
    assert draft.properties["geo_precision"] == precision


def test_each_place_of_a_list_gets_a_draft(read):
    review = read("On 12 July 2017 the army took control of Umm Rumam, Al-Juwayf and Al-Ghudayhat.")
    assert [d.properties["place_id"] for d in review.drafts] == [
        "umm_rumam",
        "al_juwayf",
        "al_ghudayhat",
    ]
    assert {d.properties["draft_cue"] for d in review.drafts} == {"control taken"}


def test_a_place_of_another_table_must_become_our_own_first(actors):
    others = [Entry("ocha:1", "Izra", lon=36.25, lat=32.86, origin="ocha")]
    review = read_report(
        "Clashes in Izra on 1 August 2017.", gazetteer=Gazetteer([], others), actors=actors
    )
    (draft,) = review.drafts
    assert draft.properties["draft_open"] == "place_id;actor1;actor2"
    assert draft.geometry is None
    assert "add it first" in draft.properties["draft_note"]


# --- actors ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "first", "second", "sub_event_type"),
    [
        ("Usud al-Sharqiyah captured Al-Asfar from Daesh", "usud_al_sharqiyah", "is", NON_STATE),
        ("Al-Asfar was captured by the Syrian Arab Army", "saa", None, GOVERNMENT),
        ("SAA seized Al-Asfar from Daesh", "saa", "is", GOVERNMENT),
        ("Someone captured Al-Asfar", None, None, None),
        ("سيطرت قوات النظام على الأصفر", "saa", None, GOVERNMENT),
        ("سيطر جيش أسود الشرقية على الأصفر", "usud_al_sharqiyah", None, NON_STATE),
    ],
)
def test_who_took_the_ground_settles_the_type(read, sentence, first, second, sub_event_type):
    (draft,) = read(sentence + " 2017-08-01.").drafts
    said = draft.properties
    assert (said["actor1"], said["actor2"]) == (first, second)
    assert said["sub_event_type"] == sub_event_type
    assert (said["draft_open"] or "") == ("" if sub_event_type else "sub_event_type;actor1")


def test_a_name_that_two_of_one_side_bear_is_the_side(read):
    (mention,) = [
        m for m in read("Syrian government forces advanced.").mentions if m.kind == "actor"
    ]
    assert mention.value == "government"
    assert "saa" in mention.note


def test_allies_of_one_side_stand_together(read):
    draft = read(
        "Clashes between Ahmad al-Abdo and Usud al-Sharqiyah and Hezbollah in Al-Asfar."
    ).drafts[0]
    said = draft.properties
    assert (said["actor1"], said["assoc_actor_1"]) == ("ahmad_al_abdo", "usud_al_sharqiyah")
    assert said["actor2"] == "hezbollah"


# --- Arabic ------------------------------------------------------------------------


def test_an_arabic_report_is_read(read):
    review = read(
        "سيطرت فصائل المعارضة على منطقة محروثة ليلة أمس، وقصفت قوات النظام محيط تل مكحول "
        "وبئر القصب. "
        "وجرت اشتباكات في قرية الزرقون يوم الثلاثاء 1 آب 2017."
    )
    assert values(review, "place") == ["bir_mahruthah", "jabal_makhul", "bir_qassab"]
    assert values(review, "date") == ["2017-08-01/2017-08-02", "2017-08-01"]
    assert [(d.properties["draft_cue"], d.properties["actor1"]) for d in review.drafts] == [
        ("control taken", "opposition"),
        ("shelling", "saa"),
        ("shelling", "saa"),
        ("clashes", None),
    ]
    assert [m.text for m in review.unplaced] == ["قرية الزرقون"]


# --- dates -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "first", "last", "precision"),
    [
        ("2017-08-01", "2017-08-01", "2017-08-01", 1),
        ("last night, Tuesday the 1st of August 2017", "2017-08-01", "2017-08-02", 1),
        ("overnight 1-2 August", "2017-08-01", "2017-08-02", 1),
        ("the night of 1 August 2017", "2017-08-01", "2017-08-02", 1),
        ("August 1, 2017", "2017-08-01", "2017-08-01", 1),
        ("between 30 July and 2 August 2017", "2017-07-30", "2017-08-02", 1),
        ("29 December 2016 to 3 January 2017", "2016-12-29", "2017-01-03", 1),
        ("31 December", "2016-12-31", "2016-12-31", 1),
        ("yesterday", "2017-08-01", "2017-08-01", 1),
        ("last night", "2017-08-01", "2017-08-02", 1),
        ("on Sunday", "2017-07-30", "2017-07-30", 1),
        ("Monday night", "2017-07-31", "2017-08-01", 1),
        ("three days ago", "2017-07-30", "2017-07-30", 1),
        ("over the past two weeks", "2017-07-19", "2017-08-02", 2),
        ("during the past few weeks", None, "2017-08-02", 3),
        ("late July 2017", "2017-07-21", "2017-07-31", 2),
        ("February 2016", "2016-02-01", "2016-02-29", 3),
        ("29/07/2017", "2017-07-29", "2017-07-29", 1),
        ("01/01/2017", "2017-01-01", "2017-01-01", 1),
        ("الثلاثاء 1 آب 2017", "2017-08-01", "2017-08-01", 1),
        ("١ آب/أغسطس ٢٠١٧", "2017-08-01", "2017-08-01", 1),
        ("12 كانون الثاني 2017", "2017-01-12", "2017-01-12", 1),
        ("أول من أمس", "2017-07-31", "2017-07-31", 1),
        ("منذ يومين", "2017-07-31", "2017-07-31", 1),
        ("خلال الأسابيع الماضية", None, "2017-08-02", 3),
    ],
)  # fmt: skip
def test_words_for_times_are_read(words, first, last, precision):
    (when,) = find_dates(f"It began {words}.", PUBLISHED)
    assert (when.first and str(when.first), str(when.last)) == (first, last)
    assert when.precision == precision
    assert words.startswith(f"It began {words}."[when.start : when.end][:4].strip())


@pytest.mark.parametrize(
    ("words", "published", "problem"),
    [
        ("yesterday", None, "day of publication"),
        ("on Sunday", None, "day of publication"),
        ("1 August", None, "without a year"),
        ("01/08/2017", PUBLISHED, "cannot be told apart"),
        ("Monday 1 August 2017", PUBLISHED, "was a Tuesday"),
        ("31 June 2017", PUBLISHED, "no such day"),
        ("2017-02-30", PUBLISHED, "no such day"),
        ("3-1 August 2017", PUBLISHED, "not in order"),
    ],
)
def test_a_time_that_cannot_be_read_says_why(words, published, problem):
    (when,) = find_dates(words, published)
    assert problem in when.problem
    assert when.first is when.last is None


@given(st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)), st.integers(0, 20))
def test_every_day_is_read_in_every_naming_of_its_month(day, pick):
    names = " ".join(each.dates.months[day.month - 1] for each in languages()).split()
    name = names[pick % len(names)].replace("_", " ")
    (when,) = find_dates(f"{day.day} {name} {day.year}", None)
    assert (when.first, when.last, when.problem) == (day, day, "")


def test_a_draft_without_a_day_stays_open(read):
    (draft,) = read("Factions captured Al-Asfar.", published=None).drafts
    assert draft.properties["event_date"] is None
    assert draft.properties["draft_open"] == "event_date;time_precision"
    (marked,) = read("Factions captured Al-Asfar.").drafts
    assert marked.properties["event_date"] == str(PUBLISHED)
    assert marked.properties["draft_open"] == "event_date"
    assert "day of publication" in marked.properties["draft_note"]
    (vague,) = read("Factions captured Al-Asfar during the past few weeks.").drafts
    assert vague.properties["draft_open"] == "event_date;time_precision"
    assert vague.properties["end_date"] == "2017-08-02"
    assert "does not say how long" in vague.properties["draft_note"]


# --- any text ----------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *("., \n()-'’", "Tal", "Al-", "al-Asfar", "Beir", "Mahruthah", "captured", "could"),
        *("Coalition", "Xylon", "last night", "1 August", "2017", "بئر", "محروثة", "سيطرت"),
        *(", ", " ", ". ", "\n", "-", "’", "، ", "\u202e", "\x1b[31m"),
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=60))
@example("بئر محروثةCoalition Tal Al-")
def test_mentions_are_true_to_the_text_and_do_not_overlap(text):
    places = Gazetteer([Entry("asfar", "Al-Asfar", lon=36.7, lat=33.1), Entry("bir", "بئر محروثة")])
    rows = [Row("coalition", {"id": "coalition", "name": "Coalition", "side": "us-coalition"})]
    review = read_report(text, gazetteer=places, actors=rows, published=PUBLISHED)
    at = 0
    for mention in review.mentions:
        assert at <= mention.start < mention.end
        assert text[mention.start : mention.end] == mention.text
        at = mention.end
    for draft in review.drafts:
        assert (draft.properties["place_id"] is None) <= (draft.geometry is None)
    lines = review.render().split("\n")
    assert lines == [escape(line, 1_000_000) for line in lines], "nothing that a terminal obeys"


def test_every_cue_makes_an_event_that_acled_knows():
    types = EVENTS.column("event_type").choices
    kinds = EVENTS.column("sub_event_type").choices
    for cue in CUES.values():
        if cue.frame == "dead":
            assert not cue.event_type, "the dead are no event by themselves"
            continue
        assert cue.event_type in types
        assert cue.sub_event_type in (*kinds, "")


# --- words of a theatre --------------------------------------------------------------


def word(text, actor=None):
    return Row("", {"text": text, "actor": actor, "note": None})


def test_a_theatre_says_what_its_reports_call_a_side(read):
    text = "The old guard and the old guard militia captured Al-Asfar."
    assert values(read(text), "actor") == []
    words = [word("old guard", "government"), word("old guard militia", "opposition")]
    assert values(read(text, vocabulary=words), "actor") == ["government", "government"]
    words = [word("old guard", "government"), word("old guard militia", "government")]
    found = [m.text for m in read(text, vocabulary=words).mentions if m.kind == "actor"]
    assert found == ["old guard", "old guard militia"], "of two the longer is meant"
    assert not values(read(text, vocabulary=[word("old guard", "nobody")]), "actor")


def test_a_word_of_a_theatre_is_text_not_an_expression(read):
    words = [word("g.ard", "government")]
    assert not values(read("The guard captured Al-Asfar.", vocabulary=words), "actor")


def test_a_word_that_means_nobody_is_no_name(read):
    text = "Clashes near Freedonia Asfar."
    assert [m.text for m in read(text).unplaced] == ["Freedonia Asfar"]
    assert not read(text, vocabulary=[word("Freedonia")]).unplaced


# --- accepting ---------------------------------------------------------------------


def reviewed(draft, **settled):
    return type(draft)(
        draft.id, draft.properties | {"draft_status": "reviewed"} | settled, draft.geometry
    )


def test_only_reviewed_drafts_are_accepted(read, features):
    draft = by_cue(read(REPORT))["control taken"]
    assert accept_drafts([draft], places=features).waiting == (draft,)
    accepted = accept_drafts(
        [reviewed(draft, sub_event_type="Armed clash", actor1="usud_al_sharqiyah")], places=features
    )
    (event,) = accepted.events
    assert not accepted.waiting
    assert set(event.properties) == set(EVENTS.names)
    assert event.geometry == features["bir_mahruthah"].geometry
    again = geojson.dump_geojson([event], schema=EVENTS)
    assert not geojson.parse_geojson(again, schema=EVENTS, file="events/2017-08.geojson").issues
    dropped = accept_drafts([reviewed(draft, draft_status="rejected")], places=features)
    assert not (dropped.events or dropped.waiting or dropped.issues)


def test_a_draft_with_an_open_choice_is_refused_and_named(read, features):
    (draft,) = read("Someone captured Beir Mahruthah.", near=None, published=None).drafts
    open_ = ["place_id", "event_date", "time_precision", "sub_event_type", "actor1"]
    assert draft.properties["draft_open"] == ";".join(open_)
    refused = accept_drafts([reviewed(draft)], places=features, file="drafts.geojson")
    assert not refused.events
    assert [issue.message for issue in refused.issues] == [
        "place_id is open",
        "event_date is open",
        "time_precision is open",
        "sub_event_type is open",
        "actor1 is open",
    ]
    assert {issue.ids for issue in refused.issues} == {(draft.id,)}
    settled = reviewed(
        draft,
        place_id="bir_mahruthah",
        event_date="2017-08-01",
        time_precision=1,
        sub_event_type="Non-state actor overtakes territory",
        actor1="opposition",
    )
    (event,) = accept_drafts([settled], places=features).events
    assert event.geometry == features["bir_mahruthah"].geometry
    assert event.properties["geo_radius_m"] == features["bir_mahruthah"].properties["geo_radius_m"]


def test_a_place_that_is_not_in_the_gazetteer_is_refused(read, features):
    (draft,) = read("Factions captured Al-Asfar on 1 August 2017.").drafts
    refused = accept_drafts([reviewed(draft, place_id="atlantis")], places=features)
    assert [issue.code for issue in refused.issues] == ["draft.place"]


def test_a_column_struck_from_open_may_stay_empty(read, features):
    (draft,) = read("Factions captured Xylonia on 1 August 2017.").drafts
    struck = reviewed(draft, draft_open=None)
    (event,) = accept_drafts([struck], places=features).events
    assert event.geometry is None
    assert event.properties["location"] == "Xylonia"


@pytest.mark.slow
def test_a_long_report_takes_as_much_longer_as_it_is_longer(gazetteer, actors):
    """Sixteen times the text in about sixteen times the time: nothing looks at all of it again."""

    def took(count):
        text = "Jaysh Usud Al-Sharqiyyah took Bir Qassab on 20 July 2017. " * count
        start = time.process_time()
        read_report(text, gazetteer=gazetteer, actors=actors, published=PUBLISHED)
        return time.process_time() - start

    took(100)
    assert min(took(1600) for _ in range(2)) < 40 * min(took(100) for _ in range(3))
