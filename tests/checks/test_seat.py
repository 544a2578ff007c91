"""The seat: whatever is handed to `check`, one sentence helps; what is right so far outlives the kernel."""

import functools
import json
import os
import re
import traceback
import types
import warnings

import numpy as np
import pytest

from course_lib.checks import bank, check, exercises, hint, memory, progress, seat
from course_lib.checks.verdict import inline_html
from course_lib.derivation.workout.next_line import next_line

REAL_PLACE = memory.place


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    for name, empty in (("_latest", {}), ("_hints_taken", {}), ("_said", set()), ("_told", {})):
        monkeypatch.setattr(seat, name, empty)


@pytest.fixture
def session(monkeypatch):
    """The variables of the notebook."""
    names = {}
    monkeypatch.setattr(seat, "session_names", lambda: names)
    return names


def linear_approximation(y, J, delta):
    return y + J @ delta


def answering(value):
    """A function of the exercise's name that makes this of the right answer."""

    def linear_approximation(y, J, delta):
        return value(y + J @ delta)

    return linear_approximation


# --- settings of NumPy -----------------------------------------------------------------------------------------------


@pytest.fixture
def strict_numpy():
    """NumPy as some notebooks set it."""
    before = np.seterr(all="raise")
    yield
    np.seterr(**before)


FUNCTIONS = [exercise for exercise in exercises() if exercise.kind == "function"]


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.name)
def test_no_setting_of_numpy_makes_check_raise_or_changes_a_verdict(exercise, strict_numpy):
    mistake = exercise.mistakes[0].answer
    answer = types.FunctionType(mistake.__code__, mistake.__globals__, exercise.name, mistake.__defaults__)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = check(answer)
        assert np.geterr()["over"] == "raise", "the setting is the notebook's own"
        np.seterr(all="warn")
        assert told.status not in ("failed", "right"), told.message
        assert (told.status, told.message) == (check(answer).status, check(answer).message)


def test_a_right_answer_that_underflows_is_right(strict_numpy):
    def stable_softmax(Z):
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)

    name = next(e.name for e in FUNCTIONS if e.name in ("softmax", "stable_softmax"))
    stable_softmax.__name__ = name
    assert check(stable_softmax).ok


# --- what is handed over ---------------------------------------------------------------------------------------------


def test_a_decorated_function_is_known_by_the_name_it_has_in_the_notebook(session):
    def noisy(function):
        def wrapper(*args):
            return function(*args)

        return wrapper

    session["linear_approximation"] = decorated = noisy(linear_approximation)
    assert check(decorated).ok
    assert hint(decorated).exercise == "linear_approximation"
    session["linear_approximation"] = kept = functools.wraps(linear_approximation)(noisy(linear_approximation))
    assert check(kept).ok


def test_an_alias_is_known_by_the_name_of_an_exercise(session):
    def mine(y, J, delta):
        return y + J @ delta

    session |= {"mine": mine, "linear_approximation": mine}
    assert check(mine).ok
    session.clear()
    assert check(mine).status == "unknown"


def test_a_cached_function_is_told_why_it_fails():
    verdict = check(functools.cache(linear_approximation))
    assert verdict.status == "raised"
    assert "An array can be no key: leave `@cache` away" in verdict.message


def test_parameters_by_name_alone_get_one_sentence():
    def linear_approximation(y, *, J, delta):
        return y + J @ delta

    verdict = check(linear_approximation)
    assert verdict.status == "signature"
    assert verdict.message == (
        "The exercise hands over `linear_approximation(y, J, delta)`, value by value; yours takes `J`, `delta` by name "
        "alone."
    )


def test_parameters_by_name_that_have_a_default_are_fine():
    def linear_approximation(y, J, delta, *, scale=1):
        return y + scale * J @ delta

    assert check(linear_approximation).ok


def test_an_exercise_that_is_not_defined_yet_is_not_unknown(session):
    verdict = check("polar_jacobian")
    assert (verdict.status, verdict.chapter) == ("not attempted", "01")
    assert verdict.message.startswith("No function called `polar_jacobian` is defined yet; run the cell")
    assert "no such exercise" not in repr(verdict)
    session["polar_jacobian"] = np.ones((2, 2))
    assert check("polar_jacobian").message.startswith("`polar_jacobian` is a ndarray here; run the cell")
    assert check("polar_jacobain").status == "unknown"


def test_an_interrupt_shows_where_the_answer_was():
    def stopped(x):
        raise KeyboardInterrupt

    def jvp(f, x, v):
        # What the course hands over calls back, and its own frames are not shown either.
        f.function = stopped
        return f(x)

    with pytest.raises(KeyboardInterrupt) as interrupted:
        check(jvp)
    frames = traceback.extract_tb(interrupted.value.__traceback__)
    assert [frame.name for frame in frames[1:]] == ["check", "jvp", "stopped"]


