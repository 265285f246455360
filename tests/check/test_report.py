import json
import re
from pathlib import Path

import pytest
from broken import dangling, undated

from geo.check.report import explain_code, sarif_report
from geo.check.rules.table import RULES
from geo.check.run import check_folder
from geo.errors import UnknownIdError
from geo.layers.codes import READING
from geo.layers.folder import read_folder

ROOT = Path(__file__).parents[2]


def findings(folder, **more):
    return check_folder(read_folder(folder), **more)


def test_every_code_that_is_ever_said_is_explained():
    families = {code.split(".")[0] for code in READING} | {"layer", "places", "theatre"}
    said = set()
    rooms = (ROOT / "geo" / name for name in ("layers", "coverage"))
    for path in (path for room in rooms for path in sorted(room.rglob("*.py"))):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r'"([a-z]+)\.([a-z][a-z_0-9]+)"', text)
        said |= {f"{family}.{word}" for family, word in found if family in families}
    said = {code for code in said if not code.endswith((".geojson", ".gpkg", ".csv"))}
    assert len(said) > 60
    for code in said:
        assert explain_code(code).startswith(f"{code}: "), code


def test_every_rule_says_what_it_asks_for_and_why():
    for code, rule in RULES.items():
        title, _, rest = explain_code(code).partition("\n")
        assert title.endswith((".", "?")), code
        assert len(rest.split()) >= 8, code
        for other in rule.codes:
            assert explain_code(other).startswith(f"{other}: "), other
    assert not READING.keys() & RULES.keys()


def test_an_unknown_code_is_answered_with_the_nearest():
    with pytest.raises(UnknownIdError, match=r"did you mean .*ledger\.idle"):
        explain_code("ledger.idel")


def test_sarif_names_each_finding_with_its_rule_its_file_and_its_line(small):
    undated(small)
    dangling(small)
    issues = findings(small)
    log = sarif_report(issues, version="1.2.3")
    text = json.dumps(log)
    assert json.loads(text)["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted({i.code for i in issues})
    assert len(run["results"]) == len(issues)
    for issue, result in zip(issues, run["results"], strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == issue.code
        assert result["level"] == issue.severity
        (place,) = result["locations"]
        at = place["physicalLocation"]
        assert at["artifactLocation"]["uri"] == issue.file
        assert at["region"]["startLine"] >= 1
        assert issue.message in result["message"]["text"]
