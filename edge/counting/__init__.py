"""Tags, windows and counters, in memory only."""
