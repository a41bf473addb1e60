"""Benches: scenes with known truth, virtual and real devices."""
