"""course.toml: what is written is what is meant, and mistakes are named with what was expected."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from course_lib.errors import CourseError
from course_lib.grading.config import MOST, Config, Late, config_from, course_root, load_config
from tests.grading.handing_in import SLOPE, verdict

TOML = """
title = "Backpropagation"
chapters = ["01", "02"]
attempts = "best"
seed = 7
inbox = "hand-in"
[points]
mse = 3
[due]
01 = 2030-10-01T12:00:00+02:00
[late]
per_day = 0.25
cut_off_days = 3
[limits]
seconds_per_call = 2.5
"""


def test_every_key_is_read(tmp_path):
    (tmp_path / "course.toml").write_text(TOML)
    config = load_config(tmp_path)
    assert (config.title, config.chapters, config.attempts) == ("Backpropagation", ("01", "02"), "best")
    assert (config.seed, config.inbox, config.points) == (7, "hand-in", {"mse": 3})
    assert config.due == {"01": datetime(2030, 10, 1, 10, tzinfo=UTC)}
    assert config.late == Late(0.25, 3)
    assert config.limits.seconds_per_call == 2.5


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"titel": "x"}, "did you mean `title`"),
        ({"limits": {"second_per_call": 1}}, "did you mean `limits.seconds_per_call`"),
        ({"chapters": ["1"]}, "two digits"),
        ({"attempts": "last"}, '"latest" or "best"'),
        ({"seed": True}, "whole number"),
        ({"clock": "sundial"}, '"arrival" or "claim"'),
        ({"points": {"mse": -1}}, "0 or more"),
        ({"points": {"mse": float("nan")}}, "0 or more"),
        ({"due": {"01": datetime(2030, 1, 1)}}, "zone"),
        ({"late": {"per_day": 10}}, "between 0 and 1"),
        ({"limits": {"memory_mb": 0}}, "above 0"),
        ({"limits": {"memory_mb": 10**13}}, "at most 1048576"),
        ({"limits": {"seconds_per_chapter": 1e300}}, "at most 86400"),
        ({"student": 3}, "a text"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(table, words):
    with pytest.raises(CourseError, match=words):
        config_from(table)


@pytest.mark.parametrize("name", MOST)
def test_the_largest_limit_still_grades(confinement, name):
    limits = config_from({"limits": {name: MOST[name]}}).limits
    assert verdict(confinement, SLOPE, limits=limits).ok


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "course.toml").write_text("title = ")
    with pytest.raises(CourseError, match="course.toml cannot be read"):
        load_config(tmp_path)


def test_the_root_is_found_from_below(tmp_path):
    (tmp_path / "course.toml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert course_root(tmp_path / "a" / "b") == tmp_path


def test_a_byte_order_mark_before_course_toml_is_no_mistake(tmp_path):
    (tmp_path / "course.toml").write_text(TOML, encoding="utf-8-sig")
    assert load_config(tmp_path).title == "Backpropagation"


@pytest.mark.parametrize(
    ("due", "handed_in", "days"),
    [
        ("2030-10-01T12:00:00+02:00", "2030-10-01T20:00:00+02:00", 1),
        ("2030-10-01T12:00:00+02:00", "2030-10-02T23:30:00+02:00", 1),  # 35 hours and a half later
        ("2030-10-01T12:00:00+02:00", "2030-10-02T22:30:00+00:00", 2),  # the third is half an hour old in that zone
        ("2030-10-01T23:59:00-08:00", "2030-10-03T07:58:00+00:00", 1),
        ("2030-10-01T23:59:00-08:00", "2030-10-03T08:01:00+00:00", 2),
        ("2030-10-02T00:00:00+02:00", "2030-10-02T00:01:00+02:00", 1),
        ("2030-10-02T00:00:00+02:00", "2030-10-03T00:00:00+02:00", 1),
        ("2030-10-02T00:00:00+02:00", "2030-10-03T00:01:00+02:00", 2),
    ],
)
def test_a_day_late_is_a_day_of_the_calendar_where_it_was_due(due, handed_in, days):
    table = tomllib.loads(f"[due]\n01 = {due}\n[late]\nper_day = 0.125\ncut_off_days = 1")
    config = config_from(table)
    share = config.share_after("01", datetime.fromisoformat(handed_in).astimezone(UTC))
    assert share == (1 - 0.125 if days == 1 else 0)
    assert replace(config, late=Late(0.125)).share_after("01", datetime.fromisoformat(handed_in)) == 1 - 0.125 * days


def test_a_cut_off_that_is_no_whole_number_counts_from_the_minute():
    due = datetime(2030, 1, 1, 12, tzinfo=UTC)
    config = Config(due={"01": due}, late=Late(0.25, 0.5))
    assert [config.share_after("01", due + timedelta(hours=h)) for h in (11.9, 12.1)] == [0.75, 0]


def test_lateness_costs_a_share_per_day_until_nothing_is_left():
    due = datetime(2030, 1, 1, tzinfo=UTC)
    config = Config(due={"01": due}, late=Late(0.25, 3))
    days = [-1, 0, 0.5, 1, 1.5, 3, 3.1]
    assert [config.share_after("01", due + timedelta(days=d)) for d in days] == [1, 1, 0.75, 0.75, 0.5, 0.25, 0]
    assert config.share_after("02", due + timedelta(days=9)) == 1
