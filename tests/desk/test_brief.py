"""A brief says what the layers say, every sentence names its records, and without them it goes."""

import dataclasses
import datetime as dt
import io
import json
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import open_layers
from geo.cli.printing import tell_figure
from geo.desk.brief.facts import Facts, Measures
from geo.desk.brief.grouping import group_events
from geo.desk.brief.markdown import cited
from geo.desk.brief.sentences import Sentence
from geo.desk.brief.telling import Teller
from geo.draw import LANGUAGES, Words, language_words
from geo.errors import DateError, GeoError
from geo.evidence import find_disagreement
from geo.layers import read_folder
from geo.theatre import Theatre

DESK = Path(sys.modules["geo.desk.brief.telling"].__file__).parent


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """A sound little theatre, with a contradiction, a second report and hostile names."""
    root = tmp_path_factory.mktemp("brief") / "layers"
    shutil.copytree(Path(__file__).parents[1] / "data" / "valid", root)
    with (root / "sources.csv").open("a") as file:
        file.write("other-1,Other <b>News</b>,,*Another* report,,,2017-08-01,,,C3\n")
    with (root / "statements.csv").open("a") as file:
        file.write("stm-against,east_well,2017-07-01,day,controlled,red,,reported,low,,other-1,\n")
    events = json.loads((root / "events" / "2017-07.geojson").read_text())
    first = next(f for f in events["features"] if f["properties"]["id"] == "evt-a")
    more = json.loads(json.dumps(first))
    more["properties"] |= {"id": "evt-a2", "source_ids": "other-1", "notes": "<i>Again</i>."}
    events["features"].append(more)
    (root / "events" / "2017-07.geojson").write_text(json.dumps(events))
    return root


@pytest.fixture(scope="module")
def theatre(valid):
    return open_layers(valid)


@pytest.fixture(scope="module")
def brief(theatre):
    return theatre.brief()


def records(root):
    """The ids of all records of a folder, and the paths of its files, as they lie there."""
    found = {path.relative_to(root).as_posix() for path in root.rglob("*.*")}
    for path in root.rglob("*.geojson"):
        features = json.loads(path.read_text())["features"]
        found |= {feature["properties"]["id"] for feature in features}
    for path in root.glob("*.csv"):
        found |= {line.partition(",")[0] for line in path.read_text().splitlines()[1:]}
    return found


def without(theatre, record):
    """The same theatre without an event or a statement."""
    folder = theatre.folder
    rows = tuple(row for row in folder.statements.rows if row.id != record)
    statements = dataclasses.replace(folder.statements, rows=rows)
    events = tuple(event for event in folder.events if event.id != record)
    digests = {**folder.digests, "without": record}
    less = dataclasses.replace(folder, statements=statements, events=events, digests=digests)
    return Theatre(less, composite=theatre.composite)


def said(found):
    return [(one.text, one.ids) for one in found.sentences()]


def test_every_sentence_names_records_that_lie_in_the_folder(brief, valid):
    there = records(valid)
    every = list(brief.sentences())
    assert len(every) > 20
    for one in every:
        assert one.ids
        assert set(one.ids) <= there, one
    named = dict.fromkeys(i for one in every for i in one.ids)
    assert [one.id for one in brief.references] == list(named)
    assert all(one.text for one in brief.references)


def test_a_sentence_that_rests_on_nothing_cannot_be_made():
    for ids in ((), ("",)):
        with pytest.raises(ValueError, match="rests on nothing"):
            Sentence("It rained.", ids)


@pytest.mark.parametrize("record", ["evt-a", "evt-a2", "evt-b", "stm-east", "stm-against"])
def test_without_a_record_the_sentences_that_rested_on_it_change_or_go(theatre, brief, record):
    rested = [one for one in said(brief) if record in one[1]]
    assert rested
    less = said(without(theatre, record).brief())
    assert not [one for one in less if record in one[1]]
    assert not set(rested) & set(less)
    # The text is another too, but where another record of the same kind tells the same.
    texts = {text for text, _ in less}
    assert any(text not in texts for text, _ in rested)


def test_what_one_event_alone_tells_goes_with_it(theatre):
    texts = {text for text, _ in said(without(theatre, "evt-b").brief())}
    assert "A declaration without a place." not in texts
    assert "Blue takes the well overnight." in texts


