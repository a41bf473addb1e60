"""The reference subscriber: receives, checks and shows what cameras publish."""
