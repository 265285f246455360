import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import shapely

from geo import cli
from geo.crs import area_km2
from geo.exchange import FORMATS, KINDS, SERIES


def snapshot(folder):
    every = (p for p in folder.rglob("*") if p.is_file() and ".frontline" not in p.parts)
    return {p.relative_to(folder): p.read_bytes() for p in every}


def test_version_and_help_answer(frontline):
    assert frontline("--version")[1].startswith("frontline, version ")
    code, out, _ = frontline("--help")
    assert code == 0
    for name, command in cli.command.commands.items():
        assert command.hidden or name in out
        assert frontline(name, "--help")[0] == 0


def test_control_prints_patches_as_of_the_layer_in_force(frontline, small):
    code, out, err = frontline("control", "2017-07-20", "--layers", small)
    assert code == 0
    assert "as of 2017-07-01" in err
    assert "ctl-mid" in out
    assert "inferred" in out


def test_control_as_geojson_is_json_with_every_property(frontline, small):
    code, out, _ = frontline("control", "2017-08-01", "--format", "geojson", "--layers", small)
    assert code == 0
    found = json.loads(out)
    east = next(f for f in found["features"] if f["properties"]["id"] == "ctl-east")
    assert east["properties"]["controllers"] == "blue-guard;red"
    assert east["properties"]["as_of"] == "2017-08-01"


def test_a_date_before_the_first_layer_names_the_first_layer(frontline, small):
    code, out, err = frontline("control", "2016-01-01", "--layers", small)
    assert (code, out) == (1, "")
    assert "2017-07-01" in err


@pytest.mark.parametrize("word", ["yesterday", "2017-7-1", "2017-02-30", "20170701"])
def test_what_is_no_date_is_said_so(frontline, small, word):
    code, out, err = frontline("control", word, "--layers", small)
    assert (code, out) == (1, "")
    assert word in err
    assert "Traceback" not in err


def test_change_prints_transfers_and_places(frontline, small):
    code, out, _ = frontline("change", "2017-07-01", "2017-08-01", "--layers", small)
    assert code == 0
    assert "mid_well" in out
    assert "chg-mid" in out


def test_changes_of_no_size_are_an_answer(frontline, small):
    code, out, _ = frontline("change", "2017-07-01", "2017-07-01", "--layers", small)
    assert code == 0
    assert "Nothing changed hands." in out


def test_areas_of_each_date_add_up_to_the_study_area(frontline, small):
    code, out, _ = frontline("areas", "--format", "csv", "--layers", small)
    assert code == 0
    header, *rows = (line.split(",") for line in out.splitlines())
    figures = ["area_km2", "low_km2", "high_km2", "drawn_km2", "shown_km2"]
    assert header == ["date", "controller", "status", *figures]
    whole = area_km2(shapely.box(37, 33, 38, 34))[0]
    for day in ("2017-07-01", "2017-08-01"):
        assert sum(float(r[6]) for r in rows if r[0] == day) == pytest.approx(whole, rel=1e-4)
    for row in rows:
        middle, low, high, drawn, shown = map(float, row[3:])
        assert low <= middle <= high and shown <= drawn


@pytest.mark.parametrize("by", ["holder", "side"])
def test_control_joins_patches_of_a_holder_or_a_side(frontline, small, by):
    code, out, err = frontline(
        "control", "2017-08-05", "--by", by, "--format", "geojson", "--layers", small
    )
    assert code == 0
    assert "as of 2017-08-01" in err
    rows = [feature["properties"] for feature in json.loads(out)["features"]]
    assert [row[by] for row in rows] == sorted({row[by] for row in rows})
    whole = area_km2(shapely.box(37, 33, 38, 34))[0]
    assert sum(row["area_km2"] for row in rows) == pytest.approx(whole, rel=1e-9)
    code, out, _ = frontline("control", "2017-08-05", "--by", by, "--layers", small)
    assert code == 0
    assert len(out.splitlines()) == len(rows) + 1
    assert frontline("control", "2017-08-05", "--by", "actor", "--layers", small)[0] == 2


