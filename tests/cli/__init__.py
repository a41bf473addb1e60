"""Commands, group by group."""
