"""Tests of the register generator."""
