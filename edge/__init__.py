"""Counts vehicles by class on a roadside camera; number plates never leave it."""

__version__ = "0.1.0"
