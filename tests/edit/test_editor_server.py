"""The editor's server: who is let in, what it bears, and how it ends."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from servers import DAY, Running

from geo import cli
from geo.edit.editor import server
from geo.edit.editor.serve import serve
from geo.edit.editor.session import Session
from geo.model import parse_day


@pytest.fixture(autouse=True)
def no_loop():
    """No event loop that runs: a browser opened earlier in this process keeps one for itself."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture
def running(small):
    here = Running(small)
    yield here
    if not here.over.is_set():
        here.end()


@pytest.fixture(scope="module")
def still(tmp_path_factory, request):
    """One server for all tests that change nothing."""
    root = tmp_path_factory.mktemp("still") / "layers"
    shutil.copytree(request.config.rootpath / "tests" / "data" / "valid", root)
    here = Running(root)
    yield here
    here.end()


# --- reachable from this machine only ---------------------------------------------


def test_it_listens_on_one_address_of_this_machine(still):
    assert still.door.family == socket.AF_INET
    for address in ("127.0.0.2", "127.255.255.254"):
        with socket.socket() as other:
            other.settimeout(2)
            assert other.connect_ex((address, still.port)) != 0


def test_each_start_takes_another_port_and_another_token(small, still):
    one = Running(small)
    assert one.port != still.port
    assert one.app.token != still.app.token
    assert one.cookie != still.cookie
    one.end()


# --- the token and the cookie -----------------------------------------------------


def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_never_see(still):
    cookie = still.opened.headers["set-cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "samesite=strict", "path=/"}
    assert still.app.token not in cookie
    assert still.opened.headers["location"] == "/"


def test_the_token_works_once(still):
    assert still.ask("GET", f"/?token={still.app.token}", cookie=None).status == 403
    # Whoever is in already only gets rid of it.
    assert still.ask("GET", f"/?token={still.app.token}").status == 303


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?token=",
        "/?token=wrong",
        "/?token=%00",
        "/?token=%C3%A9",
        "/api/state",
        "/static/leaflet.js",
    ],
)
def test_nothing_is_read_without_the_secret(still, path):
    answer = still.ask("GET", path, cookie=None)
    assert answer.status == 403
    assert b"ctl-" not in answer.body
    assert "set-cookie" not in answer.headers


def test_a_token_opens_nothing_but_the_page(small):
    here = Running(small)
    here.app._used = False
    assert here.ask("GET", f"/api/state?token={here.app.token}", cookie=None).status == 403
    assert here.ask("POST", f"/?token={here.app.token}", {}, cookie=None).status == 403
    assert not here.app._used
    here.end()


@pytest.mark.parametrize(
    "wrong", ["{name}=", "{name}=x", "other={value}", "{name}={value}x", "{name}"]
)
def test_a_wrong_cookie_is_no_cookie(still, wrong):
    name, _, value = still.cookie.partition("=")
    cookie = wrong.format(name=name, value=value)
    assert still.ask("GET", "/api/state", cookie=cookie).status == 403
    assert still.ask("POST", "/api/check", {}, cookie=cookie).status == 403


# --- other hosts: DNS rebinding ---------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_the_names_of_this_machine_are_right(still, host):
    assert still.ask("GET", "/api/ping", host=[f"{host}:{still.port}"]).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:{port}",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:{other}",
        "127.0.0.1.evil.example:{port}",
        "evil.example#127.0.0.1:{port}",
        "evil@127.0.0.1:{port}",
        "0.0.0.0:{port}",
        "127.1:{port}",
        "2130706433:{port}",
        "LOCALHOST.:{port}",
        "[::ffff:127.0.0.1]:{port}",
        "127.0.0.1:{port},evil.example",
        "127.0.0.1:0{port}",
        "",
    ],
)
def test_another_host_is_turned_away(still, host):
    said = host.format(port=still.port, other=still.port + 1)
    for method, path in (("GET", "/"), ("GET", "/api/state"), ("POST", "/api/check")):
        answer = still.ask(method, path, {} if method == "POST" else None, host=[said])
        assert answer.status == 403
        assert b"ctl-" not in answer.body


