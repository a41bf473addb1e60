"""A download of its own, to be killed: base, folder, page."""

import sys
from pathlib import Path

from edge.registry.rdw.api import download
from tests.registry.rdw.test_api import FUEL


def main(base: str, folder: str, page: str) -> None:
    """Download to the end."""
    download(FUEL, base, Path(folder), token=None, page=int(page), told=lambda _done, _total: None)


if __name__ == "__main__":
    main(*sys.argv[1:])