def test_a_fault_of_the_check_itself_ends_no_notebook(monkeypatch):
    monkeypatch.setattr(seat, "judge", lambda *args: 1 / 0)
    verdict = check(linear_approximation)
    assert (verdict.status, verdict.points) == ("failed", 0)
    assert "ZeroDivisionError: division by zero. That is no fault of yours" in verdict.message


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (lambda right: {"y": right}, "returned a dict; expected an array of shape (3,). Return the values themselves"),
        (lambda right: (right, [1.0]), "returned 2 values, and one is asked for. Number 1 of them is the right one"),
        (lambda right: list(right), "The numbers are right, in a list. Make an array of it: `np.array(...)`."),
        (lambda right: list(7 + right), "Turn it into an array with `np.array(...)`."),
        (lambda right: np.ma.masked_array(right, right > 0), "returned a masked array; expected an array"),
        (lambda right: np.matrix(right), "returned an np.matrix; expected an array of shape (3,). Its `*`"),
        (lambda right: np.array([right, None], dtype=object), "returned an array of Python objects; expected"),
        (lambda right: (x for x in right), "returned a generator; expected an array of shape (3,). It has computed"),
        (lambda right: right.sum, "returned a function; expected an array of shape (3,). Call it, with brackets"),
        (lambda right: {1.0, 2.0}, "returned a set; expected an array of shape (3,). A set has no order"),
        (lambda right: object(), "returned an object of type object; expected an array of shape (3,)."),
    ],
)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_an_answer_of_another_kind_gets_a_sentence_that_helps(value, said):
    verdict = check(answering(value))
    assert verdict.status == "kind"
    size = bank.find("linear_approximation").arguments(first_draw("linear_approximation"))[0].shape
    assert said.replace("(3,)", str(size)) in verdict.message


def first_draw(name):
    from course_lib.checks.drawing import draws

    return draws(name)[0]


# --- progress --------------------------------------------------------------------------------------------------------


def test_no_warning_of_a_named_mistake_is_shown(recwarn):
    def log_sum_exp(Z):
        return Z.max(axis=1)

    assert check(log_sum_exp).status == "wrong"
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize("asked", ["01", 1, "1", linear_approximation, "polar_jacobian"])
def test_progress_takes_a_chapter_or_an_exercise_of_it(asked):
    shown = progress(asked)
    assert {exercise.chapter for exercise, _ in shown.rows} == {"01"}


