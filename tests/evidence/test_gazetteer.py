import dataclasses
import re

import pytest
import shapely
from benchmarks import names
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import SchemaError, escape
from geo.evidence.gazetteer.index import MIN_SCORE, TIE, Entry, Gazetteer
from geo.evidence.gazetteer.names import key, parse_name
from geo.evidence.gazetteer.read import read_gazetteer
from geo.evidence.words.languages import languages
from geo.layers import geojson
from geo.model import PLACES, Feature

SOUTH_EAST = (37.4, 33.1)


@pytest.fixture(scope="module")
def places(request):
    root = request.config.rootpath / "layers"
    return Gazetteer(
        geojson.read_geojson(root / "places.geojson", root=root, schema=PLACES).features
    )


# --- the key ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arabic", "latin"),
    [
        ("إدلب", "Idlib"),
        ("الحسكة", "Al-Hasakah"),
        ("الرقة", "Ar-Raqqah"),
        ("السويداء", "As-Suwayda"),
        ("القنيطرة", "Al-Qunaytirah"),
        ("اللاذقية", "Al-Ladhiqiyah"),
        ("حلب", "Halab"),
        ("حماة", "Hamah"),
        ("حمص", "Hims"),
        ("درعا", "Dar'a"),
        ("دير الزور", "Dayr az-Zawr"),
        ("ريف دمشق", "Rif Dimashq"),
        ("طرطوس", "Tartus"),
    ],
)
def test_governorates_have_one_key_in_both_scripts(arabic, latin):
    assert key(arabic) == key(latin)


@pytest.mark.parametrize(
    "spellings",
    [
        ("Ad Dumayr", "al-Dumayr", "Dumeir", "Dmeir", "DUMAYR", "Ḍumayr", "الضمير", "الضُّمَيْر"),
        ("Beir Mahruthah", "Bi'r Mahroutha", "Be’r Mahroutha", "Bair Mahrutha", "بئر محروثة"),
        ("Khirbat al-Umbashi", "Khirbet al Umbashi", "خربة الأمباشـي"),
        ("Tall Makhul", "Tell Makhoul", "Jabal Makhūl"),
        ("Ash-Shaddadi", "Al-Shaddadi", "al Shadadi", "Chaddadi", "الشدادي"),
        ("Qassab", "Gassab", "Kassab", "Qasab"),
        ("Umm Udhun", "Um Uzun", "Oum Odhn"),
    ],
    ids=lambda spellings: spellings[0],
)  # fmt: skip
def test_what_transliterations_vary_is_not_in_the_key(spellings):
    assert len({key(spelling) for spelling in spellings}) == 1


CONSONANTS = {"ب": "b", "د": "d", "ر": "r", "س": "s", "ش": "sh", "ف": "f", "ق": "q"}
CONSONANTS |= {"ك": "k", "ل": "l", "م": "m", "ن": "n", "خ": "kh", "ذ": "dh", "ث": "th"}
SUN = {"د", "ر", "س", "ش", "ل", "ن", "ذ", "ث"}


@st.composite
def names_in_two_scripts(draw):
    """A made-up name in Arabic script, and one way to write it in Latin letters."""
    root = draw(st.lists(st.sampled_from(sorted(CONSONANTS)), min_size=3, max_size=5, unique=True))
    vowels = [draw(st.sampled_from("aiu")) for _ in root[:-1]]
    latin = "".join(CONSONANTS[c] + v for c, v in zip(root, [*vowels, ""], strict=True))
    article = "a" + CONSONANTS[root[0]] if root[0] in SUN else "al"
    ending = draw(st.sampled_from([("", ""), ("ة", "ah"), ("ة", "eh"), ("ية", "iyya")]))
    head = draw(st.sampled_from([("", ""), ("ال", f"{article}-"), ("ال", "Al ")]))
    return head[0] + "".join(root) + ending[0], head[1] + latin.capitalize() + ending[1]


@given(names_in_two_scripts())
def test_a_romanized_name_finds_its_place(pair):
    arabic, latin = pair
    assert key(arabic) == key(latin)
    answer = Gazetteer([Entry("here", arabic)]).find(latin)
    assert answer.place == Entry("here", arabic), answer


