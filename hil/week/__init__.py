"""A made-up week of several cameras, as they would publish it."""
