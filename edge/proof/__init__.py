"""Proof: made-up plates go through the whole system, and then every place is searched for them."""
