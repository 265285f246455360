"""
The small server of the editor: who may ask, what is answered, and when it ends.

It listens on this machine alone. Yet every page that is open in the same browser can reach it, and
so can every user of the machine: each request must name the right host, must not come from another
origin, and must carry the secret that only the page has which was opened with the one-time token.

What remains: the address is handed to the browser as an argument, which other users of the
machine may see for a moment. The token works once, so that whoever comes second notices.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from typing import TYPE_CHECKING, Any

import h11
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from geo.edit.editor import parts
from geo.edit.editor.requests import ConflictError, RefusedError, RequestError
from geo.errors import CoverageError, DateError, GeoError, Issue, LayerError, escape

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from geo.edit.editor.site import Site

    Answer = dict[str, Any]

logger = logging.getLogger(__name__)

MAX_BODY = 20_000_000
"""Larger bodies are refused, at the latest when so much of them has come."""

BODY_SECONDS = 20.0
"""A body must have come whole within this time."""

HEAD_SECONDS = 10.0
"""So long may a connection keep silent, or dawdle over the head of a request."""

GRACE_SECONDS = 3.0
"""So long after the page closed the server ends, unless it asks again: it was only loaded anew."""

_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_FETCHED_BY_US = frozenset({"same-origin", "none"})
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


class App:
    """
    The application, and what tells its server when to end.

    Parameters
    ----------
    site
        What it shows, and who answers.
    port
        On which it is reached.
    idle_seconds
        It wants to end when nobody has asked for so long.

    Attributes
    ----------
    token
        Opens the page, once.
    """

    def __init__(self, site: Site, *, port: int, idle_seconds: float) -> None:
        self.site = site
        self.token = secrets.token_urlsafe(32)
        self.asgi: ASGIApp = _Guard(self._routed(), self, port)
        self._secret = secrets.token_urlsafe(32)
        self._cookie = f"frontline-{port}"
        self._used = False
        self._pages = 0
        self._idle = idle_seconds
        self._end = time.monotonic() + idle_seconds
        self._statics = site.files()

    # ------------------------------------------------------------ who may ask

    def is_known(self, cookies: Mapping[str, str]) -> bool:
        """
        Tell whether a request carries the secret.

        Parameters
        ----------
        cookies
            Of the request.

        Returns
        -------
        known
            Whether it does.
        """
        sent = cookies.get(self._cookie, "")
        return secrets.compare_digest(sent.encode(), self._secret.encode())

    def opens(self, token: str) -> bool:
        """
        Tell whether a token opens the page; it does so once.

        Parameters
        ----------
        token
            As sent.

        Returns
        -------
        opens
            Whether it does.
        """
        right = secrets.compare_digest(token.encode(), self.token.encode())
        if not right or self._used:
            return False
        self._used = True
        return True

    @property
    def is_over(self) -> bool:  # numpydoc ignore=RT01
        """Whether nobody has asked for too long, or the page has closed."""
        return time.monotonic() > self._end

    # ------------------------------------------------------------ what is answered

    def _routed(self) -> Starlette:
        posts = {**self.site.posts, "close": self._close}
        application = Starlette(
            routes=[
                Route("/", self._page),
                Route("/static/{name}", self._static),
                *(
                    Route(f"/api/{name}", self._got(answer))
                    for name, answer in self.site.gets.items()
                ),
                *(
                    Route(f"/api/{name}", self._posted(answer), methods=["POST"])
                    for name, answer in posts.items()
                ),
            ],
            exception_handlers={
                404: _always(404, "there is nothing here"),
                405: _always(405, "it cannot be asked in this way"),
                _BodyError: _bad_body,
                ClientDisconnect: _always(400, "the request broke off"),
            },
        )
        # An address is right or wrong; none is nearly right.
        application.router.redirect_slashes = False
        return application

    async def _page(self, request: Request) -> Response:
        if "token" in request.query_params:
            # The token must not stay in the history of the browser.
            response: Response = RedirectResponse("/", status_code=303)
            response.set_cookie(
                self._cookie, self._secret, path="/", httponly=True, samesite="strict"
            )
            return response
        self._pages += 1
        return Response(self._statics[self.site.page][0], media_type="text/html; charset=utf-8")

    async def _static(self, request: Request) -> Response:
        found = self._statics.get(request.path_params["name"])
        if found is None or request.path_params["name"] == self.site.page:
            return _error(404, "there is no such file")
        return Response(found[0], media_type=f"{found[1]}; charset=utf-8")

    def _got(
        self, answer: Callable[[Mapping[str, str]], object]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def got(request: Request) -> Response:
            asked = dict(request.query_params)
            return await _answered(lambda: answer(asked))

        return got

    def _posted(
        self, answer: Callable[[Answer], object]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def posted(request: Request) -> Response:
            try:
                sent = orjson.loads(await request.body())
            except ValueError:
                return _error(400, "the body is no JSON")
            if not isinstance(sent, dict):
                return _error(400, "the body must be a JSON object")
            return await _answered(lambda: answer(sent))

        return posted

    def _close(self, _: Answer) -> None:
        self._pages -= 1
        if self._pages > 0:
            return
        self._pages = 0
        self._end = time.monotonic() + GRACE_SECONDS

    def asked(self) -> None:
        """Note that somebody who may has asked."""
        self._end = time.monotonic() + self._idle


# --- answers --------------------------------------------------------------------


def _json(status: int, answer: object) -> Response:
    body = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, status, media_type="application/json")


def _error(status: int, message: str, **more: object) -> Response:
    return _json(status, {"error": message, **more})


async def _answered(answer: Callable[[], object]) -> Response:
    """Run an answer in a thread of its own, and turn what it raises into words."""

    def told() -> Response:
        found = answer()
        return Response(status_code=204) if found is None else _json(200, found)

    try:
        return await run_in_threadpool(told)
    except RequestError as error:
        return _error(400, str(error))
    except DateError as error:
        return _error(404, str(error))
    except ConflictError as error:
        return _json(409, error.answer)
    except RefusedError as error:
        return _error(422, _said(error.issues), issues=list(map(parts.tell_issue, error.issues)))
    except (CoverageError, LayerError) as error:
        shown = list(map(parts.tell_issue, error.issues))
        where = next((one["where"] for one in shown if one["where"]), None)
        return _error(422, escape(str(error), 500), issues=shown, where=where)
    except GeoError as error:
        return _error(422, escape(str(error), 500))
    except Exception:
        # A fault of ours: the page must say so, and the terminal why.
        logger.exception("the editor could not answer")
        return _error(500, "the editor failed; the terminal says why. Your edits are kept")


def _said(issues: Sequence[Issue]) -> str:
    """One sentence for several findings."""
    more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
    return f"nothing was written: {escape(str(issues[0]), 400)}{more}"


def _always(status: int, message: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answered(_: Request, __: Exception) -> Response:
        return _error(status, message)

    return answered


class _BodyError(Exception):
    """A body that is too large or too slow."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def _bad_body(_: Request, error: Exception) -> Response:
    assert isinstance(error, _BodyError)
    return _error(error.status, str(error))


