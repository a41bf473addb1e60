"""Coverage-guided fuzzing with atheris, in an environment of its own: `make fuzz`. Nothing here is collected by pytest.

Each target goes on with the inputs that led it to new branches before, which var/fuzz/corpus keeps; at first it has
nothing. It fails at the first input that raises what is no refusal, that takes ten seconds, or that breaks what the
target asserts; var/fuzz/found keeps that one.
"""
