"""`anpr-edge policy`: from nothing to a signed policy."""

import re
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge import cli, keys, policy
from edge.categories import VehicleType
from edge.cli import commands
from edge.cli.policy import PolicyError
from edge.errors import ConfigError
from edge.keys import Role
from edge.policy_draft import QUESTIONS, Template
from edge.policy_fields import PolicyFile
from edge.policy_text import FIELDS, Language
from edge.release_rules import Dimension, Enrichment
from hil.demo.site import EXAMPLE

ANSWERS = {
    "policy.id": "zez-demo-2026",
    "who.controller": 'Gemeente "Demo" \\ \x7f',
    "who.contact": "verkeer@demo.example",
    "who.data_protection_officer": "fg@demo.example",
    "who.information_url": "https://demo.example/camera",
    "why.purpose": "2026",
    "why.legal_basis": "art. 6(1)(e) GDPR",
    "why.necessity": "2026-01-01",
    "why.traffic_decision": "Stcrt. 2026, 1",
    "why.dpia": "DPIA-2026-1",
    "where.zone": "zez-demo",
    "where.cameras": "cam-017, cam-018",
    "where.valid_from": "2026-01-01",
    "where.valid_until": "2026-12-31",
}
FURTHER = {"zone_rules": f"sha256:{'0' * 64}", "link_decision": "B&W 2026/1"}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is there to be asked."""
    monkeypatch.setattr(sys.modules["edge.cli.policy"], "_asks", lambda: True)


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, ["policy", *map(str, arguments)])


def _new(file: Path, template: Template, answers: dict[str, str], *options: str) -> Result:
    given = [part for name, text in answers.items() for part in ("--answer", f"{name}={text}")]
    return _run("new", file, "--template", template.value, *given, *options)


def _answers(template: Template) -> dict[str, str]:
    blank = QUESTIONS[template].blank
    further = {f"{one.section}.{one.option}": FURTHER[one.option] for one in FIELDS if one.option in blank}
    return {name: text.replace("\x7f", "") for name, text in ANSWERS.items()} | further


@pytest.mark.parametrize("template", list(Template))
def test_every_template_becomes_a_sound_policy_of_its_scenario(tmp_path: Path, template: Template) -> None:
    """With all answers nothing is left to fill in; check, show, sign and verify accept the file."""
    file, (secret, public) = tmp_path / "policy.toml", keys.make(Role.OFFICER, tmp_path)
    assert "nothing is left to fill in" in _new(file, template, _answers(template)).output
    scenario = 1 if template is Template.TOTALS else 2
    assert f"sound; scenario {scenario}: " in _run("check", file, "--date", "2026-06-01").output
    assert f"  {scenario}: plates are looked up in" in _run("show", file, "--language", "en").output
    assert "signed" in _run("sign", file, "--key", secret).output
    assert "valid; zez-demo-2026, serial 1, sha256:" in _run("verify", file, "--key", public).output


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("template", list(Template))
def test_what_must_be_filled_in_is_marked_and_each_named_by_check(
    tmp_path: Path, template: Template, language: str
) -> None:
    """A new file without answers is marked field by field; one run of check names every one of them."""
    file = tmp_path / "policy.toml"
    made = _new(file, template, {}, "--language", language)
    marked = [line.split(" = ")[0] for line in file.read_text().splitlines() if "<--" in line]
    checked = _run("check", file, "--language", language, "--date", "2026-06-01")
    assert isinstance(checked.exception, PolicyError)
    assert checked.exception.exit_status == 78
    for option in marked:
        assert f".{option}" in made.output
        assert f"{option} = " in checked.output
    assert len(marked) >= 12
    assert ("advies, 4.1: " if language == "nl" else "advice, 4.1: ") in checked.output


def test_a_policy_is_never_overwritten(tmp_path: Path) -> None:
    """A file of that name is left as it is."""
    file = tmp_path / "policy.toml"
    file.write_text("mine")
    refused = _new(file, Template.TOTALS, {})
    assert isinstance(refused.exception, ConfigError)
    assert "never overwritten" in str(refused.exception)
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--answer", "who.name=x", "--template", "totals"), "who.name is no field of a policy; allowed: policy.id"),
        (("--answer", "controller", "--template", "totals"), "allowed: FIELD=TEXT"),
        ((), "--template is missing; allowed: totals, classes"),
    ],
)
def test_wrong_answers_are_named(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    """What no question asks for, and a script without a template, is refused; nothing is written."""
    refused = _run("new", tmp_path / "policy.toml", *options)
    assert message in str(refused.exception)
    assert not (tmp_path / "policy.toml").exists()


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("policy.id", "zez demo", '[policy] id = "zez demo"; toegestaan: kleine letters'),
        ("policy.serial", "1\nbench = true", "[policy] serial = "),
        ("who.controller", ANSWERS["who.controller"], "[who] controller = "),
        ("where.valid_from", "2026-01-01\nk = 1", "[where] valid_from = "),
    ],
)
def test_an_answer_that_no_camera_would_accept_is_refused_at_once(
    tmp_path: Path, field: str, text: str, told: str
) -> None:
    """With field, value and what is allowed; nothing is written."""
    file = tmp_path / "policy.toml"
    refused = _new(file, Template.TOTALS, _answers(Template.TOTALS) | {field: text}, "--language", "nl")
    assert isinstance(refused.exception, ConfigError)
    assert told in str(refused.exception)
    assert not file.exists()


@pytest.mark.usefixtures("terminal")
def test_a_terminal_asks_and_an_empty_answer_stays_open(tmp_path: Path) -> None:
    """It asks for the question first, then for each field that must be filled in."""
    file = tmp_path / "policy.toml"
    done = CliRunner().invoke(
        commands, ["policy", "new", str(file), "--language", "nl"], input="totals\nzez-demo-2026\n" + "\n" * 20
    )
    assert "hoeveel voertuigen rijden in en uit" in done.output
    assert "where.zone: naam van de zone" in done.output
    assert 'id = "zez-demo-2026"\n' in file.read_text()
    assert 'zone = ""  # <-- INVULLEN' in file.read_text()


@pytest.mark.usefixtures("terminal")
def test_a_terminal_asks_again_until_the_answer_is_allowed(tmp_path: Path) -> None:
    """Each refusal says what is allowed, in the user's language; a Dutch date and a list without commas are read."""
    file = tmp_path / "policy.toml"
    typed = ["dpia", "totals", "zez demo", "zez-demo", "Gemeente", "a", "b", "www.demo.nl", "https://demo.example"]
    typed += ["doel", "grond", "nodig", "besluit", "DPIA", "zez-demo", "Cam-017", "cam-017 cam-018"]
    typed += ["17-11-2026", "31-2-2027", "31-12-2027"]
    done = CliRunner().invoke(commands, ["policy", "new", str(file), "--language", "nl"], input="\n".join([*typed, ""]))
    assert done.exit_code == 0, done.output
    for wrong in ('id = "zez demo"', '"www.demo.nl"', 'zone = "DPIA"', 'cameras = "Cam-017"', '"31-2-2027"'):
        assert f"{wrong}; toegestaan: " in done.output
    assert "where.cameras: namen van de camera's; geen andere telt (met komma's ertussen): " in done.output
    assert "where.valid_from: eerste dag (31-12-2026 of 2026-12-31): " in done.output
    assert "niets hoeft nog ingevuld\ndaarna: anpr-edge policy check" in done.output
    assert "in orde; scenario 1: " in _run("check", file, "--language", "nl", "--date", "2026-11-24").output