# --- who may ask ----------------------------------------------------------------


class _Guard:
    """Turns away what does not come from the page, before anything else sees it."""

    def __init__(self, inner: ASGIApp, app: App, port: int) -> None:
        self.inner = inner
        self.app = app
        self.hosts = {f"{host}:{port}" for host in _HOSTS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = self._refusal(Request(scope))
        if refusal is None:
            self.app.asked()
            receive = _limited(receive)
        await (refusal or self.inner)(scope, receive, _with_headers(send))

    def _refusal(self, request: Request) -> Response | None:
        """Why a request is turned away, as an answer; None where it is let in."""
        host = _only(request, "host")
        if host not in self.hosts:
            return _error(403, "wrong host; open the address that the terminal shows")
        origin, site = _only(request, "origin"), _only(request, "sec-fetch-site")
        if origin not in {None, f"http://{host}"} or site not in {None, *_FETCHED_BY_US}:
            return _error(403, "another page asked; only the editor's own page may")
        if request.method == "POST" and origin is None and site is None:
            return _error(403, "nobody says which page asks; a browser would")
        if not self._is_let_in(request):
            message = "open the address that the terminal shows; it works once, in one browser"
            return _error(403, message)
        return _unfit(request) if request.method == "POST" else None

    def _is_let_in(self, request: Request) -> bool:
        if self.app.is_known(request.cookies):
            return True
        token = request.query_params.get("token")
        is_start = request.url.path == "/" and request.method == "GET"
        return is_start and token is not None and self.app.opens(token)


def _only(request: Request, name: str) -> str | None:
    """The one value of a header; several are as good as a wrong one."""
    values = request.headers.getlist(name)
    if len(values) > 1:
        return ""
    return values[0] if values else None


def _unfit(request: Request) -> Response | None:
    """Why a body is not even read."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _error(415, "the body must be application/json")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY:
        return _error(413, _too_large())
    return None


def _too_large() -> str:
    return f"the body is too large; the limit is {MAX_BODY} bytes"


def _limited(receive: Receive) -> Receive:
    """The same messages, but not too many bytes, and not for too long."""
    size, end = 0, time.monotonic() + BODY_SECONDS
    is_whole = False

    async def limited() -> Message:
        nonlocal size, is_whole
        if is_whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(end - time.monotonic(), 0.01))
        except TimeoutError:
            raise _BodyError(408, "the body did not come in time") from None
        size += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if size > MAX_BODY:
            raise _BodyError(413, _too_large())
        return message

    return limited


def _with_headers(send: Send) -> Send:
    """The same answers, with the headers that every one of them has."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await send(message)

    return sending


class PatientProtocol(H11Protocol):
    """
    HTTP, but a connection on which no request comes to an end is closed.

    The server itself waits without end for the head of a request.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """
        Begin to wait for the first head.

        Parameters
        ----------
        transport
            Of the connection.
        """
        super().connection_made(transport)
        self._wait()

    def on_response_complete(self) -> None:
        """Begin to wait for the next head."""
        super().on_response_complete()
        self._wait()

    def _wait(self) -> None:
        self.loop.call_later(HEAD_SECONDS, self._give_up, self.cycle)

    def _give_up(self, cycle: object) -> None:
        if self.cycle is cycle and self.conn.their_state in {h11.IDLE, h11.DONE}:
            self.transport.close()


# --- the life of the server -----------------------------------------------------


def listening(port: int) -> socket.socket:
    """
    Return a door on this machine that nobody comes through yet.

    Parameters
    ----------
    port
        On 127.0.0.1; 0 takes a free one.

    Returns
    -------
    door
        A bound socket.

    Raises
    ------
    OSError
        If the port is taken.
    """
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Elsewhere it would let another program listen at the same door.
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", port))
    except OSError:
        door.close()
        raise
    return door


def run(app: App, door: socket.socket, on_ready: Callable[[], None]) -> None:
    """
    Answer until the application wants to end, or somebody presses Ctrl-C.

    Parameters
    ----------
    app
        What answers.
    door
        From `listening`.
    on_ready
        Called once in a thread, when the first request would be answered; what it raises ends the
        server and is raised again.
    """
    config = uvicorn.Config(
        app.asgi,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=64,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
    )
    # What it has to say of foreign requests is of no use to the person at the terminal.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    # Ctrl-C ends the server in good order, and is then raised once more.
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(uvicorn.Server(config), door, app, on_ready))


async def _run(
    server: uvicorn.Server, door: socket.socket, app: App, on_ready: Callable[[], None]
) -> None:
    async def watch() -> None:
        try:
            while not server.started:
                await asyncio.sleep(0.01)
            # In a thread: a browser in the terminal returns only when it is left.
            await asyncio.to_thread(on_ready)
            while not app.is_over:
                await asyncio.sleep(0.2)
        finally:
            server.should_exit = True

    watching = asyncio.create_task(watch())
    await server.serve(sockets=[door])
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
