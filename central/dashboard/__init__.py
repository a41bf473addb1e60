"""What a city sees of its zones and cameras, on one page without outside parts."""
