"""The editor's server, started in this process for a test."""

import http.client
import json
import socket
import threading
import time

from geo.edit.editor import server
from geo.edit.editor.serve import IDLE_SECONDS
from geo.edit.editor.session import Session
from geo.edit.editor.site import editor_site
from geo.model import parse_day

DAY = "2017-08-01"


class Running:
    """A server in a thread of this process."""

    def __init__(self, root, **options):
        self.door = server.listening(0)
        self.port = self.door.getsockname()[1]
        session = Session(root, parse_day(DAY))
        options = {"idle_seconds": IDLE_SECONDS, **options}
        self.app = server.App(editor_site(session), port=self.port, **options)
        self.over, ready = threading.Event(), threading.Event()

        def run():
            with self.door:
                server.run(self.app, self.door, ready.set)
            self.over.set()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        assert ready.wait(10)
        self.own = f"http://127.0.0.1:{self.port}"
        opened = self.ask("GET", f"/?token={self.app.token}", cookie=None)
        assert opened.status == 303
        self.cookie = opened.headers["set-cookie"].partition(";")[0]
        self.opened = opened

    def ask(self, method, path, body=None, *, headers=(), cookie="own", host=None, json_body=True):
        """One request; headers may stand there twice."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for value in [f"127.0.0.1:{self.port}"] if host is None else host:
            connection.putheader("Host", value)
        if cookie:
            connection.putheader("Cookie", self.cookie if cookie == "own" else cookie)
        names = {name.lower() for name, _ in headers}
        if method == "POST" and not names & {"origin", "sec-fetch-site"}:
            connection.putheader("Origin", self.own)
        data = json.dumps(body).encode() if json_body and body is not None else body or b""
        if data and "content-type" not in names:
            connection.putheader("Content-Type", "application/json")
        if data or method == "POST":
            connection.putheader("Content-Length", str(len(data)))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        answer.body = answer.read()
        connection.close()
        return answer

    def raw(self, *parts, pause=0.0):
        """Bytes as they are, in pieces; all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            for part in parts:
                try:
                    connection.sendall(part)
                except OSError:
                    break
                time.sleep(pause)
            found = b""
            try:
                while data := connection.recv(65536):
                    found += data
                    if b"\r\n\r\n" in found and b"connection: close" not in found.lower():
                        break
            except OSError:
                pass
            return found

    def end(self):
        # What a page still asks must not give it more time.
        self.app._idle = self.app._end = 0.0
        assert self.over.wait(20)
