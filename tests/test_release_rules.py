"""The section [release] of a policy: what may stand on a ladder."""

import re
from pathlib import Path
from typing import Any

import pytest

from edge import policy
from edge.errors import ConfigError
from edge.policy_check import faults
from edge.policy_prose import tell
from edge.policy_text import Language
from edge.release_rules import Period, Table
from tests.policies import policy_text, rung, table

PAGE = Path(__file__).parent.parent / "docs" / "policy.md"
DIGEST = f'"sha256:{"0" * 64}"'
DT = ("direction", "vehicle_type")
DTD, DTE = (*DT, "drive"), (*DT, "emission_class")
DTEA, DTA = (*DTE, "admitted"), (*DT, "admitted")


def _read(folder: Path, *tables: str, measure: str = "passages", old: str = "", new: str = "") -> tuple[Table, ...]:
    file = folder / "policy.toml"
    text = policy_text(tables=tables, measure=measure).replace('zone_rules = ""', f"zone_rules = {DIGEST}")
    file.write_text(text.replace(old, new, 1))
    return policy.read(file).file.release.tables


def test_the_example_is_the_ladder_of_the_documentation(tmp_path: Path) -> None:
    """Hours first, then days, each rung telling less; without vehicle types a rung is for all."""
    (only,) = _read(tmp_path)
    assert (only.name, only.weight) == ("emission", 1.0)
    assert [rung.period for rung in only.rungs] == [Period.HOUR] * 4 + [Period.DAY] * 5
    assert [len(rung.vehicle_types) for rung in only.rungs] == [1, 3, 1, 1, 6, 2, 6, 2, 8]


@pytest.mark.parametrize(
    ("rungs", "message"),
    [
        ([rung("vehicle_type")], r"rungs\.1\] dimensions = \[.vehicle_type.\]; allowed: direction in every rung"),
        ([rung(*DT, "drive", "drive")], "each dimension once"),
        ([rung(*DTD), rung(*DTE)], "for passenger_car nothing that the rung before it does not tell"),
        ([rung(*DTD), rung(*DTE, period="day")], "all of the last hour rung.s and more, or some of them"),
        ([rung(*DT, period="day"), rung(*DTD)], "those of an hour before those of a day"),
        ([rung(*DTEA), rung(*DTA)], "no admitted: nobody knows which vehicles it may have"),
        ([rung(*DTEA), rung(*DTA, period="day")], "no admitted: nobody knows"),
        (
            [rung(*DT), rung(*DTE, period="day"), rung("direction", period="day")],
            "a day rung with just the dimensions of the last hour rung before this one",
        ),
        ([], r"\[release\.tables\.1\] rungs = \[\]"),
        ([rung(*DT, period="week")], r"\[release\.tables\.1\.rungs\.1\] period = .week.; allowed: hour, day"),
        ([rung(*DT, types=["lorry"])], r"rungs\.1\] vehicle_types = .*lorry.*allowed: a list of: passenger_car, van"),
        ([rung(*DT).replace("period", "priod")], r"rungs\.1\] unknown option priod; did you mean period"),
    ],
)
def test_a_rung_that_can_not_be_there_is_named(tmp_path: Path, rungs: list[str], message: str) -> None:
    """With table, rung, option and what would be allowed."""
    with pytest.raises(ConfigError, match=message):
        _read(tmp_path, table(*rungs))


