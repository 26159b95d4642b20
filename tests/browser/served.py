"""An agent's database and folder with the web interface over them, on a port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask

from pyca.settings import Capture, Logging, Ui
from pyca.ui.server import Server
from tests.ui.site import Site

PREVIEWS = ('{{previewdir}}/camera.png', '{{previewdir}}/slides.png')


class Answer(NamedTuple):
    """What was asked, and the status of the answer."""

    method: str
    path: str
    status: int


class Web:
    """A web server in a thread, which can go away. It keeps what it has answered."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(('127.0.0.1', 0))  # so that nobody else gets the port while the server is away
        self.port = self._held.getsockname()[1]
        self.answers: list[Answer] = []
        app.wsgi_app = self._noting(app.wsgi_app)  # type: ignore[method-assign]
        self.begin()

    def begin(self) -> None:
        """Serve, on the same port as before."""
        self._server, self._stop = Server(self._app, port=self.port), threading.Event()
        self._server.open()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()

    def close(self) -> None:
        """Go away for good."""
        self.end()
        self._held.close()

    def _serve(self) -> None:
        try:
            while not self._stop.is_set():
                self._server.step()
        finally:
            self._server.close()

    def _noting(self, inner: Any) -> Callable[..., Iterable[bytes]]:
        def outer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            def start(status: str, *more: Any) -> Any:
                self.answers.append(Answer(environ['REQUEST_METHOD'], environ['PATH_INFO'], int(status[:3])))
                return start_response(status, *more)

            answer: Iterable[bytes] = inner(environ, start)
            return answer

        return outer


class Served(Site):
    """A site that a browser can visit. Its clock stands still, so that pictures of it are always the same."""

    def __init__(self, folder: Path, **sections: Any) -> None:
        capture = Capture(directory=str(folder / 'recordings'), preview_dir=str(folder), preview=PREVIEWS)
        logging = Logging(file=str(folder / 'pyca.log'))
        given = {'capture': capture, 'ui': Ui(password='', refresh_rate=1), 'logging': logging, **sections}
        super().__init__(folder, **given)
        self.folder = folder
        self.web = Web(self.app)

    def url(self, path: str = '/status') -> str:
        return f'http://127.0.0.1:{self.web.port}{path}'

    def close(self) -> None:
        self.web.close()
        super().close()