def test_figures_are_those_of_the_commands_rounded_as_they_round(theatre, brief):
    text = " ".join(one.text for one in brief.sentences())
    dates = theatre.before, theatre.after
    names = {row.id: row.values["name"] for row in theatre.folder.actors.rows}
    taken = [row for row in theatre.totals(*dates).to_dict("records") if row["effect"] == "taken"]
    assert taken
    for row in taken:
        middle, low, high = tell_figure(row["area_km2"], row["low_km2"], row["high_km2"])
        assert f"about {middle} km² ({low} to {high})" in text
        assert f"As drawn it is {Words('en').km2(row['drawn_km2'])} km²" in text
    moved = theatre.movement(*dates, "blue", "red")
    for name, unit in (
        ("gained_km2", "km²"),
        ("length_before_km", "km"),
        ("length_after_km", "km"),
    ):
        middle, low, high = tell_figure(getattr(moved, name), *moved.bands[name])
        assert f"about {middle} {unit} ({low} to {high})" in text
    assert f"{abs(moved.largest_km):,.1f} km in favour of {names['blue']}" in text


def test_one_thing_told_by_two_sources_is_one_entry_with_two_sources(brief):
    (events,) = [part for part in brief.parts if part.key == "events"]
    first = events.paragraphs[0].sentences
    assert {"evt-a", "evt-a2"} <= set(first[0].ids)
    assert first[1].text == "Told by 2 publishers: Wire and Other <b>News</b>."
    assert set(first[1].ids) == {"wire-1", "other-1"}
    assert len(events.paragraphs) == 2


def test_the_date_of_a_brief_and_since_when(theatre):
    assert (theatre.brief().before, theatre.brief().after) == (theatre.before, theatre.after)
    later = theatre.brief("2017-09-01")
    assert later.before == dt.date(2017, 7, 1)
    assert any("There is no map of 1 September 2017" in text for text, _ in said(later))
    same = theatre.brief("2017-08-20", since="2017-08-02")
    assert same.headline.text == "Both dates show the same map, of 1 August 2017"
    with pytest.raises(DateError, match="before the one since which"):
        theatre.brief("2017-07-20", since="2017-08-02")
    with pytest.raises(DateError, match="2016-01-01"):
        theatre.brief("2016-01-01")
    with pytest.raises(ValueError, match="language is 'xx'; a brief is written in en, ar"):
        theatre.brief(language="xx")


def test_another_language_says_the_same_of_the_same_records(theatre, brief):
    other = theatre.brief(language="ar")
    assert other.direction == "rtl"
    ours = [one for one in brief.sentences() if not one.is_quoted]
    theirs = list(other.sentences())
    # What somebody typed in one language is not passed off as the other's.
    assert not any(one.is_quoted for one in theirs)
    assert [one.ids for one in theirs] == [one.ids for one in ours]
    # One and two are said without a digit in Arabic, as the plural tells them.
    digits = [
        [set(re.findall(r"\d[\d,.]*\d|[03-9]", one.text)) for one in every]
        for every in (ours, theirs)
    ]
    assert digits[0] == digits[1]


def test_every_phrase_of_the_briefs_part_is_said_somewhere():
    code = "".join(path.read_text(encoding="utf-8") for path in DESK.glob("*.py"))
    for key in language_words("brief")["en"]:
        if key.startswith("brief."):
            stem = key.removeprefix("brief.")
            whole = f'"{key}"' in code or f'"{stem}"' in code
            made = any(f'"{key[: i + 1]}{{' in code for i, mark in enumerate(key) if mark == ".")
            assert whole or made, key


# ---------------------------------------------------------------- grouping

ACTORS = {"red": "red", "blue": "blue", "blue-guard": "blue"}


@st.composite
def event_sets(draw, features):
    """Copies of an event at a few places, on a few days, by a few actors."""
    made = []
    for k in range(draw(st.integers(0, 9))):
        first = dt.date(2017, 7, 1) + dt.timedelta(draw(st.integers(0, 12)))
        last = first + dt.timedelta(draw(st.integers(0, 3)))
        values = features.properties | {
            "id": f"evt-{k}",
            "event_date": str(first),
            "end_date": draw(st.sampled_from([None, str(last)])),
            "place_id": draw(st.sampled_from(["mid_well", "east_well", None])),
            "event_type": draw(st.sampled_from(["Battles", "Strategic developments"])),
            "actor1": draw(st.sampled_from(["red", "blue", "blue-guard"])),
            "change_id": draw(st.sampled_from([None, None, "chg-mid", "chg-east"])),
            "source_ids": draw(st.sampled_from(["wire-1", "other-1", "wire-1;other-1"])),
        }
        made.append(dataclasses.replace(features, id=f"evt-{k}", properties=values))
    return made


