"""The page about policies shows what the commands print."""

from pathlib import Path

from edge.policy_text import FIELDS, Language
from hil.demo.site import ROOT
from tests.cli.pages import renew

PAGE = ROOT / "docs" / "policy.md"


def test_every_command_of_the_page_prints_what_the_page_shows(tmp_path: Path) -> None:
    """From nothing to a signed policy; `python -m tests.cli.pages docs/policy.md` renews the page."""
    page = PAGE.read_text(encoding="utf-8")
    assert renew(page, tmp_path) == page


def test_the_page_explains_every_field() -> None:
    """Each with its words and the rule of the advice."""
    page = PAGE.read_text(encoding="utf-8")
    for field in FIELDS:
        row = f"| `[{field.section}] {field.option}` | {field.words.en} | {field.rule.told(Language.EN)} |"
        assert row in page