def test_geodesic_areas_differ_a_little_from_straight_ones(frontline, small):
    found = {}
    for edges in ("straight", "geodesic"):
        code, out, _ = frontline("areas", "--edges", edges, "--format", "csv", "--layers", small)
        assert code == 0
        rows = [line.split(",") for line in out.splitlines()]
        drawn = rows[0].index("drawn_km2" if edges == "straight" else "area_km2")
        found[edges] = {tuple(row[:3]): float(row[drawn]) for row in rows[1:]}
    assert rows[0] == ["date", "controller", "status", "area_km2"]
    assert found["straight"].keys() == found["geodesic"].keys()
    for key, size in found["straight"].items():
        assert found["geodesic"][key] != size
        assert found["geodesic"][key] == pytest.approx(size, rel=2e-3)


def test_history_says_who_when_and_why_in_text_and_as_data(frontline, small):
    code, out, err = frontline("history", "mid_well", "--layers", small)
    assert code == 0
    assert "to 0.8 km" in err
    assert "stm-mid-2" in out
    rows = json.loads(frontline("history", "mid_well", "--format", "json", "--layers", small)[1])
    assert [(r["valid_from"], r["valid_to"], r["controller"]) for r in rows] == [
        ("2017-07-01", "2017-08-01", "red"),
        ("2017-08-01", None, "blue-guard"),
    ]
    assert rows[1]["source_ids"] == "wire-1"


@pytest.mark.parametrize(
    ("place", "said"),
    [("mid_wel", "did you mean mid_well"), ("lost_well", "never located"), ("zzz", "no place")],
)
def test_a_place_without_an_answer_says_why(frontline, small, place, said):
    code, out, err = frontline("history", place, "--layers", small)
    assert (code, out) == (1, "")
    assert said in err


def test_check_prints_counts_and_no_errors(frontline, small):
    frontline("fmt", small)
    code, out, _ = frontline("check", small)
    assert code == 0
    assert "2 control layers" in out
    assert "0 errors, 0 warnings" in out


def test_check_reports_all_faults_of_all_files_at_once(frontline, small):
    (small / "actors.csv").write_bytes(b"id,name\nred,Red\n")
    torn = (small / "control/2017-07-01.geojson").read_bytes()[:300]
    (small / "control/2017-07-01.geojson").write_bytes(torn)
    before = snapshot(small)
    code, out, _ = frontline("check", small)
    assert code == 1
    assert "actors.csv" in out
    assert "2017-07-01.geojson" in out
    findings = json.loads(frontline("check", small, "--format", "json")[1])
    assert len(findings["issues"]) >= 2
    assert snapshot(small) == before


def test_no_folder_is_one_clear_message(frontline, tmp_path):
    for words in (["check", tmp_path / "none"], ["areas", "--layers", tmp_path / "none"]):
        code, out, err = frontline(*words)
        assert code == 1
        assert "theatre.geojson" in out + err


def test_fmt_gives_back_the_same_bytes_after_any_shuffle(frontline, small):
    assert frontline("fmt", small)[0] == 0
    assert frontline("fmt", "--check", small)[0] == 0
    wanted = snapshot(small)
    dice = random.Random(4)
    for path in sorted(small.rglob("*.geojson")):
        data = json.loads(path.read_text(encoding="utf-8"))
        dice.shuffle(data["features"])
        for feature in data["features"]:
            items = list(feature["properties"].items())
            feature["properties"] = dict(dice.sample(items, len(items)))
            if feature["geometry"] and feature["geometry"]["type"] == "Polygon":
                ring = feature["geometry"]["coordinates"][0][:-1]
                turn = dice.randrange(len(ring))
                ring = ring[turn:] + ring[:turn]
                feature["geometry"]["coordinates"][0] = [*ring, ring[0]]
        path.write_text(json.dumps(data, indent=3), encoding="utf-8")
    code, out, _ = frontline("fmt", "--check", small)
    assert code == 1
    assert "would rewrite" in out
    assert frontline("fmt", small)[0] == 0
    assert snapshot(small) == wanted


def test_fmt_writes_nothing_where_one_file_is_broken(frontline, small):
    (small / "places.geojson").write_bytes(b"{")
    before = snapshot(small)
    code, _, err = frontline("fmt", small)
    assert code == 1
    assert "places.geojson" in err
    assert snapshot(small) == before


def test_estimate_writes_a_layer_once_and_not_over_another(frontline, small):
    code, out, err = frontline("estimate", "2017-07-15", "--layers", small)
    assert code == 0, err
    assert Path(out.strip()).name == "2017-07-15.geojson"
    assert frontline("fmt", "--check", Path(out.strip()))[0] == 0
    code, _, err = frontline("estimate", "2017-07-15", "--layers", small)
    assert code == 1
    assert "--force" in err
    assert frontline("estimate", "2017-07-15", "--force", "--layers", small)[0] == 0


