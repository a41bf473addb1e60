"""From frame to passage: detect, track, read, vote."""
