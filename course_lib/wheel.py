"""What goes into a wheel beside the modules: the chapters and the exercise sheets.

setuptools loads this file by its path while it builds, so it imports nothing of the course.
"""

from pathlib import Path

from setuptools.command.build_py import build_py

FOLDERS = ("notebooks", "exercises")
# Where they lie inside the package; `course_lib/start.py` looks for them there.
INSIDE = "course_lib/course"


def notebooks():
    """Paths of the chapters and exercise sheets, relative to the folder that the wheel is built in."""
    return [path for folder in FOLDERS for path in sorted(Path(folder).glob("*.ipynb"))]


class BuildWithNotebooks(build_py):
    """`build_py` that copies the notebooks into the package; an editable install reads them where they are."""

    def run(self):
        super().run()
        if not self.editable_mode:
            for source, target in self._copies():
                self.mkpath(str(target.parent))
                self.copy_file(str(source), str(target))

    def get_source_files(self):
        return [*super().get_source_files(), *map(str, notebooks())]

    def get_outputs(self, include_bytecode=True):
        return [*super().get_outputs(include_bytecode), *(str(target) for _, target in self._copies())]

    def _copies(self):
        return [(source, Path(self.build_lib, INSIDE, source)) for source in notebooks()]
