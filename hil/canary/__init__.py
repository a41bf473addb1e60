"""The canary over whole scenes and real clips: known plates pass, and then every place is searched for them."""
