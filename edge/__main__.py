"""Lets `python -m edge` do what `anpr-edge` does."""

from edge.cli import entry

if __name__ == "__main__":
    entry()
