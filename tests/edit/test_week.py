"""A week of five analysts on one map: what nobody took back on purpose is there at the end."""

import csv
import io
import json
import sqlite3

import pytest
from clones import DAY, change, commit, features, git, layer, notes

from geo.edit.editor.requests import ConflictError
from geo.edit.editor.session import Session
from geo.edit.versions.setup import install_git
from geo.layers.folder import read_folder
from geo.model import parse_day

pytestmark = pytest.mark.slow
WEST, MID, EAST, VOID = "ctl-west", "ctl-mid", "ctl-east", "ctl-void"
NINTH = "2017-08-09"


def clone_of(team, who, tmp_path):
    """A clone of the team's repository, set up as each analyst does."""
    top = tmp_path / who
    git(tmp_path, "clone", "-q", team, top)
    git(top, "config", "user.name", who)
    git(top, "config", "user.email", f"{who}@example.org")
    install_git(top / "layers")
    return top


def run(frontline, top, *words, code=0):
    got, out, err = frontline(*words, "--layers", top / "layers")
    assert got == code, out + err
    return out + err


def send(top, who, *, rebase=False):
    """Fetch what the others sent, join it with the own, and send that."""
    git(top, "fetch", "-q", who=who)
    git(top, *(("rebase",) if rebase else ("merge", "--no-edit")), "-q", "origin/main", who=who)
    git(top, "push", "-q", "origin", "HEAD:main", who=who)


def by_qgis(frontline, top, tmp_path):
    """Ann's evening: a working copy, edited as QGIS does, saved, after a pull brought more."""
    run(frontline, top, "qgis", DAY, "-o", tmp_path / "work")
    package = tmp_path / "work" / f"control-{DAY}.gpkg"
    with sqlite3.connect(package) as database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'control'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE control SET note = 'By QGIS.' WHERE id = ?", (WEST,))
    database.close()
    run(frontline, top, "save", package, "--yes")


def by_editor(top):
    """Bob's page: edits kept through a crash, then merged with what another program saved."""
    first = Session(top / "layers", parse_day(DAY))
    state = first.state(DAY, "bob")
    sent = json.loads(json.dumps(state["control"]["features"]))
    for one in sent:
        if one["properties"]["id"] == MID:
            one["properties"]["note"] = "By the editor."
    etags = {"control": state["control"]["etag"]}
    first.keep_journal({"edits": {"date": DAY, "etags": etags, "control": sent}, "tab": "bob"})
    del first  # the crash
    change(top, EAST, confidence="high")
    again = Session(top / "layers", parse_day(DAY))
    edits = again.state(DAY, "bob")["journal"]["edits"]
    with pytest.raises(ConflictError) as stop:
        again.save(
            {
                "date": DAY,
                "control": {"etag": edits["etags"]["control"], "features": edits["control"]},
                "tab": "bob",
            }
        )
    answer = stop.value.answer
    assert answer["conflicts"] == []
    merged = {"etag": answer["etags"]["control"], "features": answer["merged"]["control"]}
    again.save(json.loads(json.dumps({"date": DAY, "control": merged, "tab": "bob"})))


def by_spreadsheet(frontline, top, tmp_path):
    """Cem's table: a spreadsheet of his country writes it with semicolons, days first."""
    path = top / "layers" / "statements.csv"
    rows = list(csv.reader(io.StringIO(path.read_text())))
    day, note = rows[0].index("date"), rows[0].index("note")
    for row in rows[1:]:
        y, m, d = row[day].split("-")
        row[day] = f"{d}.{m}.{y}"
    rows[1][note] = "From the spreadsheet."
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    table = tmp_path / "statements.csv"
    table.write_bytes(("\ufeff" + out.getvalue()).encode())
    run(frontline, top, "save", table, "--yes")


def by_file(frontline, top, old):
    """Dana's file: taken on Monday, edited elsewhere, saved on Thursday."""
    document = json.loads(old.read_text())
    for one in document["features"]:
        if one["properties"]["id"] == VOID:
            one["properties"]["note"] = "By a file of Monday."
    old.write_text(json.dumps(document))
    assert "was taken from" in run(frontline, top, "save", old, DAY, "--yes")


