"""Lets `python -m edge` do what `anpr-edge` does."""

from edge.cli import main

if __name__ == "__main__":
    main()
