"""The draft of a tour: written once, never over what a person wrote, and sound."""

import pytest


def test_a_draft_is_written_where_none_is_and_passes_the_check(frontline, small):
    code, out, err = frontline("tour", "--layers", small)
    assert code == 0, err
    path = small / "tour.csv"
    assert out.strip() == str(path)
    assert str(path) not in frontline("fmt", "--check", small)[1]
    code, out, _ = frontline("check", small)
    assert code == 0
    assert "tour.draft" in out
    written = path.read_bytes()
    code, _, err = frontline("tour", "--layers", small)
    assert code == 1
    assert "--force" in err
    assert path.read_bytes() == written
    assert frontline("tour", "--force", "--layers", small)[0] == 0
    assert path.read_bytes() == written


def test_a_dry_run_writes_nothing(frontline, small):
    code, out, _ = frontline("tour", "--dry-run", "--layers", small)
    assert code == 0
    assert "chg-" in out
    assert not (small / "tour.csv").exists()


def test_without_a_move_in_the_ledger_there_is_nothing_to_tell(frontline, small):
    ledger = small / "changes.csv"
    text = ledger.read_text(encoding="utf-8")
    ledger.write_text(text.splitlines()[0] + "\n", encoding="utf-8")

    def forget(features):
        for one in features:
            one["properties"]["change_id"] = None

    from broken import edit_features

    edit_features(small / "events/2017-07.geojson", forget)
    code, _, err = frontline("tour", "--layers", small)
    assert code == 1
    assert "ledger" in err
    assert not (small / "tour.csv").exists()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a-stop,one,2017-07-01,2017-08-01,story,,It fell.,,,,wire-1,", "stop"),
        ("a-stop,1,2017-07-01,2017-08-01,film,,It fell.,,,,wire-1,", "view"),
        ("a-stop,1,2017-07-01,2017-08-01,story,,,,,,wire-1,", "text"),
        ("a-stop,1,2017-07-01,01/08/2017,story,,It fell.,,,,wire-1,", "after"),
        ("a-stop,0,2017-07-01,2017-08-01,story,,It fell.,,,,wire-1,", "stop"),
        ("a-stop,1,2017-07-01,2017-08-01,story,atlantis,It fell.,,,,wire-1,", "atlantis"),
        ("a-stop,1,2017-07-01,2017-08-01,one,,It fell.,,,,wire-1,", "view one"),
        ("a-stop,1,,2017-08-01,story,,It fell.,,,,wire-1,", "view story"),
    ],
)
def test_a_bad_row_gets_one_message_with_its_place(frontline, small, row, said):
    from broken import tell

    tell(small, row)
    code, out, err = frontline("check", small)
    assert code == 1
    (line,) = [one for one in (out + err).splitlines() if ": error: " in one]
    assert "tour.csv:2" in line
    assert said in line