@pytest.mark.parametrize("asked", ["77", 3.5, [], None.__class__])
def test_progress_of_nothing_is_one_sentence(asked):
    assert len(repr(progress(asked)).splitlines()) == 1
    assert "the " in repr(progress(asked))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A course folder in which progress is kept."""
    (tmp_path / "course.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memory, "place", lambda: tmp_path / memory.FILE)
    return tmp_path


def test_progress_is_kept_in_the_course_folder_and_not_beside_solutions(tmp_path, monkeypatch):
    (tmp_path / "course.toml").touch()
    for name, kept in (("exercises", tmp_path / memory.FILE), ("solutions", None)):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert REAL_PLACE() == kept


def test_progress_outlives_the_kernel(folder, monkeypatch):
    check(linear_approximation)
    check(answering(lambda right: -right))
    assert "wrong" in repr(progress("01"))
    check(linear_approximation)
    monkeypatch.setattr(seat, "_latest", {})
    assert "1 of 22 exercises right, 2 of 32 points" in repr(progress("01"))
    assert "linear_approximation" in repr(progress())
    text = (folder / memory.FILE).read_text()
    assert json.loads(text) == {"format": 1, "exercises": {"linear_approximation": ["right", 2, 2, "01"]}}
    assert sorted(os.listdir(folder)) == sorted(["course.toml", memory.FILE])


def test_two_notebooks_keep_their_progress_together(folder, monkeypatch):
    check(linear_approximation)
    monkeypatch.setattr(seat, "_latest", {})
    check(lambda x: 2 * x)  # no exercise
    monkeypatch.setattr(linear_approximation, "__name__", "square_slope")
    check(linear_approximation)
    assert set(memory.remembered()) == {"linear_approximation", "square_slope"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": 2, "exercises": {}}',
        '{"format": 1, "exercises": []}',
        '{"format": 1, "exercises": {"mse": 3, "ridge": ["great", 1, 1, "05"], "jvp": ["right", "1", 1, "10"]}}',
        '{"format": 1, "exercises": {"gone": ["right", 1, 1, "01"]}}',
        "[" * 100_000,
    ],
)
def test_a_file_of_something_else_is_written_anew(folder, text):
    (folder / memory.FILE).write_text(text)
    assert "0 of 22 exercises right" in repr(progress("01"))
    check(linear_approximation)
    assert memory.remembered()["linear_approximation"].ok


def test_a_folder_that_is_gone_costs_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "place", REAL_PLACE)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert check(linear_approximation).ok
    assert "linear_approximation" in repr(progress("01"))


def test_a_folder_that_cannot_be_written_to_is_said_once(folder):
    (folder / memory.FILE).mkdir()
    first, second = check(linear_approximation), check(answering(lambda right: -right))
    assert first.ok
    assert "(Your progress is known until this kernel ends:" in first.message
    assert "cannot be written" in first.message
    assert "progress" not in second.message
    assert "wrong values" in repr(progress("01"))
    assert os.listdir(folder / memory.FILE) == []
    assert not list(folder.glob("*.json.*")), "nothing half-written is left"


# --- how it is set ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("p_i", "<var>p</var><sub><var>i</var></sub>"),
        ("-a_ij²,", "-<var>a</var><sub><var>ij</var></sub>²,"),
        ("2/λ_max.", "2/<var>λ</var><sub>max</sub>."),
        ("Σ_j (XW)_ij", "Σ<sub><var>j</var></sub> (XW)<sub><var>ij</var></sub>"),
        ("∂y_i/∂x_j", "∂<var>y</var><sub><var>i</var></sub>/∂<var>x</var><sub><var>j</var></sub>"),
        ("u_kᵀy", "<var>u</var><sub><var>k</var></sub>ᵀy"),
        ("`p_i` and y_hat", "<code>p_i</code> and y_hat"),
        ("x_train, _i, dW_1, a < b_i", "x_train, _i, dW_1, a &lt; <var>b</var><sub><var>i</var></sub>"),
    ],
)
def test_a_letter_with_an_index_is_set_as_mathematics(text, shown):
    assert inline_html(text) == shown


def test_no_sentence_of_the_bank_shows_an_underscore_outside_code_but_in_names():
    names = {"y_hat"}
    for exercise in exercises():
        for text in (*exercise.hints, *(mistake.sentence for mistake in exercise.mistakes)):
            prose = re.sub("<code>.*?</code>", "", inline_html(text))
            left = {word.strip(".,;:()") for word in prose.split() if "_" in word}
            assert left <= names, (exercise.name, text)


# --- hints for derivations --------------------------------------------------------------------------------------------


def test_hints_for_a_derivation_continue_what_stands_in_the_notebook(session):
    written = hint("mse_gradient_derivation")
    assert written.text == bank.find("mse_gradient_derivation").hints[0]
    session["mse_gradient_derivation"] = "r = Xw - y"
    told = [hint("mse_gradient_derivation") for _ in range(4)]
    assert [t.number for t in told] == [1, 2, 3, 3] and all(t.total == 3 for t in told)
    assert "dL" not in told[0].text and r"\square" in told[1].text and "dL = " in told[2].text
    assert seat._hints_taken["mse_gradient_derivation"] == 5
    line = told[2].text.split("`")[-2]
    session["mse_gradient_derivation"] += f"\n{line}"
    assert hint("mse_gradient_derivation").number == 1


@pytest.mark.parametrize("exercise", [e for e in exercises() if e.kind == "derivation"], ids=lambda e: e.name)
def test_every_derivation_can_be_finished_by_hints_alone(session, exercise):
    problem, text = exercise.problem, ""
    for _ in range(15):
        found = next_line(text, problem.shapes, problem.functions, 3, problem.goal, problem.given, problem.steps)
        if found.finished:
            break
        text += f"{found.line}\n"
    session[exercise.name] = text
    assert check(exercise.name).status == "right", text


def test_an_instructor_can_keep_the_last_tier(session, tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text("last_hint = false\n")
    monkeypatch.chdir(tmp_path)
    session["mse_gradient_derivation"] = "r = Xw - y"
    told = [hint("mse_gradient_derivation") for _ in range(3)]
    assert [t.number for t in told] == [1, 2, 2] and told[0].total == 2
    assert "the last one" in repr(told[2]) and "The next line" not in told[2].text
    (tmp_path / "course.toml").write_text("last_hint = 'no'\n")
    assert "true or false was expected" in hint("mse_gradient_derivation").text


def test_a_finished_derivation_costs_no_hint(session):
    session["mse_gradient_derivation"] = r"\nabla_w L = \frac{1}{n} X^\top (Xw - y)"
    assert "Finished" in hint("mse_gradient_derivation").text
    assert seat._hints_taken == {}