def test_two_hosts_or_none_are_turned_away(still):
    right = f"127.0.0.1:{still.port}"
    assert still.ask("GET", "/api/state", host=[right, "evil.example"]).status in {400, 403}
    assert still.ask("GET", "/api/state", host=[right, right]).status in {400, 403}
    assert still.ask("GET", "/api/state", host=[]).status in {400, 403}
    old = still.raw(b"GET /api/state HTTP/1.0\r\nCookie: %s\r\n\r\n" % still.cookie.encode())
    assert b" 403 " in old.partition(b"\r\n")[0]


# --- other pages: cross-site requests ---------------------------------------------

SITES = ["cross-site", "same-site", "", "SAME-ORIGIN", "same-origin, cross-site", "junk"]
ORIGINS = [
    "http://evil.example",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:{other}",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}.evil.example",
    "http://evil.example:{port}",
    "http://localhost:{port}",
    "127.0.0.1:{port}",
    "//127.0.0.1:{port}",
    "null",
    "",
    "file://",
]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", ["/api/check", "/api/save", "/api/journal", "/api/close"])
def test_a_post_from_another_origin_is_turned_away(still, origin, path):
    said = origin.format(port=still.port, other=still.port + 1)
    for more in ([], [("Sec-Fetch-Site", "same-origin")]):
        headers = [("Origin", said), *more]
        assert still.ask("POST", path, {"edits": 1}, headers=headers).status == 403


@pytest.mark.parametrize("site", SITES)
def test_a_request_that_the_browser_calls_foreign_is_turned_away(still, site):
    for method, path in (("GET", "/"), ("GET", "/api/state"), ("GET", "/static/leaflet.js")):
        assert still.ask(method, path, headers=[("Sec-Fetch-Site", site)]).status == 403
    headers = [("Sec-Fetch-Site", site), ("Origin", still.own)]
    assert still.ask("POST", "/api/check", {}, headers=headers).status == 403
    assert still.ask("POST", "/api/check", {}, headers=headers[:1]).status == 403


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site"])
def test_a_header_that_stands_there_twice_is_turned_away(still, name):
    value = still.own if name == "Origin" else "same-origin"
    for values in ([value, value], [value, "http://evil.example"]):
        headers = [(name, one) for one in values]
        assert still.ask("POST", "/api/check", {}, headers=headers).status == 403


def test_a_post_must_say_where_it_comes_from(still):
    address = f"127.0.0.1:{still.port}"
    head = f"POST /api/check HTTP/1.1\r\nHost: {address}\r\nCookie: {still.cookie}\r\n"
    rest = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    assert b" 403 " in still.raw((head + rest).encode()).partition(b"\r\n")[0]
    with_origin = head + f"Origin: http://{address}\r\n" + rest
    assert b" 200 " in still.raw(with_origin.encode()).partition(b"\r\n")[0]


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_page_is_let_in(still, site):
    headers = [("Sec-Fetch-Site", site), ("Origin", still.own)]
    assert still.ask("POST", "/api/check", {}, headers=headers).status == 200
    assert still.ask("POST", "/api/check", {}, headers=headers[:1]).status == 200
    assert still.ask("GET", "/api/state", headers=headers[:1]).status == 200


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonp",
    ],
)
def test_only_json_is_taken(still, kind):
    answer = still.ask("POST", "/api/check", {}, headers=[("Content-Type", kind)])
    assert answer.status == 415


def test_json_with_a_charset_is_json(still):
    kind = [("Content-Type", "application/json; charset=utf-8")]
    assert still.ask("POST", "/api/check", {}, headers=kind).status == 200


@pytest.mark.parametrize("origin", [None, "http://evil.example"])
def test_no_answer_lets_other_origins_read(still, origin):
    headers = [("Origin", origin)] if origin else []
    asked = [
        still.ask("GET", "/api/state", headers=headers),
        still.ask("GET", "/static/leaflet.js", headers=headers),
        still.ask("POST", "/api/check", {}, headers=headers),
        still.ask(
            "OPTIONS", "/api/save", headers=[*headers, ("Access-Control-Request-Method", "POST")]
        ),
        still.ask("GET", "/nothing", headers=headers),
    ]
    for answer in asked:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        if origin:
            assert answer.status == 403


