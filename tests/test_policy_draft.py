"""Answers that a new policy takes, and the file that is made of them."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigError
from edge.policy_draft import Template, accepted, render
from edge.policy_text import FIELDS, Language
from edge.release_rules import Enrichment, Measure

FILE = Path("policy.toml")
TEXTS = ["1", "true", "[]", '"', "a, b", "31-12-2026", "rdw, exemptions", "passages", "https://a.example", "1 # 2"]


@pytest.mark.parametrize(
    ("section", "option", "text", "value"),
    [
        ("where", "valid_until", "17-11-2026", date(2026, 11, 17)),
        ("where", "valid_until", "1-2-2026", date(2026, 2, 1)),
        ("where", "valid_until", "2026-11-17", date(2026, 11, 17)),
        ("where", "cameras", "cam-017, cam-018", ("cam-017", "cam-018")),
        ("where", "cameras", "cam-017 cam-018", ("cam-017", "cam-018")),
        ("what", "enrichment", "", ()),
        ("what", "enrichment", "rdw,exemptions", (Enrichment.RDW, Enrichment.EXEMPTIONS)),
        ("what", "measure", "unique_vehicles", Measure.UNIQUE_VEHICLES),
        ("release", "k", "15", 15),
        ("policy", "bench", "true", True),
        ("why", "purpose", "2026", "2026"),
        ("why", "traffic_decision", "17-11-2026", "17-11-2026"),
    ],
)
def test_an_answer_is_read_as_its_field_is_typed(section: str, option: str, text: str, value: object) -> None:
    """A day as the Dutch or as TOML writes it, names with commas or blanks between them, and a text as it stands."""
    assert accepted(FILE, section, option, text) == value


@pytest.mark.parametrize(
    ("section", "option", "text", "message"),
    [
        ("policy", "id", "zez demo", r'\[policy\] id = "zez demo"; allowed: lower-case letters, digits and dashes'),
        ("where", "zone", "DPIA", r'\[where\] zone = "DPIA"; allowed: lower-case'),
        ("who", "information_url", "www.demo.nl", r'information_url = "www.demo.nl"; allowed: an address such as'),
        ("where", "valid_from", "cam-017", r'valid_from = "cam-017"; allowed: a date such as 2026-12-31'),
        ("where", "valid_from", "31-2-2026", r'valid_from = "31-2-2026"; allowed: a date'),
        ("where", "cameras", "cam_017", r'cameras = "cam_017"; allowed: a list of camera names, .* lower-case letters'),
        ("where", "cameras", "", r'cameras = ""; allowed: a list of camera names, at least one'),
        ("who", "contact", "a\nb = 1", r'contact = "a\\u000ab = 1"; allowed: a text of one line'),
        ("who", "contact", "\udcff", r'contact = "\\udcff"; allowed: UTF-8 text'),
        ("policy", "serial", "[" * 100_000, r"\[policy\] serial = .*; allowed: a whole number from 1 to 9999"),
        ("policy", "serial", "1\nbench = true", r"\[policy\] serial = .*; allowed: a whole number"),
        ("release", "k", "1 # 0", r'\[release\] k = "1 # 0"; allowed: a whole number'),
        ("release", "tables", "[]", r"release.tables is no field of a policy; allowed: policy.id"),
    ],
)
def test_an_answer_that_its_field_does_not_allow_is_refused(section: str, option: str, text: str, message: str) -> None:
    """With field, value and what is allowed."""
    with pytest.raises(ConfigError, match=message):
        accepted(FILE, section, option, text)


@given(st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(TEXTS) | st.text(max_size=20)))
def test_an_answer_is_the_value_of_its_field_and_of_no_other(texts: dict[object, str]) -> None:
    """Whatever is accepted stands in the file as it was accepted; no answer adds, moves or changes another option."""
    answers = {}
    for field in FIELDS:
        try:
            if field in texts:
                answers[field.section, field.option] = accepted(FILE, field.section, field.option, texts[field])
        except ConfigError:
            continue
    plain = tomllib.loads(render(Template.TOTALS, {}, Language.EN))
    made = tomllib.loads(render(Template.TOTALS, answers, Language.EN))
    for (section, option), value in answers.items():
        plain[section][option] = list(value) if isinstance(value, tuple) else value
    assert made == plain
