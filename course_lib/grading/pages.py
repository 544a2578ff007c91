"""The HTML pages that grading writes: everything in them is escaped, and they need nothing beside themselves."""

import hashlib
from datetime import UTC
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape
from jinja2.bccache import BytecodeCache, FileSystemBytecodeCache
from markupsafe import Markup

from course_lib.checks.verdict import inline_html
from course_lib.grading.marks import number


class _BesideOurs(FileSystemBytecodeCache):
    """Templates' byte code beside that of our modules; where nothing can be written there, nothing is kept.

    It is that of this Jinja and of the settings in this file: whether a text is escaped stands in the byte code.
    """

    def get_cache_key(self, name, filename=None):
        settings = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        return super().get_cache_key(f"{name} {jinja2.__version__} {settings}", filename)

    def dump_bytecode(self, bucket):
        try:
            super().dump_bytecode(bucket)
        except OSError:
            return


def _byte_code() -> BytecodeCache | None:
    folder = Path(cache_from_source(__file__)).parent
    return _BesideOurs(str(folder)) if folder.is_dir() else None


@cache
def template(name: str) -> Template:
    """The template of that name, with the filters that all pages use."""
    environment = Environment(
        loader=PackageLoader("course_lib.grading"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_byte_code(),
    )
    environment.filters["points"] = number
    environment.filters["time"] = lambda value: f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    # inline_html escapes all of its text itself.
    environment.filters["sentence"] = lambda text: Markup(inline_html(text))
    return environment.get_template(name)