# --- what every answer carries ----------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "cookie", "status"),
    [
        ("GET", "/", "own", 200),
        ("GET", "/", None, 403),
        ("GET", "/static/leaflet.js", "own", 200),
        ("GET", "/api/state", "own", 200),
        ("GET", "/nothing", "own", 404),
        ("PUT", "/api/state", "own", 405),
        ("POST", "/api/cut", "own", 400),
    ],
)
def test_every_answer_forbids_what_the_page_does_not_need(still, method, path, cookie, status):
    answer = still.ask(method, path, {} if method == "POST" else None, cookie=cookie)
    assert answer.status == status
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


def test_words_of_the_layers_are_data_never_markup(small):
    hostile = "</script><img src=x onerror=alert(1)>{{7*7}}"
    path = small / "control" / f"{DAY}.geojson"
    whole = json.loads(path.read_text())
    whole["features"][0]["properties"]["note"] = hostile
    path.write_text(json.dumps(whole))
    here = Running(small)
    answer = here.ask("GET", "/api/state")
    assert answer.headers["content-type"] == "application/json"
    notes = [f["properties"]["note"] for f in json.loads(answer.body)["control"]["features"]]
    assert hostile in notes
    assert hostile.encode() not in here.ask("GET", "/").body
    here.end()


# --- paths ------------------------------------------------------------------------

PATHS = [
    "/static/",
    "/static",
    "/static/../edit.html",
    "/static/edit.html",
    "/static/..%2fsession.py",
    "/static/%2e%2e/session.py",
    "/static/%2e%2e%2fsession.py",
    "/static/..%5csession.py",
    "/static/..\\session.py",
    "/static/%252e%252e%252fsession.py",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/leaflet.js%00.css",
    "/static/leaflet.js/",
    "/static/LEAFLET.JS",
    "/static-secret/leaflet.js",
    "/staticleaflet.js",
    "/../layers/theatre.geojson",
    "/layers/theatre.geojson",
    "/etc/passwd",
    "//etc/passwd",
    "/api/",
    "/api/../static/leaflet.js",
    "/api/state/",
    "/API/state",
    "/%00",
    "/.frontline/edit.journal",
]


@pytest.mark.parametrize("path", PATHS)
def test_only_the_listed_files_are_there(still, path):
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{still.port}\r\nCookie: {still.cookie}\r\n\r\n"
    answer = still.raw(head.encode())
    assert re.match(rb"HTTP/1.1 (400|404|405) ", answer), answer[:200]
    assert b"root:" not in answer
    assert b"FeatureCollection" not in answer


@pytest.mark.parametrize(
    "date",
    [
        "../2017-08-01",
        "..%2f2017-08-01",
        "%2e%2e/theatre",
        "/etc/passwd",
        "2017-08-01%00",
        "2017-08-01.geojson",
        "2017-08-01/../2017-07-01",
        "2017-08-01%20",
        "%D9%A2%D9%A0%D9%A1%D9%A7-08-01",
        "-08-01",
        "",
    ],
)
def test_a_layer_is_named_by_a_date_of_the_list_never_by_a_path(still, date):
    assert still.ask("GET", f"/api/state?date={date}").status == 404
    assert still.ask("POST", "/api/save", {"date": date}).status == 404


@pytest.mark.parametrize("name", ["leaflet.js", "leaflet.css", "page.css", "looks.js"])
def test_the_listed_files_have_their_kind(still, name):
    answer = still.ask("GET", f"/static/{name}")
    kinds = {"js": "text/javascript", "css": "text/css", "json": "application/json"}
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(kinds[name.rpartition(".")[2]])
    assert answer.body


# --- too much, too slow -----------------------------------------------------------


