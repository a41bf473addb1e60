"""Coverage-guided fuzzing with atheris, in an environment of its own: `make fuzz`. Nothing here is collected by pytest.

Corpus-less: each target begins with nothing and finds its way by the branches that it reaches. It fails at the first
input that raises what is no refusal, that takes ten seconds, or that breaks what the target asserts.
"""
