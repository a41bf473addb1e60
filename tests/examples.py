"""How many examples a property is tried with: in `make test` some, in `make attack` as many as its profile says."""

import random

from hypothesis import settings
from hypothesis import strategies as st

# Streets are drawn with Python's dice: hypothesis would spend its time on drawing them itself.
dices = st.integers(0, 2**32).map(random.Random)


def attacking() -> bool:
    """Tell whether this is `make attack`, once pytest has read its options."""
    return settings.get_current_profile_name() == "attack"


def examples(usual: int) -> settings:
    """Return what tries a property ``usual`` times, or more under the profile of attacks."""
    return settings(max_examples=settings().max_examples if attacking() else usual)
