"""The three processes and the supervisor that starts them."""