def head(here, path, *more):
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{here.port}",
        f"Cookie: {here.cookie}",
        f"Origin: {here.own}",
        "Content-Type: application/json",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize("length", ["20000001", "99999999999999999999", "1e9", "-1", "0x10"])
def test_a_body_that_says_it_is_too_large_is_not_read(still, length):
    answer = still.raw(head(still, "/api/check", f"Content-Length: {length}"))
    assert re.match(rb"HTTP/1.1 (400|413) ", answer), answer[:100]


def test_a_body_that_grows_too_large_is_cut_off(still, monkeypatch):
    monkeypatch.setattr(server, "MAX_BODY", 100_000)
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    sent = head(still, "/api/check", "Transfer-Encoding: chunked")
    answer = still.raw(sent, chunk, chunk, chunk, chunk)
    assert b"413" in answer.partition(b"\r\n")[0]


def test_a_body_of_twenty_megabytes_is_taken_and_kept(running, small):
    edits = "x" * 19_900_000
    assert running.ask("POST", "/api/journal", {"edits": edits}).status == 204
    (path,) = (small / ".frontline").glob("*.journal")
    assert path.stat().st_size > len(edits)


def test_a_slow_body_is_given_up(still, monkeypatch):
    monkeypatch.setattr(server, "BODY_SECONDS", 0.3)
    begin = time.monotonic()
    answer = still.raw(head(still, "/api/check", "Content-Length: 100"), b"{", b'"a"', pause=0.4)
    assert b"408" in answer.partition(b"\r\n")[0]
    assert time.monotonic() - begin < 3


@pytest.mark.parametrize("begin", [b"", b"GET /api/state HTTP/1.1\r\nHost: x"])
def test_a_connection_that_keeps_silent_is_closed(still, monkeypatch, begin):
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", still.port), timeout=5) as connection:
        connection.sendall(begin)
        assert connection.recv(10) == b""


def test_a_head_without_end_is_refused(still):
    answer = still.raw(b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000)
    assert re.match(rb"HTTP/1.1 4\d\d ", answer) or answer == b""


def test_a_slow_client_does_not_keep_others_waiting(still):
    with socket.create_connection(("127.0.0.1", still.port)) as slow:
        slow.sendall(head(still, "/api/check", "Content-Length: 100"))
        assert still.ask("GET", "/api/ping").status == 200


def test_requests_in_one_go_are_all_answered(still):
    one = (
        f"GET /api/ping HTTP/1.1\r\nHost: 127.0.0.1:{still.port}\r\nCookie: {still.cookie}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", still.port), timeout=5) as connection:
        connection.sendall((one * 2).encode())
        found = b""
        while found.count(b'{"etags"') < 2:
            found += connection.recv(65536)
    assert found.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"nul", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(still, body):
    answer = still.ask("POST", "/api/check", body, json_body=False)
    assert answer.status == 400
    assert set(json.loads(answer.body)) == {"error"}


def test_a_fault_of_ours_is_told_without_its_inside(still, monkeypatch, caplog):
    monkeypatch.setattr(Session, "state", lambda *_: 1 / 0)
    answer = still.ask("GET", "/api/state")
    assert answer.status == 500
    assert b"ZeroDivision" not in answer.body
    assert b"Traceback" not in answer.body
    assert "ZeroDivisionError" in caplog.text


# --- the work, over the wire ------------------------------------------------------


