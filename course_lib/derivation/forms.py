"""The forms in which a derivation can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .working import Derivation, Step

FORMS: dict[str, Callable[[Derivation], list[Step]]] = {
    "differential": lambda work: work.differential_form(),
    "trace": lambda work: work.differential_form("trace"),
}