def test_rungs_of_different_vehicles_need_not_be_nested(tmp_path: Path) -> None:
    """Cars by drive and vans by emission class stand on one ladder; of an unknown type nothing else is told."""
    unknown = rung("direction", "plate", "vehicle_type", types=["unknown"])
    rungs = [rung(*DTD, types=["passenger_car"]), rung(*DTE, types=["van"]), unknown]
    assert _read(tmp_path, table(*rungs, rung(*DT), rung("direction")))
    assert _read(tmp_path, table(unknown, rung(*DTE, period="day")))


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([table(rung(*DT), weight=0.5)], r"tables\] weight = 0.5; allowed: weights of all tables that sum to 1"),
        ([table(rung(*DT), weight=0.5)] * 2, r"tables\.2\] name = .emission.; allowed: a name for each table"),
        ([table(rung(*DT), weight=1.5)], r"\[release\.tables\.1\] weight = 1.5; allowed: a share above 0"),
        ([table(rung(*DT), name=f"t{at}", weight=1 / 9) for at in range(9)], r"tables = 9; allowed: one to 8"),
    ],
)
def test_tables_share_the_vehicles(tmp_path: Path, tables: list[str], message: str) -> None:
    """Their weights sum to one, and each has its own name."""
    with pytest.raises(ConfigError, match=message):
        _read(tmp_path, *tables)


def test_ten_tables_of_a_tenth_would_sum_to_one(tmp_path: Path) -> None:
    """What is written in decimals is not held against rounding: three of 0.1 and one of 0.7."""
    tables = [table(rung(*DT), name=f"t{at}", weight=weight) for at, weight in enumerate((0.1, 0.1, 0.1, 0.7))]
    assert len(_read(tmp_path, *tables)) == 4


def test_unique_vehicles_need_bins_of_one_length(tmp_path: Path) -> None:
    """A vehicle would be counted in an hour and again in what is left of the day."""
    hour, day = rung(*DT), rung(*DT, period="day")
    assert _read(tmp_path, table(hour), measure="unique_vehicles")
    assert _read(tmp_path, table(day), measure="unique_vehicles")
    with pytest.raises(ConfigError, match="all of one period with measure unique_vehicles"):
        _read(tmp_path, table(hour, day), measure="unique_vehicles")


def test_no_window_is_shorter_than_a_quarter_of_an_hour(tmp_path: Path) -> None:
    """Not per camera per minute."""
    with pytest.raises(ConfigError, match=r"\[release\] minimum_window_minutes = 14; allowed: 15 or more"):
        _read(tmp_path, old="minimum_window_minutes = 15", new="minimum_window_minutes = 14")


ONE = [table(rung("direction"), rung("direction", period="day"))]


def _faults(folder: Path, old: str = "", new: str = "", **changes: Any) -> list[str]:
    file = folder / "policy.toml"
    changes = {"measure": "unique_vehicles", "tables": ONE, "dp": "budget = 1.0", **changes}
    file.write_text(policy_text(**changes).replace(old, new, 1))
    return [str(fault).removeprefix(f"{file}: ") for fault in faults(file, file.read_bytes())]


def test_differential_privacy_may_have_hours_and_days_of_different_vehicles(tmp_path: Path) -> None:
    """A vehicle counts once a day, so no hour's number is in the day's again."""
    assert _faults(tmp_path) == []
    assert _faults(tmp_path, dp="budget = 10\nstarts = 10") == []