@given(data=st.data())
def test_each_event_of_the_span_is_in_one_group_whatever_their_order(theatre, data):
    folder = theatre.folder
    events = data.draw(event_sets(folder.events[0]))
    span = dt.date(2017, 7, 3), dt.date(2017, 7, 10)
    changes = folder.rows("changes")
    groups = group_events(events, changes, ACTORS, *span)
    ids = [event.id for group in groups for event in group.events]
    assert len(ids) == len(set(ids))
    assert set(ids) == {
        e.id
        for e in events
        if str(e.properties["event_date"]) <= "2017-07-10"
        and str(e.properties["end_date"] or e.properties["event_date"]) > "2017-07-03"
    }
    for change in ("chg-mid", "chg-east"):
        mine = [g for g in groups if any(e.properties["change_id"] == change for e in g.events)]
        assert len(mine) <= 1
    shuffled = data.draw(st.permutations(events))
    assert group_events(shuffled, changes, ACTORS, *span) == groups
    alone = [g for g in groups if len(g.events) == 1]
    assert all(set(g.sources) <= {"wire-1", "other-1"} for g in alone)


@given(numbers=st.sets(st.integers(1, 40), min_size=1))
def test_runs_of_numbers_are_told_by_their_ends(numbers):
    text = cited(map(str, numbers), {str(k): k for k in range(1, 41)})
    found = set()
    for part in text.split(", "):
        first, _, last = part.partition("–")
        found |= set(range(int(first), int(last or first) + 1))
    assert found == numbers


# ---------------------------------------------------------------- forms


def test_json_has_every_sentence_with_its_ids(brief):
    told = json.loads(brief.render("json"))
    sentences = [told["headline"], *told["maps"]]
    sentences += [s for part in told["parts"] for par in part["paragraphs"] for s in par]
    assert [(s["text"], tuple(s["ids"])) for s in sentences] == said(brief)
    assert {one["id"] for one in told["references"]} == {i for s in sentences for i in s["ids"]}


def test_text_of_layers_is_markup_in_no_form(brief):
    page = brief.render("html").decode()
    assert "<b>News" not in page
    assert "Other &lt;b&gt;News&lt;/b&gt;" in page
    assert "<i>Again" not in page
    assert "<script" not in page
    text = brief.render("md").decode()
    assert r"Other \<b\>News\</b\>" in text
    assert r"\*Another\* report" in text


def test_the_page_is_one_file_and_links_each_number_to_its_record(brief):
    page = brief.render("html").decode()
    assert page.count("<img") == 2
    assert set(re.findall(r'(?:src|href)="(\w+:|#)', page)) <= {"data:", "#", "https:"}
    targets = set(re.findall(r'id="(ref-\d+)"', page))
    assert len(targets) == len(brief.references)
    assert set(re.findall(r'href="#(ref-\d+)"', page)) <= targets
    held = re.findall(r'data-ids="([^"]*)"', page)
    assert sorted(map(tuple, map(str.split, held))) == sorted(one.ids for one in brief.sentences())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_document_opens_and_has_every_sentence(theatre, language):
    docx = pytest.importorskip("docx")
    brief = theatre.brief(language=language)
    data = brief.render("docx")
    assert data == theatre.brief(language=language).render("docx")
    document = docx.Document(io.BytesIO(data))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for one in brief.sentences():
        assert one.text in text
    assert len(document.inline_shapes) == 2
    assert document.core_properties.title == brief.title
    alt = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert all(alt)
    back = [p for p in document.paragraphs if p._p.xpath("./w:pPr/w:bidi")]
    spoken = [
        p for p in document.paragraphs if p.style.name in {"Normal", "List Bullet"} and p.text
    ]
    is_rtl = brief.direction == "rtl"
    assert all((p._p in [b._p for b in back]) == is_rtl for p in spoken)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert parts.testzip() is None