def test_a_session_over_the_wire(running):
    state = json.loads(running.ask("GET", "/api/state?tab=one").body)
    features = state["control"]["features"]
    line = [[36.9, 33.2], [37.5, 33.2]]
    cut = running.ask("POST", "/api/cut", {"features": features, "line": line, "id": "ctl-west"})
    assert cut.status == 200
    cut = json.loads(cut.body)
    away = running.ask("POST", "/api/cut", {"features": features, "line": line, "id": "ctl-east"})
    assert away.status == 422
    assert json.loads(away.body)["where"] == {"type": "Point", "coordinates": [36.9, 33.2]}
    checked = json.loads(running.ask("POST", "/api/check", {"control": cut["features"]}).body)
    assert not [i for i in checked["issues"] if i["new"] and i["severity"] == "error"]
    changes = json.loads(running.ask("POST", "/api/changes", {"control": cut["features"]}).body)
    assert changes["pieces"]
    journal = {"edits": {"control": cut["features"]}, "tab": "one"}
    assert running.ask("POST", "/api/journal", journal).status == 204
    gap = {"etag": state["control"]["etag"], "features": features[1:]}
    refused = running.ask("POST", "/api/save", {"control": gap})
    assert refused.status == 422
    assert json.loads(refused.body)["issues"][0]["code"] == "layer.gap"
    whole = {"etag": state["control"]["etag"], "features": cut["features"]}
    saved = running.ask("POST", "/api/save", {"control": whole, "tab": "one"})
    assert saved.status == 200
    stale = running.ask("POST", "/api/save", {"control": whole})
    assert stale.status == 409
    assert set(json.loads(stale.body)) == {"error", "merged", "conflicts", "etags", "by"}
    ping = json.loads(running.ask("GET", "/api/ping").body)
    assert ping["etags"] == json.loads(saved.body)["etags"] == json.loads(stale.body)["etags"]
    joined = {"features": cut["features"], "ids": ["ctl-west", *cut["created"]]}
    assert running.ask("POST", "/api/merge", joined).status == 200


def test_two_tabs_that_save_at_once_lose_nothing(running):
    state = json.loads(running.ask("GET", "/api/state").body)
    answers = []

    def save(note):
        features = json.loads(json.dumps(state["control"]["features"]))
        features[1]["properties"]["note"] = note
        control = {"etag": state["control"]["etag"], "features": features}
        answers.append(running.ask("POST", "/api/save", {"control": control}).status)

    threads = [threading.Thread(target=save, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409, 409, 409]


# --- the end ----------------------------------------------------------------------


@pytest.mark.slow
def test_it_ends_when_nobody_asks_any_more(small):
    # Long enough for a busy machine to come round in time.
    here = Running(small, idle_seconds=2.0)
    for _ in range(5):
        time.sleep(0.5)
        assert here.ask("GET", "/api/ping").status == 200
    # Whoever is not let in does not keep it alive.
    begin = time.monotonic()
    while not here.over.wait(0.1):
        assert time.monotonic() - begin < 20
        try:
            here.ask("GET", "/", cookie=None)
        except OSError:
            break
    assert here.over.wait(3)


def test_it_ends_when_the_page_closes_but_not_when_it_is_loaded_anew(small, monkeypatch):
    here = Running(small)
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.4)
    assert here.ask("POST", "/api/close", {}).status == 204
    assert here.ask("GET", "/").status == 200
    assert not here.over.wait(1.0)
    assert here.ask("POST", "/api/close", {}).status == 204
    assert here.over.wait(5)


def test_it_goes_on_while_another_page_is_open(small, monkeypatch):
    here = Running(small)
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.2)
    for _ in range(2):
        assert here.ask("GET", "/").status == 200
    assert here.ask("POST", "/api/close", {}).status == 204
    assert not here.over.wait(0.8)
    assert here.ask("POST", "/api/close", {}).status == 204
    assert here.over.wait(5)


def test_an_address_that_cannot_be_told_ends_it(small):
    def broken(_):
        raise RuntimeError("no browser")

    with pytest.raises(RuntimeError, match="no browser"):
        serve(small, on_ready=broken)