@pytest.fixture
def five(team, tmp_path):
    """The team's repository, and a clone of each."""
    git(team, "checkout", "-q", "-b", "elsewhere")
    return {who: clone_of(team, who, tmp_path) for who in ("ann", "bob", "cem", "dana", "eve")}


def test_a_week_of_five_analysts_loses_nothing(five, tmp_path, frontline):
    for top in five.values():
        git(top, "checkout", "-q", "-B", "main", "origin/main")
    ann, bob, cem, dana, eve = five.values()
    monday = tmp_path / "monday.geojson"
    monday.write_bytes(layer(dana).read_bytes())
    # Monday to Wednesday: four programs, one map.
    by_qgis(frontline, ann, tmp_path)
    commit(ann, "Ann looked again", who="ann")
    send(ann, "ann")
    by_editor(bob)
    commit(bob, "Bob drew, and his machine crashed", who="bob")
    send(bob, "bob", rebase=True)
    by_spreadsheet(frontline, cem, tmp_path)
    commit(cem, "Cem read the wire", who="cem")
    send(cem, "cem")
    git(dana, "pull", "-q", "--no-rebase", "origin", "main", who="dana")
    by_file(frontline, dana, monday)
    commit(dana, "Dana's file of Monday", who="dana")
    send(dana, "dana")
    # Thursday: Eve and Ann begin the same date; each edits another patch.
    for top, who in ((eve, "eve"), (ann, "ann")):
        git(top, "pull", "-q", "--no-rebase", "origin", "main", who=who)
    for top, who, name in ((eve, "eve", EAST), (ann, "ann", WEST)):
        run(frontline, top, "new", NINTH)
        change(top, name, NINTH, note=f"{who} on the ninth")
        with (top / "layers" / "assessments.csv").open("a") as table:
            table.write(f"{NINTH},{name},no_change,,\n")
        commit(top, f"{who} begins the ninth", who=who)
        send(top, who)
    # Friday: a conflict about one patch, settled by name; and a mistake, undone.
    for top, who, sure in ((bob, "bob", "high"), (cem, "cem", "low")):
        git(top, "pull", "-q", "--no-rebase", "origin", "main", who=who)
        change(top, MID, confidence=sure)
        commit(top, f"{who} weighs the middle", who=who)
    send(bob, "bob")
    git(cem, "fetch", "-q")
    git(cem, "merge", "--no-edit", "origin/main", who="cem", code=1)
    run(frontline, cem, "resolve", "--take", "all=mine")
    git(cem, "commit", "-q", "--no-edit", who="cem")
    git(cem, "push", "-q", "origin", "HEAD:main", who="cem")
    git(dana, "pull", "-q", "--no-rebase", "origin", "main", who="dana")
    change(dana, EAST, note="A mistake.")
    commit(dana, "a mistake", who="dana")
    git(dana, "revert", "--no-edit", "HEAD", who="dana")
    send(dana, "dana")
    # Saturday.
    git(eve, "pull", "-q", "--no-rebase", "origin", "main", who="eve")
    held, ninth = notes(eve), notes(eve, NINTH)
    assert held[WEST] == "By QGIS."
    assert held[MID] == "By the editor."
    assert held[VOID] == "By a file of Monday."
    assert held[EAST] != "A mistake."
    assert features(eve)[EAST].properties["confidence"] == "high"
    assert features(eve)[MID].properties["confidence"] == "low"
    assert (ninth[WEST], ninth[EAST]) == ("ann on the ninth", "eve on the ninth")
    assert "From the spreadsheet." in (eve / "layers" / "statements.csv").read_text()
    folder = read_folder(eve / "layers")
    assert len(folder.control) == 3
    code, out, _ = frontline("check", eve / "layers")
    assert (code, "0 errors" in out) == (0, True), out
    told = run(frontline, eve, "log", EAST)
    assert all(
        words in told for words in ("a mistake", 'Revert "a mistake"', "his machine crashed")
    )
    told = run(frontline, eve, "log", MID)
    assert all(who in told for who in ("bob weighs the middle", "cem weighs the middle"))
