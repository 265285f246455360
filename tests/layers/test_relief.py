"""Relief: a picture in its rectangle, or one clear word about what keeps it from being drawn."""

import pytest
from layers_relief import EDGES, give_relief, picture

from geo.layers import evidence_digests, read_reliefs
from geo.layers.folder import read_folder


def told(folder):
    return [i for i in read_folder(folder).issues if i.code in ("context.relief", "file.stray")]


@pytest.mark.parametrize(("name", "form"), [("webp", "webp"), ("png", "png"), ("jpg", "jpeg")])
def test_a_relief_is_read_with_its_edges_and_is_no_context_to_draw_lines_of(small, name, form):
    data = picture(form)
    folder = read_folder(give_relief(small, data, f"hills.{name}"))
    (relief,) = read_reliefs(folder.reliefs, folder.root)
    assert (list(relief.bounds), relief.data, relief.form) == (EDGES, data, form)
    assert "hills" not in {one.id for one in folder.context}
    assert told(small) == []


SKEW = [[37.0, 33.0], [38.0, 33.1], [38.0, 34.0], [37.0, 34.0], [37.0, 33.0]]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"name": None}, "is not there"),
        ({"data": b"not a picture"}, "no picture"),
        ({"data": picture("png")}, "no picture"),
        ({"data": picture() + bytes(500_000)}, "500 kB"),
        ({"ring": SKEW}, "rectangle"),
    ],
)
def test_what_cannot_be_drawn_gets_one_finding_and_refuses_the_map(
    frontline, small, tmp_path, how, said
):
    give_relief(small, **how)
    code, out, err = frontline("check", small)
    (line,) = [one for one in (out + err).splitlines() if "context.relief" in one]
    assert said in line
    assert "hills" in line
    assert code == 0  # No answer is wrong for that.
    target = tmp_path / "map.html"
    code, out, err = frontline("map", small, "-o", target)
    assert code == 1
    assert said in err
    assert "Traceback" not in err
    assert not target.exists()


def test_two_pictures_of_one_relief_are_one_too_many(small):
    give_relief(small)
    (small / "context/hills.png").write_bytes(picture("png"))
    (issue,) = told(small)
    assert "2 pictures" in issue.message


def test_what_is_only_drawn_or_told_makes_no_answer_anew(small):
    before = evidence_digests(read_folder(small).digests)
    give_relief(small)
    (small / "tour.csv").write_text(
        "id,stop,before,after,view,place_ids,text,text_ar,change_ids,event_ids,source_ids,note\n"
        "night,1,2017-07-01,2017-08-01,story,,It fell.,,,,wire-1,\n",
        encoding="utf-8",
    )
    folder = read_folder(small)
    assert evidence_digests(folder.digests) == before
    assert folder.digests.keys() - before.keys() >= {"tour.csv", "context/hills.geojson"}
    (small / "statements.csv").write_text(
        (small / "statements.csv")
        .read_text(encoding="utf-8")
        .replace("wire-1,", "wire-1,Said again.", 1),
        encoding="utf-8",
    )
    assert evidence_digests(read_folder(small).digests) != before
