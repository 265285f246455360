"""Pages of other origins, open in the browser that holds the editor's cookie."""

import http.server
import json
import threading

import pytest
from servers import Running

pytestmark = pytest.mark.browser

ATTACK = """
async (target) => {
  const tried = {};
  const attempt = async (name, what) => {
    try { tried[name] = await what(); } catch (error) { tried[name] = 'failed'; }
  };
  const body = JSON.stringify({edits: 'from elsewhere'});
  const type = {'Content-Type': 'application/json'};
  const all = {credentials: 'include'};
  await attempt('read', async () => (await fetch(`${target}/api/state`, all)).text());
  await attempt('read without cors', async () => (
    await (await fetch(`${target}/api/state`, {...all, mode: 'no-cors'})).text()));
  await attempt('json', async () => (
    await fetch(`${target}/api/journal`, {...all, method: 'POST', body, headers: type})).status);
  await attempt('plain', async () => (
    await fetch(`${target}/api/journal`, {...all, method: 'POST', body, mode: 'no-cors'})).status);
  await attempt('beacon', async () => (
    navigator.sendBeacon(`${target}/api/close`, new Blob(['{}'], {type: 'text/plain'})), 'sent'));
  const element = (tag, fields) => new Promise((done) => {
    const one = Object.assign(document.createElement(tag), fields);
    one.onload = () => done('loaded');
    one.onerror = () => done('failed');
    document.body.append(one);
    setTimeout(() => done('failed'), 2000);
  });
  await attempt('script', () => element('script', {src: `${target}/api/state`}));
  await attempt('own script', () => element('script', {src: `${target}/static/leaflet.js`}));
  await attempt('style', () => (
    element('link', {rel: 'stylesheet', href: `${target}/static/leaflet.css`})));
  await attempt('frame', async () => {
    await element('iframe', {src: `${target}/`});
    try { return document.querySelector('iframe').contentDocument?.title ?? 'closed'; }
    catch { return 'closed'; }
  });
  return tried;
}
"""

FORM = """
(target) => {
  const form = Object.assign(document.createElement('form'), {
    method: 'post', action: `${target}/api/journal`, enctype: 'text/plain'});
  form.append(Object.assign(document.createElement('input'), {
    name: '{"edits": "', value: '"}'}));
  document.body.append(form);
  form.submit();
}
"""


@pytest.fixture
def elsewhere():
    """Another server on this machine: same site, other origin."""

    class Blank(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title><body>")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blank) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield other.server_address[1]
        other.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_from_elsewhere_reads_nothing_and_changes_nothing(chromium, small, elsewhere, host):
    here = Running(small)
    here.app._used = False
    context = chromium.new_context()
    own = context.new_page()
    assert own.goto(f"{here.own}/?token={here.app.token}").status == 200
    assert [cookie["sameSite"] for cookie in context.cookies()] == ["Strict"]
    assert own.evaluate("document.cookie") == ""
    other, asked = context.new_page(), []
    other.on("response", lambda answer: asked.append((answer.url, answer.status)))
    other.goto(f"http://{host}:{elsewhere}/")
    tried = other.evaluate(ATTACK, here.own)
    assert "ctl-" not in json.dumps(tried)
    assert tried["read"] == tried["json"] == "failed"
    assert tried["script"] == tried["own script"] == tried["style"] == "failed"
    assert tried["frame"] in {"closed", ""}
    other.evaluate(FORM, here.own)
    other.wait_for_load_state()
    answered = {status for url, status in asked if url.startswith(here.own)}
    assert answered == {403}
    assert not (small / ".frontline").exists()
    assert not here.over.is_set()
    assert own.evaluate("fetch('/api/ping').then(answer => answer.status)") == 200
    context.close()
    here.end()