def test_without_python_docx_the_other_forms_still_work(brief, monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(GeoError, match=r"pip install 'geo-frontline\[briefs\]'"):
        brief.render("docx")
    assert brief.render("md")
    with pytest.raises(ValueError, match="'pdf' is none of them"):
        brief.render("pdf")


def test_saving_tells_the_form_by_the_name_and_markdown_has_its_maps_beside_it(brief, tmp_path):
    paths = brief.save(tmp_path / "b.md")
    assert [path.name for path in paths] == ["b.md", "b-map-1.png", "b-map-2.png"]
    text = paths[0].read_text(encoding="utf-8")
    assert "](<b-map-1.png>)" in text
    assert "](<b-map-2.png>)" in text
    assert paths[1].read_bytes().startswith(b"\x89PNG")
    brief.save(tmp_path / "b.md")  # again, over what is there
    with pytest.raises(ValueError, match=r"must end in \.md, \.html, \.docx, \.json"):
        brief.save(tmp_path / "b.odt")
    assert len(list(tmp_path.iterdir())) == 3


def test_the_command_prints_or_writes(frontline, valid, tmp_path):
    code, out, _ = frontline("brief", "--layers", valid)
    assert code == 0
    assert out.startswith("# A small theatre: brief, 1 July 2017 to 1 August 2017\n")
    code, out, _ = frontline("brief", "2017-08-01", "--format", "json", "--layers", valid)
    assert json.loads(out)["after"] == "2017-08-01"
    target = tmp_path / "brief.html"
    code, out, _ = frontline("brief", "--language", "ar", "-o", target, "--layers", valid)
    assert (code, out) == (0, f"{target}\n")
    assert 'dir="rtl"' in target.read_text(encoding="utf-8")
    code, _, err = frontline("brief", "-o", target, "--format", "md", "--layers", valid)
    assert code == 2
    assert "leave --format out" in err
    code, _, err = frontline("brief", "-o", tmp_path / "b.odt", "--layers", valid)
    assert code == 2
    assert "must end in" in err
    code, _, err = frontline("brief", "2017-07-02", "--since", "2017-08-01", "--layers", valid)
    assert code == 1
    assert "Traceback" not in err


# ---------------------------------------------------------------- the shipped case


class Unasked:
    """Figures that these sentences do not need."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} was asked for")


@pytest.fixture(scope="module")
def case():
    theatre = open_layers(Path(__file__).parents[2] / "layers")
    return theatre, theatre.folder, theatre.composite


def teller(folder, composite):
    days = dt.date(2017, 7, 31), dt.date(2017, 8, 2)
    measures = Measures({}, Unasked(), Unasked(), Unasked(), {})
    words = Words("en", ("page", "still", "brief"), is_drawn=False)
    return Teller(Facts(folder, composite, *days, measures), words)


def test_the_battle_that_eight_sources_tell_of_is_one_entry_with_eight_sources(case):
    _, folder, composite = case
    first = teller(folder, composite).events()[0].sentences
    assert "Bir Mahruthah" in first[0].text
    told = next(one for one in first if one.text.startswith("Told by"))
    assert told.text.startswith("Told by 8 publishers: ")
    row = folder.rows("changes")["chg-6b26821d"]
    assert set(told.ids) == set(str(row.values["source_ids"]).split(";"))
    quotes = " ".join(one.text for one in first if one.is_quoted)
    # What the report of the day tells: who attacked, what was taken, seized and lost.
    for words in ("the two factions advanced and took", "weapons, ammunition", "dead and wounded"):
        assert words in quotes


@pytest.mark.parametrize("record", ["stm-aa5e689a", "stm-59b391d4", "evt-5d76990f", "evt-fc07a5c0"])
def test_of_the_case_too_sentences_go_with_what_they_rested_on(case, record):
    theatre, folder, composite = case
    less = without(theatre, record).folder

    def told(layers):
        one = teller(layers, composite)
        found = [*one.events(), *one.disagreements()]
        return {(s.text, s.ids) for paragraph in found for s in paragraph.sentences}

    before, after = told(folder), told(less)
    rested = {one for one in before if record in one[1]}
    assert rested
    assert not rested & after
    texts = {text for text, _ in after}
    assert any(text not in texts for text, _ in rested)


def test_disagreements_are_those_of_the_command(case):
    _, folder, composite = case
    frame = find_disagreement(folder, dt.date(2017, 8, 2))
    told = teller(folder, composite).disagreements()
    assert f"About {len(frame) - 5} more places" in told[-1].sentences[0].text
    for row, paragraph in zip(frame.to_dict("records"), told[:-1], strict=False):
        assert set(str(row["statement_ids"]).split(";")) < set(paragraph.sentences[0].ids)
        assert f"({Words('en').km2(row['area_km2'])} km²)" in paragraph.sentences[0].text


def test_nothing_of_a_brief_needs_statements_or_a_ledger(small):
    for name in ("statements.csv", "changes.csv", "assessments.csv"):
        head = (small / name).read_text().splitlines()[0]
        (small / name).write_text(f"{head}\n")
    for path in (small / "control").glob("*.geojson"):
        layer = json.loads(path.read_text())
        for feature in layer["features"]:
            feature["properties"] |= {"statement_ids": None}
        path.write_text(json.dumps(layer))
    for path in (small / "events").glob("*.geojson"):
        layer = json.loads(path.read_text())
        for feature in layer["features"]:
            feature["properties"] |= {"change_id": None}
        path.write_text(json.dumps(layer))
    folder = read_folder(small)
    found = Theatre(folder).brief()
    texts = [text for text, _ in said(found)]
    assert "no row of the ledger says how" in texts[0]
    assert "The layers hold no statement, so none can contradict another." in texts
    assert "No report says that this ground changed hands." in texts
