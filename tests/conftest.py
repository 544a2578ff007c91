"""What all tests share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def course_root():
    return Path(__file__).resolve().parent.parent