def test_the_budget_on_the_page_is_one(tmp_path: Path) -> None:
    """What docs/policy.md shows of [release.dp] can be taken over."""
    (shown,) = re.findall(r"^\[release\.dp\]\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert _faults(tmp_path, dp=shown) == []


@pytest.mark.parametrize(
    ("dp", "message"),
    [
        ("", "[release.dp] budget is missing; allowed: epsilon of a vehicle and day, 0.1 to 10"),
        ("budget = 0.09", "[release.dp] budget = 0.09; allowed: epsilon of a vehicle and day, 0.1 to 10"),
        ("budget = 10.1", "[release.dp] budget = 10.1; allowed: epsilon of a vehicle and day, 0.1 to 10"),
        ("budget = -1.0", "[release.dp] budget = -1.0; allowed: epsilon of a vehicle and day, 0.1 to 10"),
        ("budget = nan", "[release.dp] budget = nan; allowed: epsilon of a vehicle and day, 0.1 to 10"),
        ("budget = inf", "[release.dp] budget = inf; allowed: epsilon of a vehicle and day, 0.1 to 10"),
        ('budget = "1"', '[release.dp] budget = "1"; allowed: epsilon of a vehicle and day, 0.1 to 10'),
        ("budget = 1.0\nstarts = 0", "[release.dp] starts = 0; allowed: a whole number from 1 to 10"),
        ("budget = 1.0\nstarts = 11", "[release.dp] starts = 11; allowed: a whole number from 1 to 10"),
        ("epsilon = 1.0", "[release.dp] unknown option epsilon; allowed: budget, starts"),
    ],
)
def test_a_budget_that_can_not_be_is_named(tmp_path: Path, dp: str, message: str) -> None:
    """With section, option, value and what is allowed."""
    assert _faults(tmp_path, dp=dp or " ") == [message]


@pytest.mark.parametrize("written", ["dp = 1.0", "dp = []", "[[release.dp]]\nbudget = 1.0"])
def test_differential_privacy_is_a_section(tmp_path: Path, written: str) -> None:
    """And nothing else."""
    (found,) = _faults(tmp_path, "[release.dp]\nbudget = 1.0", written)
    assert found.startswith("[release] dp = ")
    assert found.endswith("; allowed: a section [release.dp] with a budget")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"measure": "passages"},
            '[what] measure = "passages"; allowed: unique_vehicles with [release.dp]: a vehicle may pass',
        ),
        (
            {"perturbation": 3},
            "[release] perturbation = 3; allowed: 0 with [release.dp], which has noise of its own",
        ),
        (
            {"old": '["rdw"]', "new": '["rdw", "exemptions"]'},
            "[what] enrichment = ['rdw', 'exemptions']; allowed: rdw or nothing with [release.dp]: exemptions has",
        ),
        (
            {"tables": [table(rung("direction"), name=name, weight=0.5) for name in "ab"]},
            "[release] tables = 2; allowed: one with [release.dp]",
        ),
    ],
)
def test_what_contradicts_differential_privacy_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """With the reason: no epsilon could be stated."""
    (found,) = _faults(tmp_path, **changes)
    assert found.startswith(message)


def test_all_that_contradicts_differential_privacy_is_named_at_once(tmp_path: Path) -> None:
    """So it can be mended in one go."""
    tables = [table(rung("direction"), name=name, weight=0.5) for name in "ab"]
    assert len(_faults(tmp_path, measure="passages", perturbation=3, tables=tables)) == 3


def test_the_scale_is_that_of_the_longest_way_in_and_out(tmp_path: Path) -> None:
    """On the example's ladder a passenger car comes to five rungs, a truck to three."""
    file = tmp_path / "policy.toml"
    file.write_text(policy_text(measure="unique_vehicles", dp="budget = 1.5\nstarts = 3"))
    release = policy.read(file).file.release
    assert release.dp is not None
    assert release.dp.scale(release.tables[0]) == 20
    assert release.threshold(release.tables[0]) == 10 + 4 * 20


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            Language.EN,
            ["tells of one vehicle at most epsilon = 1;", "scale 4); those that stay below 26 with", "1 start(s)"],
        ),
        (Language.NL, ["zegt van één voertuig hooguit epsilon = 1;", "schaal 4); wat daarmee onder 26", "1 start(s)"]),
    ],
)
def test_a_policy_with_differential_privacy_is_told_in_plain_words(
    tmp_path: Path, language: Language, told: list[str]
) -> None:
    """Budget, noise, threshold, and what a restart does."""
    file = tmp_path / "policy.toml"
    file.write_text(policy_text(measure="unique_vehicles", tables=ONE, dp="budget = 1.0"))
    text = " ".join(tell(policy.read(file), language).split())
    assert [part for part in told if part not in text] == []


def test_a_policy_with_perturbation_says_that_no_epsilon_follows(tmp_path: Path) -> None:
    """In plain words."""
    file = tmp_path / "policy.toml"
    file.write_text(policy_text(perturbation=3))
    assert "each number is blurred by chance (scale 3); no epsilon can be stated" in tell(
        policy.read(file), Language.EN
    )
