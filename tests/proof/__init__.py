"""Tests of the canary, and the canary run itself."""