def test_a_dry_run_writes_nothing(frontline, small):
    before = snapshot(small)
    code, out, _ = frontline("estimate", "2017-07-15", "--dry-run", "--layers", small)
    assert code == 0
    assert "Nearest evidence" in out
    assert snapshot(small) == before


def test_estimate_says_how_likely_each_side_is_at_a_point(frontline, small):
    before = snapshot(small)
    asked = ("estimate", "2017-07-15", "--at", "37.05", "33.05", "--layers", small)
    code, out, err = frontline(*asked)
    assert code == 0, err
    assert out.splitlines()[0].split()[:2] == ["lon", "lat"]
    assert "%" in out.splitlines()[1]
    code, out, _ = frontline(*asked, "--format", "json")
    (row,) = json.loads(out)
    assert sum(row[side] for side in set(row) - {"lon", "lat"}) == pytest.approx(1, abs=1e-3)
    code, _, err = frontline("estimate", "2017-07-15", "--at", "33", "370", "--layers", small)
    assert (code, "longitude, latitude" in err) == (1, True)
    assert snapshot(small) == before


def test_map_writes_one_file_and_names_it_last(frontline, small, tmp_path):
    code, out, err = frontline("map", small, "--output", tmp_path / "x.html")
    assert code == 0, err
    assert out.splitlines()[-1] == str(tmp_path / "x.html")
    assert (tmp_path / "x.html").stat().st_size < 2e6


def test_a_rejected_layer_yields_no_map(frontline, small, tmp_path):
    layer = small / "control/2017-07-01.geojson"
    layer.write_text(
        layer.read_text(encoding="utf-8").replace('"red"', '"nobody"'), encoding="utf-8"
    )
    code, out, err = frontline("map", small, "--output", tmp_path / "x.html")
    assert (code, out) == (1, "")
    assert "nobody" in err
    assert not (tmp_path / "x.html").exists()


def test_layers_that_cover_another_area_are_refused(frontline, small):
    theatre = small / "theatre.geojson"
    data = json.loads(theatre.read_text(encoding="utf-8"))
    data["features"][0]["geometry"]["coordinates"][0][2] = [38.5, 34]
    data["features"][0]["geometry"]["coordinates"][0][1] = [38.5, 33]
    theatre.write_text(json.dumps(data), encoding="utf-8")
    code, _, err = frontline("areas", "--layers", small)
    assert code == 1
    assert "layer.gap" in err


def test_spreadsheets_get_no_formulas(frontline, small):
    for day in ("2017-07-01", "2017-08-01"):
        layer = small / f"control/{day}.geojson"
        data = json.loads(layer.read_text(encoding="utf-8"))
        for feature in data["features"]:
            feature["properties"]["note"] = "=HYPERLINK(1)"
        layer.write_text(json.dumps(data), encoding="utf-8")
    out = frontline("history", "mid_well", "--format", "csv", "--layers", small)[1]
    assert "'=HYPERLINK(1)" in out


def test_the_command_says_the_same_whatever_the_locale(small):
    outputs = set()
    for env in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8", "TZ": "Pacific/Kiritimati"}):
        result = subprocess.run(
            [sys.executable, "-m", "geo", "areas", "--layers", str(small)],
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", **env},
            check=True,
        )
        outputs.add(result.stdout)
    assert len(outputs) == 1


def test_a_closed_pipe_is_no_error(small):
    shell = f"{sys.executable} -m geo control 2017-07-01 --layers {small} --format json | head -c 5"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert "Traceback" not in result.stderr


def test_another_theatre_needs_no_change_of_code(frontline, small, tmp_path):
    other = tmp_path / "elsewhere"
    shutil.copytree(small, other)
    (other / "control/2017-07-01.geojson").unlink()
    (other / "control/2017-08-01.geojson").unlink()
    code, _, err = frontline("areas", "--layers", other)
    assert code == 1
    assert "frontline estimate" in err
    assert frontline("estimate", "2017-07-01", "--layers", other)[0] == 0
    assert frontline("areas", "--layers", other)[0] == 0


