import json
import shutil

import pytest


@pytest.fixture
def folder(shipped, tmp_path):
    shutil.copytree(shipped, tmp_path / "layers")
    return tmp_path / "layers"


def review(path, **settled):
    found = json.loads(path.read_text(encoding="utf-8"))
    for feature in found["features"]:
        feature["properties"] |= {"draft_status": "reviewed", **settled}
    path.write_text(json.dumps(found), encoding="utf-8")


def test_draft_statements_stand_beside_the_events_and_are_accepted(frontline, folder, tmp_path):
    report = tmp_path / "report.txt"
    report.write_text("The factions still hold Jabal Seis on 5 August 2017.", encoding="utf-8")
    drafts = tmp_path / "drafts.geojson"
    words = ("--source", "sohr-71105", "-o", drafts, "--layers", folder)
    code, out, _ = frontline("geocode", report, *words)
    assert code == 0
    assert "1 draft statements" in out
    beside = tmp_path / "drafts-statements.geojson"
    review(beside, place_id="atlantis")
    before = (folder / "statements.csv").read_bytes()
    code, _, err = frontline("accept", beside, "--layers", folder)
    assert code == 1
    assert "atlantis" in err
    assert (folder / "statements.csv").read_bytes() == before
    review(beside, place_id="jabal_seis")
    code, out, err = frontline("accept", beside, "--layers", folder)
    assert code == 0, err
    assert "statements.csv" in out
    line = next(
        one
        for one in (folder / "statements.csv").read_text(encoding="utf-8").splitlines()
        if "still hold Jabal Seis" in one
    )
    assert "2017-08-05" in line
    assert "opposition" in line
    assert frontline("fmt", "--check", folder)[0] == 0
    assert json.loads(beside.read_text(encoding="utf-8"))["features"] == []


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("scan.pdf", b"%PDF-1.4 nothing", "no PDF that can be read"),
        ("menu.html", b"<html><body><nav>Home</nav></body></html>", "no article"),
        ("empty.txt", b"", "holds no text"),
        ("other.txt", "Kızıl kuvvetler dün öğleden sonra kasabaya girdi.".encode(), "language"),
        (
            "de.txt",
            b"Gestern haben die Truppen das Dorf eingenommen, es geht an der Front weiter.",
            "language",
        ),
        ("fr.txt", "Les forces du régime ont pris hier le village de Zalaf.".encode(), "language"),
        ("big.txt", b"The factions took Jayrud. " * 200_000, "split it"),
    ],
)
def test_what_is_no_report_gets_one_message_and_writes_nothing(
    frontline, folder, tmp_path, name, data, message
):
    (tmp_path / name).write_bytes(data)
    output = tmp_path / "drafts.geojson"
    code, _, err = frontline("geocode", tmp_path / name, "-o", output, "--layers", folder)
    assert code == 1
    assert message in err
    assert name in err
    assert err.count("\n") == 1, "one message, and no log of a library"
    assert not output.exists()
    code, _, err = frontline("geocode", tmp_path / name, "--review", "--layers", folder)
    assert (code, err.count("\n")) == (1, 1)
    assert message in err


def test_a_folder_of_reports_is_read_whatever_they_came_in(frontline, folder, tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    said = "The regime forces shelled Jayrud"
    (reports / "a.txt").write_text(f"{said} on 2 August 2017.", encoding="utf-8")
    mail = (
        f"From: a@b.org\nTo: c@d.org\nDate: Thu, 3 Aug 2017 10:00:00 +0000\n\n{said} yesterday.\n"
    )
    (reports / "b.eml").write_text(mail, encoding="utf-8")
    code, out, _ = frontline("geocode", reports, "--layers", folder)
    assert code == 0
    assert out.count("2017-08-02 shelling at jayrud: saa") == 2