@given(names_in_two_scripts(), st.data())
def test_case_apostrophes_and_doubled_letters_do_not_matter(pair, data):
    latin = pair[1]
    # Not the article, and no half of a digraph.
    single = [m.end() for m in re.finditer("(?<=[aiu])[bdflmnqr](?!h)", latin) if m.start() > 2]
    at = data.draw(st.sampled_from(single or [0]))
    doubled = latin[:at] + latin[max(0, at - 1) : at] + latin[at:]
    expected = parse_name(latin)
    assert parse_name(latin.upper()) == expected
    assert parse_name(latin.replace("-", " ")) == expected
    assert parse_name(latin + "’").key == expected.key
    assert key(doubled) == expected.key


def test_kind_words_are_kind_and_not_name():
    assert parse_name("Bir Mahruthah").kinds == {"well"}
    assert parse_name("Mahruthah well").sounds == parse_name("Bir Mahruthah").sounds
    assert parse_name("Al-Sein Military Airport").kinds == {"airfield"}
    assert parse_name("Tall Banat Bair").sounds.endswith("bayr"), "bair is no well at the end"


def test_a_name_of_kind_words_alone_is_their_name():
    assert parse_name("Military checkpoint").bare
    triangle = Gazetteer([Entry("triangle", "Triangle crossroads", kind="road junction")])
    assert triangle.find("al-Muthallath").candidates[0].id == "triangle"


def kind_words():
    for language in languages():
        for name, line in (*language.kinds.items(), *language.leading_kinds.items()):
            yield name.partition("/")[0], line.split()


@pytest.mark.parametrize(("kind", "words"), list(kind_words()))
def test_every_kind_word_is_known_as_written(kind, words):
    for word in words:
        assert parse_name(f"{word} Xanadu").kinds == {kind}, word


# --- answers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Beir Mahruthah", "bir_mahruthah"),
        ("Bi'r Mahroutha", "bir_mahruthah"),
        ("بئر محروثة", "bir_mahruthah"),
        ("بير محروثه", "bir_mahruthah"),
        ("Tal Makhrouta", "tall_mahruthah"),
        ("Al-Sein Military Airport", "sayqal_airbase"),
        ("Saiqal airfield", "sayqal_airbase"),
        ("مطار السين", "sayqal_airbase"),
        ("Dumeir", "dumayr"),
        ("Dumair Military Airport", "dumayr_airbase"),
        ("Suweida", "as_suwayda"),
        ("Tanf", "tanf_garrison"),
        ("Zuluf dam", "zalaf_dam"),
        ("Al-Asfar", "al_asfar"),
        ("Tal Asfar", "tell_asfar"),
        ("Umm Rmam", "umm_rumam"),
        ("Mansour 2", "mansour_2"),
    ],
)
def test_spellings_of_reports_find_their_place(places, name, place):
    answer = places.find(name, near=SOUTH_EAST)
    assert (answer.verdict, answer.candidates[0].id) == ("found", place), answer.reason


def test_two_wells_of_one_name_are_told_apart_by_what_is_near(places):
    answer = places.find("Beir Mahruthah", near=SOUTH_EAST)
    assert answer.verdict == "found"
    assert answer.place.id == "bir_mahruthah"
    (other,) = answer.homonyms
    assert other.id == "bir_mahrutha_qalamun"
    assert 105 < other.distance_km < 115
    assert "bir_mahrutha_qalamun" in answer.reason
    assert f"{other.distance_km:g} km" in answer.reason


def test_two_wells_of_one_name_are_not_chosen_from_without_a_hint(places):
    answer = places.find("Beir Mahruthah")
    assert answer.verdict == "ambiguous"
    assert answer.place is None
    assert {c.id for c in answer.candidates[: answer.tied]} == {
        "bir_mahruthah",
        "bir_mahrutha_qalamun",
    }
    assert answer.reason.startswith("2 places bear the name")


def test_a_hint_between_two_homonyms_decides_nothing():
    two = [Entry(i, "Al-Qasr", lon=lon, lat=33.0) for i, lon in (("east", 37.0), ("west", 36.0))]
    assert Gazetteer(two).find("Al-Qasr", near=(36.6, 33.0)).verdict == "ambiguous"
    assert Gazetteer(two).find("Al-Qasr", near=(36.05, 33.0)).place.id == "west"


