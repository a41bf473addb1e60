"""The 14 sidecodes of Dutch plates: which texts can exist, and the likeliest of them for what was read.

Series, letters and forbidden groups: RDW by way of nummerborden.info and kentekenkennis.nl; OpenALPR pull request 117
lists the same 14 forms.
"""

import re
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LENGTH = 6

# X is a letter, 9 a digit; the dashes are not part of the number but bound the groups.
SIDECODES = {
    1: "XX-99-99",
    2: "99-99-XX",
    3: "99-XX-99",
    4: "XX-99-XX",
    5: "XX-XX-99",
    6: "99-XX-XX",
    7: "99-XXX-9",
    8: "9-XXX-99",
    9: "XX-999-X",
    10: "X-999-XX",
    11: "XXX-99-X",
    12: "X-99-XXX",
    13: "9-XX-999",
    14: "999-XX-9",
}
FORBIDDEN = frozenset(
    (b"GVD", b"KKK", b"NSB", b"PKK", b"PSV", b"TBS", b"SS", b"SD", b"PVV", b"SGP", b"VVD", b"KVT", b"LPF"),
)
LOOK_ALIKES = (b"0O", b"1I", b"8B", b"5S", b"2Z", b"0D", b"4A")

# The reader is rarely torn between look-alikes, it is sure of the wrong one: this much of what it gives one character
# goes to the other, so that a sidecode that demands the other finds it. Any other swap costs a thousand times more.
CONFUSED = 0.02
STRAY = 2e-5

