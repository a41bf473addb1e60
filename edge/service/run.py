"""`anpr-edge run`: the three processes under the supervisor."""

import threading
from datetime import datetime
from pathlib import Path

from edge.camera.opener import is_recorded
from edge.config import load
from edge.service import process, supervisor


def main(file: Path, source: str | None, start: datetime | None) -> int:
    """Run until a signal or the end of the source; return the exit status."""
    options = [*(["--source", source] if source else []), *(["--start", start.isoformat()] if start else [])]

    def work(stop: threading.Event) -> None:
        config = load(file)
        recorded = is_recorded(source or config.camera.source)
        supervisor.prepare_folders(config)
        supervisor.Supervisor(supervisor.camera_children(file, options, recorded=recorded)).run(stop)

    return process.run("run", work)