def test_two_homonyms_next_to_each_other_stay_two():
    two = [Entry(i, "Al-Qasr", lon=lon, lat=33.0) for i, lon in (("east", 36.05), ("west", 36.0))]
    assert Gazetteer(two).find("Al-Qasr", near=(36.0, 33.0)).verdict == "ambiguous"


def test_a_homonym_that_was_never_located_keeps_the_choice_open():
    two = [Entry("here", "Al-Qasr", lon=37.0, lat=33.0), Entry("somewhere", "Al-Qasr")]
    answer = Gazetteer(two).find("Al-Qasr", near=(37.0, 33.0))
    assert answer.verdict == "ambiguous"
    assert [c.distance_km for c in answer.candidates] == [0.0, None]


def test_nearness_makes_no_bad_match_better(places):
    for name in ("Beir Karzunah", "Tal Umm Ruwwaq", "Kafr Zayta"):
        far, near = places.find(name), places.find(name, near=(37.5808, 33.22304))
        assert far.verdict == near.verdict == "not_found"
        assert {c.id: c.score for c in far.candidates} == {c.id: c.score for c in near.candidates}


def test_not_found_lists_the_nearest_names_and_chooses_none(places):
    answer = places.find("Beir Mahrouqa")
    assert answer.verdict == "not_found"
    assert answer.place is None
    assert not answer.homonyms
    assert answer.candidates[0].id in {"bir_mahruthah", "bir_mahrutha_qalamun"}
    assert answer.candidates[0].score < MIN_SCORE
    assert "heard as" in answer.candidates[0].why


def test_numbers_and_quarters_tell_places_apart(places):
    assert places.find("Mansour 3").verdict == "not_found"
    assert places.find("Western Qalamoun").verdict == "not_found"
    assert places.find("Eastern Qalamoun").place.id == "eastern_qalamun"


def test_what_is_called_after_a_place_is_not_the_place():
    town = Gazetteer([Entry("dumayr", "Ad-Dumayr", lon=36.7, lat=33.6, kind="town")])
    assert town.find("Dumayr").verdict == "found"
    assert town.find("Dumayr governorate").verdict == "not_found"
    assert town.find("Dumayr airbase").verdict == "not_found"


@given(st.text(max_size=30))
def test_any_text_gets_an_honest_answer(text):
    gazetteer = Gazetteer(
        [Entry("a", "Tall al-Asfar"), Entry("b", "الأصفر"), Entry("c", "スィース山")]
    )
    answer = gazetteer.find(text)
    scores = [candidate.score for candidate in answer.candidates]
    assert all(0 <= score <= 1 for score in scores)
    assert (answer.verdict == "not_found") == (not scores or max(scores) < MIN_SCORE)
    assert all(score >= max(scores) - TIE for score in scores[: answer.tied])
    assert escape(answer.reason, 10_000) == answer.reason


@given(st.permutations(["Bir Mahrutha", "Tall Mahrutha", "Bir Makhul", "Jabal Makhul"]))
def test_the_order_of_the_places_does_not_matter(shuffled):
    entries = [Entry(name.lower().replace(" ", "_"), name) for name in shuffled]
    expected = Gazetteer(sorted(entries, key=lambda entry: entry.id)).find("Beir Mahroutha")
    assert Gazetteer(entries).find("Beir Mahroutha") == expected


def test_a_feature_becomes_an_entry_with_every_spelling():
    values = {
        "name": "Al-Asfar",
        "name_ar": "الأصفر",
        "alternatenames": "Al Asfar village;Asfar",
        "kind": "village",
        "geo_radius_m": 800,
    }
    entry = Entry.from_feature(Feature("al_asfar", values, shapely.Point(36.7386, 33.1029)))
    assert entry.spellings == ("الأصفر", "Al Asfar village", "Asfar")
    assert (entry.lon, entry.lat, entry.radius_m) == (36.7386, 33.1029, 800)
    nowhere = Entry.from_feature(Feature("x", values, None))
    assert (nowhere.lon, nowhere.lat) == (None, None)


# --- tables of others --------------------------------------------------------------


