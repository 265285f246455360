"""Lists of who holds which town: one place is one record, and nothing said is lost."""

from hypothesis import given
from hypothesis import strategies as st

from geo.exchange.imports import run_import
from geo.exchange.saving import save_import
from geo.layers.folder import read_folder
from tests.foreign import HEADER, assert_adds_up, values

ROW = st.tuples(
    st.sampled_from(["P", "Q", "", "=1"]),
    st.sampled_from(["a", "Contested", "", "b"]),
    st.sampled_from(["2022-03-31", "31 March 2022", "soon", ""]),
    st.sampled_from(["1", "48.5", "99", "x", ""]),
    st.sampled_from(["1", "37.5", "200", ""]),
)


@given(st.lists(ROW, max_size=12))
def test_whatever_the_rows_the_account_adds_up_and_saves(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("rows")
    path = folder / "theirs.csv"
    path.write_text(HEADER + "".join(",".join(row) + "\n" for row in rows))
    imported = run_import("statements-csv", [path])
    assert_adds_up(imported)
    assert sum(count.read for count in imported.counts) == sum(any(row) for row in rows)
    if any(p.geometry is not None for p in imported.records.get("places", ())):
        saved = save_import(imported, folder / "new")
        assert saved.added["statements"] == len(imported.records["statements"])
        read_folder(folder / "new")


def test_one_place_under_one_name_is_one_record_and_a_namesake_another(put):
    text = (
        f"{HEADER}Andriivka,a,2022-03-31,47.1781,33.0475\n"
        "Andriivka,a,2022-04-30,47.1770,33.0461\nAndriivka,b,2022-03-31,49.5,36.6\n"
    )
    imported = run_import("statements-csv", [put("a.csv", text)])
    assert [p["id"] for p in values(imported, "places")] == ["andriivka", "andriivka_2"]
    assert "andriivka" in values(imported, "places")[1]["note"]
    assert len(values(imported, "statements")) == 3


def test_rows_that_contradict_each_other_are_both_kept_and_linked(put):
    text = f"{HEADER}P,a,2022-03-31,1,1\nP,b,2022-03-31,1,1\nP,a,2022-03-31,1,1\n"
    imported = run_import("statements-csv", [put("a.csv", text)])
    assert_adds_up(imported)
    assert [(c.written, c.repeated) for c in imported.counts] == [(2, 1)]
    first, second = sorted(values(imported, "statements"), key=lambda s: s["controller"])
    assert first["note"] is None
    assert first["id"] in second["note"]
