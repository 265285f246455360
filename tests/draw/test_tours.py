"""A draft of the guided tour says what the ledger says, and nothing more."""

import pages

from geo import model
from geo.draw.tours import draft_tour
from geo.draw.words.languages import LANGUAGES
from geo.layers.folder import read_folder


def test_a_draft_has_a_stop_for_each_step_in_which_somebody_moved(shipped):
    folder = read_folder(shipped)
    stops = draft_tour(folder)
    moved = {
        (row.values["from_date"], row.values["to_date"])
        for row in folder.changes.rows
        if row.values["kind"] in {"advance", "withdrawal", "handover"}
        and row.values["to_controller"]
    }
    assert [(s.values["before"], s.values["after"]) for s in stops] == sorted(moved)
    assert [s.values["stop"] for s in stops] == list(range(1, len(stops) + 1))
    ledger = folder.rows("changes")
    for stop in stops:
        for name in model.split_ids(stop.values["change_ids"]):
            row = ledger[name].values
            assert (row["from_date"], row["to_date"]) == (
                stop.values["before"],
                stop.values["after"],
            )
        assert str(stop.values["note"]).startswith("Draft: ")


def test_a_draft_speaks_every_language_in_the_words_of_the_page():
    (stop,) = draft_tour(pages.theatre())
    assert stop.values["text"] == "Opposition took Bir Umm from Government, 1 August 2017."
    assert len(LANGUAGES) == 2
    assert "بئر أم" in stop.values["text_ar"]


def test_a_superseded_row_and_a_change_of_the_picture_make_no_stop():
    folder = pages.theatre()
    (row,) = folder.changes.rows
    older = model.Row("chg-0", row.values | {"id": "chg-0", "note": None})
    newer = model.Row("chg-1", row.values | {"kind": "correction", "supersedes": "chg-0"})
    table = type(folder.changes)(folder.changes.file, folder.changes.schema, (older, newer), (), "")
    assert draft_tour(pages.dataclasses.replace(folder, changes=table)) == []