def test_find_tells_found_ambiguous_and_not_found_apart(frontline, shipped):
    near = frontline("find", "Beir Mahruthah", "--near", "37.4,33.1", "--layers", shipped)
    assert near[0] == 0
    assert near[1].startswith("Beir Mahruthah is bir_mahruthah")
    assert "not bir_mahrutha_qalamun" in near[1].splitlines()[0]
    alone = frontline("find", "Beir Mahruthah", "--layers", shipped)
    assert alone[0] == 3
    assert "2 places bear the name" in alone[1]
    assert frontline("find", "Zqwxkh", "--layers", shipped)[0] == 1
    words = ("--date", "2017-08-02", "--format", "json", "--layers", shipped)
    dated = json.loads(frontline("find", "Bir Mahruthah", "--near", "37.4,33.1", *words)[1])
    assert dated["candidates"][0]["held_by"] == "opposition"


def test_why_ends_in_publishers_and_says_how_far_the_evidence_is(frontline, shipped):
    code, out, _ = frontline(
        "why", "bir_mahruthah", "2017-08-02", "--format", "json", "--layers", shipped
    )
    assert code == 0
    assert len({s["publisher"] for s in json.loads(out)["sources"]}) >= 2
    code, out, _ = frontline("why", "37.3,32.9", "2017-07-31", "--layers", shipped)
    assert code == 0
    assert "inferred" in out
    assert re.search(r"nearest evidence: \w+, [0-9.]+ km", out)
    code, out, err = frontline("why", "37.3;32.9", "2017-07-31", "--layers", shipped)
    assert (code, out) == (1, "")
    assert "37.3;32.9" in err


def test_fronts_and_change_agree_on_the_ground(frontline, shipped):
    words = ("2017-08-02", "government", "opposition", "--since", "2017-07-31")
    code, out, _ = frontline("fronts", *words, "--layers", shipped)
    assert code == 0
    swept = re.search(r"opposition swept about (.+? km2 \(.+ to .+\)) from government", out).group(
        1
    )
    # A front sweeps what was taken and what was only drawn otherwise; `change` parts the two.
    parts = re.findall(
        r"government +opposition +(?:taken|redrawn) +([\d,]+) .*?([\d,.]+)$",
        _totals(frontline, shipped),
        re.MULTILINE,
    )
    assert len(parts) == 2
    low, middle, high = (
        float(re.search(fits, swept)[1].replace(",", ""))
        for fits in (r"\(([\d,]+)", r"^([\d,]+)", r"to ([\d,]+)")
    )
    together = sum(float(figure.replace(",", "")) for figure, _ in parts)
    assert low < together < high
    assert abs(together - middle) <= 0.1 * middle
    assert "nearest place" in out
    assert frontline("fronts", "2017-08-02", "nobody", "--layers", shipped)[0] == 1


def _totals(frontline, shipped):
    return frontline("change", "2017-07-31", "2017-08-02", "--layers", shipped)[1]


def test_what_could_be_cut_off_is_answered_under_every_rule(frontline, shipped):
    words = ("2017-08-02", "--side", "opposition", "--format", "json", "--layers", shipped)
    rows = json.loads(frontline("pockets", *words)[1])
    assert {row["unknown"] for row in rows} >= {"enemy"}
    code, out, _ = frontline("necks", "2017-07-31", "opposition", "--layers", shipped)
    assert code == 0
    assert "tulul_al_safa" in out
    assert "khirbat_al_umbashi" in out


def test_a_report_becomes_drafts_and_a_reviewed_draft_an_event(frontline, shipped, tmp_path):
    folder = tmp_path / "layers"
    shutil.copytree(shipped, folder)
    report = tmp_path / "report.txt"
    report.write_text(
        "Factions took control of Jabal Seis on 5 August 2017 after clashes.", encoding="utf-8"
    )
    drafts = tmp_path / "drafts.geojson"
    words = ("--source", "sohr-71105", "--output", drafts, "--layers", folder)
    code, out, _ = frontline("geocode", report, *words)
    assert code == 0, out
    assert "jabal_seis" in out
    found = json.loads(drafts.read_text(encoding="utf-8"))
    for feature in found["features"]:
        feature["properties"]["draft_status"] = "reviewed"
    drafts.write_text(json.dumps(found), encoding="utf-8")
    code, out, err = frontline("accept", drafts, "--layers", folder)
    assert code == 0, err
    assert "2017-08.geojson" in out
    assert json.loads(drafts.read_text(encoding="utf-8"))["features"] == []
    assert frontline("fmt", "--check", folder)[0] == 0
    assert frontline("accept", drafts, "--layers", folder)[0] == 0


