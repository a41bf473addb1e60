"""Rendered street scenes with known truth."""