_NO_VOWELS_FROM = 4
_NO_Y_FROM = 7
_DIGITS = ALPHABET[:10]
_LETTERS = ALPHABET[10:]
_MODERN = bytes(letter for letter in _LETTERS if letter not in b"AEIOUCQ")
_NEWEST = _MODERN.replace(b"Y", b"")
_SPECIAL = re.compile(rb"(CDJ?|AA)[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Fit:
    """The likeliest Dutch text for a distribution.

    ``probability`` is its share among all Dutch texts. ``support`` is its likelihood relative to the text as read:
    1 where that is Dutch as it stands, about ``CONFUSED`` where one look-alike had to be swapped, far below where it
    is no Dutch plate.
    """

    text: bytearray = field(repr=False)
    sidecode: int
    probability: float
    support: float


def sidecode(text: str | bytes | bytearray) -> int | None:
    """Return the sidecode, 1 to 14, of a text without dashes; None if no Dutch series has it."""
    raw = text.encode("ascii", "replace") if isinstance(text, str) else text
    return next((code for code, pattern in _patterns().items() if pattern.fullmatch(raw) and _allowed(code, raw)), None)


def is_special(text: bytes | bytearray) -> bool:
    """Tell whether a text is of a Dutch series outside the sidecodes: diplomats, the Court of Justice, the Crown."""
    return _SPECIAL.fullmatch(text) is not None


def fit(slots: NDArray[np.float32]) -> Fit | None:
    """Return the likeliest Dutch text for ``slots`` (6, 36), or None if there are not six.

    A text that is Dutch as read is never changed into another form: each swap costs at least a factor ``CONFUSED``.
    """
    if slots.shape != (LENGTH, len(ALPHABET)):
        return None
    likelihood = _with_look_alikes(slots)
    masked = np.where(_masks(), np.log(likelihood), -np.inf)
    best = masked.argmax(axis=2)
    scores = masked.max(axis=2).sum(axis=1)
    for row in range(len(SIDECODES)):
        _leave_forbidden(row, masked[row], best, scores)
    row = int(scores.argmax())
    likely = float(np.exp(scores[row]))
    dutch = float(np.where(_masks(), likelihood, 0.0).sum(axis=2).prod(axis=1).sum())
    support = min(1.0, likely / float(likelihood.max(axis=1).prod()))
    text = decode(best[row])
    for array in (best, masked, likelihood):  # They spell the text, and freed memory keeps what stood in it.
        array.fill(0)
    return Fit(text, tuple(SIDECODES)[row], min(1.0, likely / dutch), support)


def likeliest(slots: NDArray[np.float32]) -> bytearray:
    """Return the likeliest text for ``slots`` (length, 36), Dutch or not, and leave no copy of it behind."""
    indices = slots.argmax(axis=1)
    text = decode(indices)
    indices.fill(0)
    return text


def decode(indices: NDArray[np.integer]) -> bytearray:
    """Turn positions in the alphabet into text that can be wiped."""
    return bytearray(ALPHABET[index] for index in indices)


def _with_look_alikes(slots: NDArray[np.float32]) -> NDArray[np.float64]:
    mixed = np.asarray(slots, np.float64) @ _confusion()
    mixed += STRAY
    mixed /= mixed.sum(axis=1, keepdims=True)
    return mixed


def _leave_forbidden(
    row: int,
    log_likelihood: NDArray[np.float64],
    best: NDArray[np.intp],
    scores: NDArray[np.float64],
) -> None:
    """Replace the letter of a forbidden group whose loss is smallest."""
    for group in _letter_groups()[row]:
        if bytes(decode(best[row, group])) not in FORBIDDEN:
            continue
        gain, slot, letter = max(_replacements(log_likelihood, best[row], group))
        best[row, slot] = letter
        scores[row] += gain


def _replacements(
    log_likelihood: NDArray[np.float64],
    chosen: NDArray[np.intp],
    group: slice,
) -> list[tuple[float, int, int]]:
    """List (gain, slot, letter) of every single change that makes a group allowed; gains are at most 0."""
    found = []
    for slot in range(group.start, group.stop):
        for letter in np.flatnonzero(np.isfinite(log_likelihood[slot])):
            changed = chosen.copy()
            changed[slot] = letter
            if bytes(decode(changed[group])) not in FORBIDDEN:
                gain = log_likelihood[slot, letter] - log_likelihood[slot, chosen[slot]]
                found.append((float(gain), slot, int(letter)))
            changed.fill(0)
    return found


def _allowed(code: int, text: bytes | bytearray) -> bool:
    groups = _letter_groups()[tuple(SIDECODES).index(code)]
    return not any(bytes(text[group]) in FORBIDDEN for group in groups)


def _letters(code: int, slot: int) -> bytes:
    if code < _NO_VOWELS_FROM:
        return _LETTERS
    letters = _MODERN if code < _NO_Y_FROM else _NEWEST
    return letters + b"O" if slot == 0 else letters  # O starts semi-trailers.


@cache
def _patterns() -> dict[int, re.Pattern[bytes]]:
    return {code: re.compile(b"".join(b"[" + some + b"]" for some in alphabets(code))) for code in SIDECODES}


def alphabets(code: int) -> list[bytes]:
    """Return, for each of the six characters of a sidecode, which characters may stand there."""
    form = SIDECODES[code].replace("-", "")
    return [_DIGITS if kind == "9" else _letters(code, slot) for slot, kind in enumerate(form)]


@cache
def _masks() -> NDArray[np.bool_]:
    """Return (14, 6, 36): which character may stand where."""
    rows = [[[char in some for char in ALPHABET] for some in alphabets(code)] for code in SIDECODES]
    return np.array(rows, np.bool_)


@cache
def _letter_groups() -> tuple[tuple[slice, ...], ...]:
    """Return per sidecode where its groups of letters lie."""
    return tuple(tuple(_groups(form)) for form in SIDECODES.values())


def _groups(form: str) -> list[slice]:
    found, start = [], 0
    for group in form.split("-"):
        if group[0] == "X":
            found.append(slice(start, start + len(group)))
        start += len(group)
    return found


@cache
def _confusion() -> NDArray[np.float64]:
    matrix = np.eye(len(ALPHABET))
    for one, other in LOOK_ALIKES:
        first, second = ALPHABET.index(one), ALPHABET.index(other)
        matrix[first, second] = matrix[second, first] = CONFUSED
    return matrix