@pytest.mark.usefixtures("terminal")
def test_nobody_answers_questions_for_a_file_that_is_there(tmp_path: Path) -> None:
    """It is refused before the first one."""
    file = tmp_path / "policy.toml"
    file.write_text("mine")
    refused = _run("new", file, "--language", "nl")
    assert str(refused.exception) == f"{file}: bestaat al; een policy wordt nooit overschreven"
    assert refused.output == ""


def test_a_policy_about_admission_needs_its_zone_rules(tmp_path: Path) -> None:
    """What new marks is what check names, with the command that prints it."""
    file = tmp_path / "policy.toml"
    answers = {name: text for name, text in _answers(Template.ADMISSION).items() if name != "what.zone_rules"}
    assert "what.zone_rules\n" in _new(file, Template.ADMISSION, answers).output
    checked = _run("check", file, "--date", "2026-06-01", "--language", "nl")
    assert '[what] zone_rules = ""; toegestaan: de digest die `anpr-edge rules verify` toont' in checked.output
    assert checked.output.count("; toegestaan: ") == 1
    assert "1 te herstellen; tot dan scenario 3 van het advies" in str(checked.exception)


@pytest.mark.parametrize("command", ["check", "show"])
def test_what_can_not_be_read_is_told_in_the_users_language(tmp_path: Path, command: str) -> None:
    """The likeliest slip of a Dutch officer, with the line and how it is written."""
    file = tmp_path / "policy.toml"
    file.write_text("[where]\nvalid_until = 31-12-2026\n")
    told = {
        "nl": "is geen TOML: regel 2: valid_until = 31-12-2026; een datum",
        "en": "is not TOML: line 2: valid_until",
    }
    for language, part in told.items():
        refused = _run(command, file, "--language", language)
        assert isinstance(refused.exception, ConfigError)
        assert part in str(refused.exception)
        assert refused.exception.exit_status == 78


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("template", list(Template))
def test_show_has_no_codes(tmp_path: Path, template: Template, language: Language) -> None:
    """A council reads names of vehicles, dimensions and lists; of the file's own words only the name of a table."""
    file = tmp_path / "policy.toml"
    _new(file, template, _answers(template))
    shown = _run("show", file, "--language", language.value).output
    codes = {*VehicleType, *Dimension, *Enrichment} - {"other", "unknown", "truck", "bus", "van"}
    if language is Language.EN:
        codes -= {"direction", "drive", "plate", "exemption", "exemptions", "trade", "origin"}
    told = re.sub(rf"(table|tabel) {template}", "", shown)
    assert [code for code in codes if re.search(rf"\b{code}\b", told)] == []