def command(small, *options):
    """The command in a process of its own, and the address that it prints."""
    words = ["edit", DAY, "--layers", small, "--no-browser"]
    process = subprocess.Popen(
        [sys.executable, "-m", "geo", *options, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


class Page(Running):
    """What a browser would be for a server in another process."""

    def __init__(self, address):
        self.port = int(re.match(r"http://127\.0\.0\.1:(\d+)/\?token=[\w-]{43}$", address)[1])
        self.own = f"http://127.0.0.1:{self.port}"
        opened = self.ask("GET", address.removeprefix(self.own), cookie=None)
        self.cookie = opened.headers["set-cookie"].partition(";")[0]


def test_ctrl_c_ends_it_in_good_order(small):
    process, address = command(small, "--verbose")
    page = Page(address)
    assert page.ask("GET", "/api/state").status == 200
    page.raw(b"no request at all\r\n\r\n")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert "Traceback" not in err
    # What is logged, even when asked to say more, holds no secret and no request.
    assert not re.search(r"token|GET|cookie|Invalid|frontline-\d", err.replace(address, ""))
    assert err.splitlines()[-1] == "the editor has ended"


def test_a_server_that_is_killed_loses_no_edit(small):
    process, address = command(small)
    page = Page(address)
    state = json.loads(page.ask("GET", "/api/state").body)
    before = (small / "control" / f"{DAY}.geojson").read_bytes()
    features = state["control"]["features"]
    for turn in range(5):
        features[1]["properties"]["note"] = f"Edit {turn}."
        etags = {"control": state["control"]["etag"]}
        edits = {"date": DAY, "etags": etags, "control": features}
        assert page.ask("POST", "/api/journal", {"edits": edits}).status == 204
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert (small / "control" / f"{DAY}.geojson").read_bytes() == before
    process, address = command(small)
    page = Page(address)
    journal = json.loads(page.ask("GET", "/api/state").body)["journal"]
    assert journal["edits"] == edits
    control = {"etag": edits["etags"]["control"], "features": edits["control"]}
    assert page.ask("POST", "/api/save", {"control": control}).status == 200
    assert json.loads(page.ask("GET", "/api/state").body)["journal"] is None
    assert b"Edit 4." in (small / "control" / f"{DAY}.geojson").read_bytes()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_server_that_is_killed_while_it_saves_leaves_old_or_new(small):
    path = small / "control" / f"{DAY}.geojson"
    process, address = command(small)
    page = Page(address)
    state = json.loads(page.ask("GET", "/api/state").body)
    features = state["control"]["features"]
    features[1]["properties"]["note"] = "New."
    control = {"etag": state["control"]["etag"], "features": features}
    before = path.read_bytes()

    def save():
        with contextlib.suppress(OSError, http.client.HTTPException):
            page.ask("POST", "/api/save", {"control": control})

    saving = threading.Thread(target=save)
    saving.start()
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    saving.join()
    after = path.read_bytes()
    assert after == before or b'"note": "New."' in after
    json.loads(after)


# --- the command ------------------------------------------------------------------


@pytest.fixture
def frontline(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["frontline", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return run


def test_the_command_says_what_is_wrong_with_its_words(frontline, small, tmp_path):
    code, _, err = frontline("edit", "2017-07-15", "--layers", small)
    assert (code, "no control layer of 2017-07-15" in err) == (1, True)
    assert "2017-07-01, 2017-08-01" in err
    assert frontline("edit", "someday", "--layers", small)[0] == 2
    assert frontline("edit", "--layers", tmp_path / "nowhere")[0] == 1
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = frontline("edit", "--layers", small, "--port", port)
        assert (code, "in use" in err) == (1, True)


def test_the_command_opens_the_browser_at_the_address_it_prints(frontline, small, monkeypatch):
    opened = []
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.1)

    def open_page(address):
        opened.append(address)
        page = Page(address)
        assert page.ask("POST", "/api/close", {}).status == 204

    def later(address):
        threading.Thread(target=open_page, args=(address,)).start()

    monkeypatch.setattr("webbrowser.open", later)
    code, out, _ = frontline("edit", "--layers", small)
    assert code == 0
    assert opened == [out.strip()]


def test_serve_begins_with_the_date_that_is_given(small, monkeypatch):
    found = []
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.1)

    def ready(address):
        def visit():
            page = Page(address)
            found.append(json.loads(page.ask("GET", "/api/state").body)["date"])
            page.ask("POST", "/api/close", {})

        threading.Thread(target=visit).start()

    serve(small, parse_day("2017-07-01"), on_ready=ready)
    assert found == ["2017-07-01"]
