"""The pinned versions install on every Python that the course says it needs."""

import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet


def pinned(course_root):
    lines = (course_root / "constraints.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_every_pin_is_one_version_and_names_no_address(course_root):
    pins = pinned(course_root)
    assert len(pins) > 100
    assert len({pin.name for pin in pins}) == len(pins)
    for pin in pins:
        assert [one.operator for one in pin.specifier] == ["=="], pin
        assert pin.url is None, pin


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0", "3.14.0"])
def test_every_pinned_version_accepts_the_first_release_of_each_python(course_root, python):
    """A pin that needs 3.11.5 cannot be had on a machine with 3.11.2, which pyproject.toml admits."""
    project = tomllib.loads((course_root / "pyproject.toml").read_text())["project"]
    assert python in SpecifierSet(project["requires-python"])
    looked_at, refused = 0, []
    for pin in pinned(course_root):
        try:
            needs = metadata.metadata(pin.name).get("Requires-Python")
        except metadata.PackageNotFoundError:  # needed on another system than this one
            continue
        looked_at += 1
        if needs and python not in SpecifierSet(needs):
            refused.append(f"{pin} needs Python {needs}")
    assert looked_at > 100
    assert refused == []
