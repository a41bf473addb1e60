"""python -m tests.fuzz.policy [-runs=N]: the policy parser and its checks, fed with any bytes and bent policies."""

import sys
from contextlib import suppress
from pathlib import Path

import atheris  # type: ignore[import-untyped, unused-ignore, import-not-found]  # Installed by `make fuzz` alone.

with atheris.instrument_imports():
    import tomllib  # noqa: F401  (here so that it is instrumented)

    from edge import policy, policy_check
    from edge.errors import ConfigError

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "policy.toml"
FILE = Path("policy.toml")
VALID = [line for line in EXAMPLE.read_bytes().splitlines() if line and not line.startswith(b"#")]


def one_input(data: bytes) -> None:
    """Parse and check; a refusal is one line, and what is accepted has no fault."""
    content = _content(atheris.FuzzedDataProvider(data))
    told: list[str] = []
    with suppress(ConfigError):
        told += map(str, policy_check.faults(FILE, content))
    try:
        policy._check(FILE, content)
    except ConfigError as error:
        told.append(str(error))
    else:
        assert not told
    assert all(map(str.isprintable, told))


def _content(source: atheris.FuzzedDataProvider) -> bytes:
    """Make any bytes, or a good policy with one line cut out and another put in."""
    if source.ConsumeBool():
        return bytes(source.ConsumeBytes(source.remaining_bytes()))
    lines = list(VALID)
    del lines[source.ConsumeIntInRange(0, len(lines) - 1)]
    at = source.ConsumeIntInRange(0, len(lines) - 1)
    name, equals, value = lines[at].partition(b" = ")
    if equals and source.ConsumeBool():
        value = bytes(source.ConsumeBytes(source.remaining_bytes()))
        lines[at] = name + equals + value
    else:
        lines.insert(at, bytes(source.ConsumeBytes(source.remaining_bytes())))
    return b"\n".join(lines)


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=10"], one_input)
    atheris.Fuzz()
