"""The audit log: what the gate did, in a tree of hashes that nobody can rewrite unseen."""