def test_a_ladder_is_told_as_a_sentence(tmp_path: Path) -> None:
    """In both languages."""
    file = tmp_path / "policy.toml"
    _new(file, Template.CLASSES, _answers(Template.CLASSES))
    dutch, english = (_run("show", file, "--language", one).output for one in ("nl", "en"))
    assert "2. elk uur, personenauto's, bussen en tweewielers: per richting en voertuigtype\n" in dutch
    assert "2. each hour, passenger cars, buses and two-wheelers: by direction and vehicle type\n" in english
    assert "9. elke dag, alle voertuigen: per richting\n" in dutch


def test_a_term_that_has_passed_is_named() -> None:
    """A sound policy of last year is refused today, and sound on its last day."""
    checked = _run("check", EXAMPLE, "--date", "2027-01-01")
    assert "[where] valid_until = 2026-12-31; allowed: 2027-01-01 (today) or later" in checked.output
    assert "sound" in _run("check", EXAMPLE, "--date", str(date(2026, 12, 31))).output


@pytest.mark.parametrize("language", list(Language))
def test_show_tells_what_each_field_says(language: Language) -> None:
    """Whoever reads the words has read every field that a person decides on."""
    shown = " ".join(_run("show", EXAMPLE, "--language", language.value).output.split())
    file = policy.read(EXAMPLE).file
    for section in (file.who, file.why):
        for option in section.__struct_fields__:
            assert getattr(section, option) in shown
    for told in (file.where.zone, *file.where.cameras, str(file.where.valid_until), str(file.release.k), "2: "):
        assert told in shown


def test_the_language_is_that_of_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Dutch locale reads Dutch, any other English."""
    monkeypatch.setenv("LC_ALL", "nl_NL.UTF-8")
    assert "WAAROM" in _run("show", EXAMPLE).output
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert "WHY" in _run("show", EXAMPLE).output


def test_every_field_has_its_words_and_its_rule() -> None:
    """The questions cover the whole file; the release section has its own page beside k."""
    told = {(field.section, field.option) for field in FIELDS}
    fields = {
        (section, option)
        for section, kind in PolicyFile.__annotations__.items()
        for option in (("k",) if section == "release" else kind.__struct_fields__)
    }
    assert told == fields


def test_the_refusal_is_one_line_with_status_78(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the installed command ends it."""
    (tmp_path / "policy.toml").write_text("")
    monkeypatch.setattr("sys.argv", ["anpr-edge", "policy", "check", str(tmp_path / "policy.toml")])
    with pytest.raises(SystemExit) as ended:
        cli.entry()
    assert ended.value.code == 78
    (line,) = capsys.readouterr().err.splitlines()
    assert "to mend; until then scenario 3 of the advice" in line