def test_a_table_of_another_stands_behind_the_own_places():
    own = [Entry("al_qasr", "Al-Qasr", lon=36.739, lat=33.008, kind="village", radius_m=400)]
    table = (
        b"name,alternates,lon,lat\n"
        b"Al Qasr,,36.740,33.009\n"  # the same village again
        b"Al-Qasr,,31.900,32.000\n"  # another one
        b"Izra,Ezraa;Izraa,36.25,32.86\n"
    )
    gazetteer = Gazetteer(own, read_gazetteer(table, file="tables/ocha.csv"))
    answer = gazetteer.find("Qasr")
    assert answer.verdict == "ambiguous"
    assert [c.id for c in answer.candidates[: answer.tied]] == ["al_qasr", "ocha:3"]
    assert gazetteer.find("Ezra'a").place.origin == "ocha"


def test_the_table_of_geonames_is_read_as_it_comes():
    line = (
        "172408\tAl Ashrafīyah\tAl Ashrafiyah\tAl Ashrafiyah,Ashrafiye,الأشرفية\t32.99\t36.83\tP\t"
        "PPL\tSY\t\t05\t\t\t\t0\t\t800\tAsia/Damascus\t2012-01-19\n"
    )
    (entry,) = read_gazetteer(line.encode(), file="SY.txt")
    assert (entry.id, entry.name, entry.lon, entry.lat) == (
        "sy:172408",
        "Al Ashrafīyah",
        36.83,
        32.99,
    )
    assert "الأشرفية" in entry.spellings
    assert Gazetteer([], [entry]).find("الأشرفية").place == entry


def test_the_columns_of_ocha_are_known():
    table = (
        "NAME_EN,NAM_EN_REF,NAME_ARA,PCODE,LATITUDE,LONGITUDE\n"
        "Hawir Elhus,Hawir Elhus,حوير الحص,C2199,35.851,37.467\n"
    )
    (entry,) = read_gazetteer(table.encode(), file="syr.csv")
    assert entry.id == "syr:C2199"
    assert Gazetteer([], [entry]).find("Huwayr al-Hus").place == entry
    assert Gazetteer([], [entry]).find("حوير الحص").place == entry


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (b"place,lat\nX,1\n", "no column for name, lon"),
        (b"name,lon,lat\nX,east,1\n", "is no pair of numbers"),
        (b"name,lon,lat\nX,336000,3700000\n", "no longitude and latitude"),
        (b"name,lon,lat\n,36,33\n", "the name is empty"),
        (b"name,lon,lat\n\xff,36,33\n", "no table in UTF-8"),
        (b"", "no table in UTF-8"),
    ],
)
def test_a_bad_table_is_refused_with_the_reason_and_the_line(table, said):
    with pytest.raises(SchemaError, match=said) as caught:
        read_gazetteer(table, file="others.csv")
    assert caught.value.issues[0].file == "others.csv"


def test_all_faults_of_a_table_are_said_at_once():
    with pytest.raises(SchemaError) as caught:
        read_gazetteer(b"name,lon,lat\n,36,33\nX,36,33\nY,a,b\n", file="others.csv")
    assert [issue.line for issue in caught.value.issues] == [2, 4]


# --- the figures -------------------------------------------------------------------


@pytest.mark.slow
def test_left_out_names_find_their_places_and_absent_names_do_not():
    ours, false, _ = names.measure()
    assert ours.asked > 300
    assert ours.first / ours.asked >= 0.90
    assert ours.three / ours.asked >= 0.97
    assert sum(n for n, _ in false.values()) / sum(of for _, of in false.values()) <= 0.02


def test_leaving_out_leaves_nothing_else_out():
    whole, _ = names.entries()
    name, number, rest = next(iter(names.left_out()))
    assert name not in rest[number].spellings
    assert dataclasses.replace(rest[number], spellings=whole[number].spellings) == whole[number]
    assert [e for i, e in enumerate(rest) if i != number] == [
        e for i, e in enumerate(whole) if i != number
    ]


@pytest.mark.parametrize(
    ("name", "place"),
    [("Sayqal air base", "sayqal"), ("Tloul al-Safa", "safa"), ("Сайкаль", "sayqal")],
)
def test_words_that_are_one_plurals_and_cyrillic_letters_are_heard(name, place):
    places = Gazetteer(
        [
            Entry("sayqal", "Sayqal airbase", ("Saykal",), kind="airbase"),
            Entry("safa", "Tulul al-Safa", kind="area"),
        ]
    )
    answer = places.find(name)
    assert answer.verdict == "found"
    assert answer.place.id == place
