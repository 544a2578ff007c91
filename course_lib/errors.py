"""The one exception whose text is meant for the person at the keyboard."""


class CourseError(Exception):
    """One sentence that says what was got and what was expected; the `course` command prints it and exits with 1."""
