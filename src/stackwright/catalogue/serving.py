"""How a WSGI application of the catalogue is served, whatever the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import PurePath

    from stackwright.catalogue.model import Wsgi


def uwsgi(
    venv: PurePath, wsgi: Wsgi, addresses: Iterable[str], port: int, *, static: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Give the command that serves a WSGI application (uwsgi-docs: Options).

    :param venv: the service's environment
    :param addresses: that it listens on
    :param static: path -> folder, of the files that are given out as they are
    """
    return (
        str(venv / "bin/uwsgi"),
        *(word for address in addresses for word in ("--http-socket", f"{address}:{port}")),
        *(("--paste", f"config:{venv / wsgi.paste}") if wsgi.paste else ("--module", f"{wsgi.module}:application")),
        *(("--processes", "1", "--threads", "4") if wsgi.threads else ("--master", "--processes", "2")),
        *(word for path, folder in (static or {}).items() for word in ("--static-map", f"{path}={folder}")),
        *("--enable-threads", "--buffer-size", "65535"),
        *("--die-on-term", "--need-app", "--disable-logging"),
        # uwsgi closes a connection without saying so, which clients that keep theirs take for a failure.
        *("--add-header", "Connection: close"),
    )