def test_pictures_and_exports_name_what_they_wrote(frontline, small, tmp_path):
    for words in (
        ("still", "2017-08-01", "--change", "2017-07-01", "--output", tmp_path / "a.png"),
        ("export", tmp_path / "a.csv", "--to", "csv"),
    ):
        code, out, err = frontline(*words, "--layers", small)
        assert code == 0, err
        assert Path(out.splitlines()[0]).stat().st_size > 100
    assert (
        frontline("still", "2017-08-01", "--output", tmp_path / "a.doc", "--layers", small)[0] == 2
    )


def test_an_import_accounts_for_every_record(frontline, tmp_path):
    table = tmp_path / "places.csv"
    table.write_text("id,name,lat,lon\np1,One,33.5,37.5\np2,Two,95,37.5\n", encoding="utf-8")
    words = ("import", "places-csv", table, "--into", tmp_path / "new")
    code, out, _ = frontline(*words, "--dry-run")
    assert code == 1
    assert "2 read = 1 written + 0 repeated + 1 refused" in out
    assert "places.csv:3" in out
    assert not (tmp_path / "new").exists()


def test_help_of_import_and_export_names_every_kind_and_format(frontline):
    for word, names in (("import", KINDS), ("export", (*FORMATS, SERIES))):
        told = re.sub(r"\s", "", frontline(word, "--help")[1])
        assert "|".join(names) in told


HELP_OF_ALL = """
import contextlib, io, sys
from geo.cli import command
heavy = {"folium", "geopandas", "numpy", "pandas", "pyproj", "rapidfuzz", "shapely", "starlette"}
for words in ([], *([name] for name in command.commands)):
    with contextlib.redirect_stdout(io.StringIO()) as told:
        command.main([*words, "--help"], standalone_mode=False)
    if "Usage: " not in told.getvalue() or heavy & set(sys.modules):
        sys.exit(f"{words} {heavy & set(sys.modules)}")
"""


def test_help_of_every_command_loads_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", HELP_OF_ALL], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_check_explains_a_code_and_speaks_sarif(frontline, small):
    assert "layer.overlap" in frontline("check", "--explain", "layer.overlap")[1]
    assert frontline("check", "--explain", "no.code")[0] == 1
    document = json.loads(frontline("check", small, "--format", "sarif")[1])
    assert document["version"] == "2.1.0"


def test_a_ledger_row_is_drafted_for_a_change_without_one(frontline, small):
    ledger = small / "changes.csv"
    head = ledger.read_text(encoding="utf-8").splitlines()[0]
    ledger.write_text(head + "\n", encoding="utf-8")
    events = small / "events/2017-07.geojson"
    text = events.read_text(encoding="utf-8").replace('"chg-mid"', "null")
    events.write_text(text, encoding="utf-8")
    code, out, _ = frontline("change", "2017-07-01", "2017-08-01", "--ledger", "--layers", small)
    assert code == 0
    assert "2017-07-01,2017-08-01" in out


def test_many_findings_of_one_kind_are_counted(capsys):
    from geo.cli.printing import tell
    from geo.errors import Issue, LayerError

    gaps = [Issue("layer.gap", "error", f"gap {i}", "", file="a.geojson") for i in range(40)]
    tell(LayerError([*gaps, Issue("id.duplicate", "error", "twice", "", file="a.geojson")]))
    said = capsys.readouterr().err.splitlines()
    assert sum("layer.gap:" in line for line in said) == 5
    assert "... and 35 more layer.gap; `frontline check` lists them all" in said
    assert any("twice" in line for line in said)
    assert said[-1] == "41 findings; nothing was written"


@pytest.mark.slow
def test_a_long_series_is_read_with_a_bar_where_somebody_looks(small, tmp_path):
    pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
    folder = tmp_path / "series"
    shutil.copytree(small, folder)
    first = sorted((folder / "control").iterdir())[0]
    for day in range(1, 29):
        for month in (2, 3, 4):
            shutil.copy(first, first.with_name(f"2018-{month:02}-{day:02}.geojson"))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "geo", "areas", "--layers", str(folder)]
    env = {**os.environ, "FRONTLINE_CACHE": "off", "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=env) as run:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 4096):
                shown += piece
        table = run.stdout.read().decode()
    assert run.returncode == 0
    assert "2018-04-28" in table
    assert b"reading" in shown
    assert b"composing" in shown
    assert "reading" not in table
