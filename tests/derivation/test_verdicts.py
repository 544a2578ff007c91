"""What a report says of whole derivations: relations, continuations, what follows, what is unknown."""

import pytest

from course_lib import derive

S = {"X": "n d", "w": "d", "y": "n"}
M = {"X": "n d", "W": "d k", "Y": "n k"}
LOSS = "L = \\frac{1}{2n}\\|Xw-y\\|^2\n"


def verdicts(text, shapes=S, functions=()):
    return [line.verdict for line in derive(text, shapes, functions).lines]


def last(text, shapes=S, functions=()):
    return derive(text, shapes, functions).lines[-1]


def test_the_example_of_the_front_page():
    report = derive(LOSS + r"dL = \frac{1}{n}(Xw-y)^\top X\,dw" + "\n" + r"\nabla_w L = \frac{1}{n}X^\top(y-Xw)", S)
    assert [x.verdict for x in report.lines] == ["definition", "right", "wrong"]
    assert report.first_wrong == 2 and not report.ok
    assert report.lines[2].mistake == "sign"
    assert "−1 times" in report.lines[2].message and "wrong way round" in report.lines[2].message
    assert report.lines[2].shape == "d×1"


def test_every_member_is_compared():
    assert last(LOSS + r"\nabla_w L = \frac1n X^\top(Xw-y) = \frac1n X^\top Xw - \frac1n X^\top y").verdict == "right"
    line = last(LOSS + r"\nabla_w L = \frac1n X^\top(Xw-y) = \frac1n X^\top Xw + \frac1n X^\top y")
    assert line.verdict == "wrong" and line.mistake == "sign" and "part 3" in line.message


@pytest.mark.parametrize("begin", ["=", "\\Rightarrow \\nabla_w L =", "&=", "\\implies \\nabla_w L ="])
def test_a_line_may_continue_the_one_before(begin):
    text = LOSS + r"\nabla_w L = \frac1n X^\top(Xw-y)" + "\n" + begin
    assert verdicts(text + r"\frac1n (X^\top Xw - X^\top y)")[-1] == "right"
    assert verdicts(text + r"\frac1n (X^\top Xw - X^\top w)")[-1] in ("shapes", "wrong")


def test_a_continuation_of_a_definition_is_a_claim():
    assert verdicts(LOSS + r"= \frac{1}{2n}(Xw-y)^\top(Xw-y)") == ["definition", "right"]


def test_what_is_right_given_a_wrong_line_follows():
    text = "\\hat y = Xw\nL = \\frac{1}{2n}\\|\\hat y-y\\|^2\n"
    text += "\\frac{\\partial L}{\\partial\\hat y} = \\frac1n(y-\\hat y)\n"
    text += "\\frac{\\partial L}{\\partial w} = \\frac1n X^\\top(y-\\hat y)\n= \\frac1n X^\\top(y-Xw)"
    assert verdicts(text) == ["definition", "definition", "wrong", "follows", "follows"]


def test_the_other_lines_are_judged_when_one_cannot_be_read():
    assert verdicts(LOSS + "\\foo = 3\n" + r"\nabla_w L = \frac1n X^\top(Xw-y)") == [
        "definition",
        "unreadable",
        "right",
    ]


def test_comments_blank_lines_and_layout_are_left_out():
    text = "% a comment\n\\begin{aligned}\nL &= \\frac{1}{2n}\\|Xw-y\\|^2 % the loss\n\\\\\n\n"
    text += "\\nabla_w L &= \\frac1n X^\\top(Xw-y).\\\\\n\\end{aligned}"
    assert verdicts(text) == ["definition", "right"]


def test_a_definition_may_be_index_form_and_equals_its_matrix_form():
    text = "p_i = e^{z_i}/\\sum_j e^{z_j}\np = \\operatorname{softmax}(z)\n"
    text += r"\frac{\partial p_i}{\partial z_j} = p_i(\delta_{ij}-p_j)"
    assert verdicts(text, {"z": "k"}) == ["definition", "right", "right"]


def test_shapes_may_list_intermediate_results_too():
    text = "\\hat y = Xw\nL = \\frac{1}{2n}\\|\\hat y-y\\|^2\n\\nabla_w L = \\frac1n X^\\top(\\hat y-y)"
    assert verdicts(text, {**S, "y_hat": "n"}) == ["definition", "definition", "right"]


def test_expansions_are_compared_to_first_order():
    given = "f(W) = \\|XW-Y\\|^2\n"
    right = r"f(W+\delta) = f(W) + 2\langle X^\top(XW-Y),\delta\rangle + o(\|\delta\|)"
    assert verdicts(given + right, M)[-1] == "right"
    assert verdicts(given + right.replace("2\\langle", "\\langle"), M)[-1] == "wrong"
    exact = r"f(W+\delta) = f(W) + 2\langle X^\top(XW-Y),\delta\rangle + \|X\delta\|^2"
    assert verdicts(given + exact, M)[-1] == "right"


def test_a_gradient_at_the_minimum_is_zero():
    text = LOSS + "\\hat w = (X^\\top X)^{-1}X^\\top y\n\\nabla_w L(\\hat w) = 0"
    assert verdicts(text)[-1] == "right"
    assert verdicts(LOSS + r"\nabla_w L = 0")[-1] == "definition"


def test_chain_rule_products_stand_in_either_convention():
    column = "\\hat y = Xw\nL = \\frac{1}{2n}\\|\\hat y-y\\|^2\n"
    chain = (
        r"\frac{\partial L}{\partial w} = "
        r"\left[\frac{\partial\hat y}{\partial w}\right]^\top\frac{\partial L}{\partial\hat y}"
    )
    assert verdicts(column + chain)[-1] == "right"
    row = "p = \\operatorname{softmax}(z)\nL = -\\sum_j t_j\\log p_j\n"
    chain = r"\frac{\partial L}{\partial z} = \frac{\partial L}{\partial p}\frac{\partial p}{\partial z} = p - t"
    assert verdicts(row + chain, {"z": "1 k", "t": "1 k onehot"})[-1] == "right"


def test_an_entry_of_a_gradient_may_equal_the_matrix_it_belongs_to():
    text = "L = \\|XW-Y\\|^2\n" + r"\frac{\partial L}{\partial w_{ij}} = 2X^\top(XW-Y)"
    line = last(text, M)
    assert line.verdict == "right" and "entries" in line.message


def test_numpy_and_latex_may_stand_in_one_derivation():
    assert verdicts(LOSS + "\\nabla_w L = X.T @ (X @ w - y) / n\n= \\frac1n X^\\top(Xw-y)") == [
        "definition",
        "right",
        "right",
    ]


def test_a_sum_wrongly_equal_on_square_draws_is_caught():
    assert verdicts(LOSS + r"\nabla_w L = \frac1d X^\top(Xw-y)")[-1] == "wrong"


def test_the_same_report_twice_says_the_same():
    text = LOSS + r"\nabla_w L = \frac1n X^\top X(w - y)"
    assert derive(text, S).to_dict() == derive(text, S).to_dict()


def test_undeclared_small_letter_is_not_taken_for_the_matrix():
    line = last(r"L = \|x w - y\|^2")
    assert line.verdict == "unreadable" and "x_{ij}" in line.message


@pytest.mark.parametrize("shapes", [{"X": "n d d2"}, {"X": 5.0}, {"X": "n d wild"}, [1, 2], "X: n d"])
def test_shapes_that_make_no_sense_are_refused_with_a_sentence(shapes):
    with pytest.raises((TypeError, ValueError)):
        derive("L = 1", shapes)


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        (r"\sum_i (w^\top x_i - y_i)^2", r"2\sum_i (w^\top x_i - y_i)x_i"),
        (r"\sum_i (x_i^\top w - y_i)^2", r"2\sum_i x_i(x_i^\top w - y_i)"),
        (r"\sum_{i=1}^n (w^\top x^{(i)} - y_i)^2", r"2\sum_{i=1}^n (w^\top x^{(i)} - y_i)x^{(i)}"),
        (r"\sum_i (x_i w - y_i)^2", r"2\sum_i x_i^\top(x_i w - y_i)"),
        (r"\sum_{i=1}^n (x^i w - y_i)^2", r"2\sum_{i=1}^n (x^i)^\top(x^i w - y_i)"),
    ],
)
def test_a_sample_is_a_row_unless_the_text_writes_it_as_a_column(loss, gradient):
    assert verdicts(f"L = {loss}\n\\nabla_w L = {gradient}\nL = \\|Xw-y\\|^2") == [
        "definition",
        "right",
        "right",
    ]


def test_a_small_letter_is_a_direction_only_where_something_is_moved_by_it():
    given = "f(w) = \\|w\\|^2\n"
    assert verdicts(given + r"f(w+h) = f(w) + 2w^\top h + o(\|h\|)")[-1] == "right"
    assert verdicts(given + r"f(w) = w^\top h")[-1] == "unreadable"


def test_a_division_by_an_inner_product_takes_both_factors():
    assert verdicts("r = \\frac{w^\\top X^\\top Xw}{w^\\top w}\nr = w^\\top X^\\top X w / w^\\top w")[-1] == "right"


def test_an_unknown_function_has_only_its_derivative():
    given = "f = \\phi(w^\\top v)\n"
    shapes = {"w": "d", "v": "d"}
    assert verdicts(given + r"\nabla_w f = \phi'(w^\top v)v", shapes, ("phi",))[-1] == "right"
    assert last(given + r"\nabla_w f = \phi(w^\top v)v", shapes, ("phi",)).mistake == "activation-derivative"


def test_a_named_constant_that_is_missing_is_named():
    assert "MSE is not declared" in last("L = MSE").message
    assert "Huber is not declared" in last(r"L = \text{Huber}").message
    assert "X @ w" in last("L = Xw - X @ w").message


MEAN_SQUARES = {"X": "n d", "w": "d", "y": "n"}
LOSS = r"L = \frac{1}{2n}\|Xw-y\|^2" + "\n"


def test_a_prime_on_a_defined_number_with_its_variable_is_a_derivative():
    assert derive(LOSS + r"L'(w) = \frac1n X^\top(Xw-y)", MEAN_SQUARES).lines[1].verdict == "right"
    assert derive(LOSS + r"L'(w) = \frac1n X'(y-Xw)", MEAN_SQUARES).lines[1].mistake == "sign"


def test_an_approximate_change_is_read_to_first_order():
    assert derive(LOSS + r"\Delta L \approx \frac1n (Xw-y)^\top X \Delta w", MEAN_SQUARES).lines[1].verdict == "right"
    assert derive(LOSS + r"\Delta L \approx \frac2n (Xw-y)^\top X \Delta w", MEAN_SQUARES).lines[1].mistake == "factor"


def test_a_condition_is_no_claim_and_the_message_says_so():
    report = derive(LOSS + r"\nabla_w L = 0" + "\n" + r"w = (X^\top X)^{-1}X^\top y", MEAN_SQUARES)
    assert report.lines[1].verdict == "definition" and "where the gradient in w is 0" in report.lines[1].message
    assert report.lines[2].verdict == "right" and "not everywhere" in report.lines[2].assumption


def test_a_slope_that_vanishes_nowhere_is_not_set_to_zero():
    assert derive("f = e^x\n\\frac{df}{dx} = 0", {"x": ""}).lines[1].verdict == "wrong"


@pytest.mark.parametrize(
    "claim",
    [
        r"w = (X^\top X)^{-1}X^\top (y + y)",
        r"X^\top X w = y",
        r"\nabla_w L = X^\top(Xw - y)",
        r"\nabla_w L = \frac{5}{n} X^\top(Xw - y)",
    ],
)
def test_what_is_false_at_the_point_or_a_gradient_beside_it_stays_wrong(claim):
    assert derive(LOSS + r"\nabla_w L = 0" + "\n" + claim, MEAN_SQUARES).lines[2].verdict in ("wrong", "shapes")


def test_a_solution_of_its_own_name_is_put_into_the_gradient():
    assert derive(LOSS + "\\hat w = (X^\\top X)^{-1}X^\\top y\n\\nabla_w L(\\hat w) = 0", MEAN_SQUARES).ok


@pytest.mark.parametrize("point", [r"\hat w", "w^*", r"w^\star", r"w^{\ast}", "w_{opt}", r"\bar w"])
def test_a_point_with_a_name_of_its_own_may_be_put_in(point):
    text = LOSS + point + r" = (X^\top X)^{-1}X^\top y" + "\n\\nabla_w L(" + point + ") = "
    assert derive(text + "0", MEAN_SQUARES).ok
    assert not derive(text + "w", MEAN_SQUARES).ok


def test_a_power_of_a_known_name_defines_nothing():
    projection = "H = X(X^\\top X)^{-1}X^\\top\n"
    assert derive(projection + "H^2 = H", {"X": "n d"}).lines[1].verdict == "right"
    assert derive(projection + "H^2 = 2H", {"X": "n d"}).lines[1].mistake == "factor"
    assert derive("W^2 = XX^\\top", {"X": "n d"}).lines[0].verdict == "definition"


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        # Samples are columns here because nothing else fits; the last one reads x_i x_i^T as a matrix.
        (r"\sum_i (x_i-m)^\top S(x_i-m)", r"\nabla_m L = -2S\sum_i(x_i-m)"),
        (r"\sum_i (w\cdot x_i - y_i)^2", r"\nabla_w L = 2\sum_i (\langle w, x_i\rangle - y_i)x_i"),
        (r"w^\top\left(\sum_i x_i x_i^\top\right)w", r"\nabla_w L = 2X^\top Xw"),
    ],
)
def test_a_sample_is_a_column_where_only_that_fits(loss, gradient):
    shapes = {"X": "n d", "w": "d", "m": "d", "y": "n", "S": "d d symmetric"}
    assert verdicts(f"L = {loss}\n{gradient}", shapes) == ["definition", "right"]
    assert verdicts(f"L = {loss}\n{gradient.replace('2', '3')}", shapes) == ["definition", "wrong"]


def test_a_second_text_of_a_session_keeps_what_the_first_defined():
    from course_lib.derivation.engine import Session

    session = Session({"X": "n d", "m": "d"}, (), 5.0)
    session.read(r"L = \sum_i \|x_i\|^2")
    lines = session.read(r"K = \sum_i (x_i - m)^\top(x_i - m)")
    assert [line.verdict for line in lines] == ["definition", "definition"]


@pytest.mark.parametrize(
    "line",
    [
        r"\nabla_x b^\top x = b",
        r"\nabla_x x^\top Ax = (A+A^\top)x",
        r"d\|x\|^2 = 2x^\top dx",
        r"dA^{-1} = -A^{-1}\,dA\,A^{-1}",
        r"\mathrm{d}\det A = \det A\,\operatorname{tr}(A^{-1}\mathrm{d}A)",
        r"\det AB = \det A\det B",
        r"|AB| = |A||B|",
        r"A^{-2} = A^{-1}A^{-1}",
        r"\sum_j x_j^2 = \|x\|^2_2",
        r"\det(bx^\top) = 0",
        r"x\cdot Ax = x^\top Ax",
        r"d(x\cdot x) = 2x\cdot dx",
        r"x^\top\cdot A\cdot x = x^\top Ax",
    ],
)
def test_what_is_right_in_the_usual_reading(line):
    assert verdicts(line, {"A": "q q", "B": "q q", "b": "q", "x": "q", "X2": "q q"}) == ["right"]


def test_a_second_differential_holds_the_first_differentials_fixed():
    given = "L = \\frac12\\|Xw-y\\|^2\n"
    assert verdicts(given + r"d^2L = dw^\top X^\top X\,dw")[-1] == "right"
    assert verdicts(given + r"\mathrm d^2L = (Xw-y)^\top X\,\mathrm dw")[-1] == "wrong"


def test_a_gradient_without_a_variable_takes_the_only_one_that_fits():
    line = last("L = \\|Xw-y\\|^2\n\\nabla L = 2X^\\top(Xw-y)")
    assert line.verdict == "right" and r"\partial w" in line.reading
    assert last("L = \\|Xw-y\\|^2\n\\nabla L = 2X^\\top(y-Xw)").mistake == "sign"
    assert "names no variable" in last("L = w^\\top v\n\\nabla L = v + w", {"w": "d", "v": "d"}).message


def test_a_logarithm_of_a_determinant_is_not_taken_of_singular_draws():
    given = "q = \\log\\det(BB^\\top)\n"
    assert verdicts(given + r"\nabla_B q = 2(BB^\top)^{-1}B", {"B": "d n"})[-1] == "right"
    assert last(given + r"\nabla_B q = (BB^\top)^{-1}B", {"B": "d n"}).mistake == "factor"


@pytest.mark.parametrize(
    "line",
    [
        r"\text{Hence, } \nabla_w L = 2X^\top(Xw-y)",
        r"\nabla_w L = 2X^\top(Xw-y) \quad \text{(chain rule)}",
        r"\nabla_w L = 2X^\top(Xw-y), \quad \text{where } X \in \mathbb{R}^{n\times d}",
        r"\boxed{\nabla_w L = 2X^\top(Xw-y)}",
        r"\nabla_w L = 2\mathop{X^\top}(Xw-y)",
        r"\nabla_w L \overset{(1)}{=} 2\underbrace{X^\top}_{d\times n}(Xw-y)",
        r"\begin{align}\nabla_w L &= 2X^\top(Xw-y) && \text{expanding}\end{align}",
    ],
)
def test_words_and_boxes_around_a_claim_are_left_out(line):
    assert verdicts("L = \\|Xw-y\\|^2\n" + line) == ["definition", "right"]
    assert verdicts("L = \\|Xw-y\\|^2\n" + line.replace("Xw-y", "y-Xw")) == ["definition", "wrong"]


def test_a_box_around_a_factor_still_binds():
    assert verdicts("L = \\|Xw-y\\|^2\n\\nabla_w L = 2X^\\top\\boxed{Xw-y}")[-1] == "right"


def test_numpy_repeats_what_keeps_its_axis_and_nothing_else():
    given = "P = np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)\n"
    assert verdicts(given + "P = softmax(X)")[-1] == "right"
    assert verdicts(given + "P = np.exp(X - np.log(np.exp(X).sum(axis=1))[:, None])")[-1] == "right"
    assert verdicts(given + "P = np.exp(X) / np.exp(X).sum(axis=0, keepdims=True)")[-1] == "wrong"
    assert verdicts(given + "P = np.exp(X) / np.exp(X).sum(axis=1)")[-1] == "shapes"


def test_a_letter_may_be_a_length_and_an_array():
    text = "\\mathbf{n} = Xw\nL = \\frac12\\|\\mathbf{n}\\|^2\n\\nabla_w L = "
    assert last(text + "X^\\top n").verdict == "right"
    assert last(text + "X n").verdict in ("wrong", "shapes")


def test_a_differential_without_differentials_is_told_from_a_gradient():
    given = "U = Xw - y\nL = \\|U\\|^2\n"
    assert "names of gradients of L" in last(given + "dU = 2 * U").assumption
    assert "differential of U" in last(given + "dU = 3 * U").message


def test_functions_that_make_no_sense_are_refused_with_a_sentence():
    for functions, said in ((5, "must be names"), (("X",), "one of the two"), ({"f": "wild"}, "known function")):
        with pytest.raises((TypeError, ValueError), match=said):
            derive("L = 1", {"X": "n d"}, functions)


@pytest.mark.parametrize(
    "text",
    [
        "L &= \\|Xw-y\\|^2 \\\\\n&\\quad {}+ \\lambda\\|w\\|^2",
        "L = \\|Xw-y\\|^2 +  % the loss\n\\lambda\\|w\\|^2",
        "L =\n\\|Xw-y\\|^2\n+ \\lambda\\|w\\|^2",
        "L\n= \\|Xw-y\\|^2 + \\lambda\\|w\\|^2",
    ],
)
def test_a_relation_may_be_broken_over_lines(text):
    claim = "\n\\nabla_w L = 2X^\\top(Xw-y)\n+ 2\\lambda w"
    shapes = {"X": "n d", "w": "d", "y": "n", "lambda": ""}
    assert verdicts(text + claim, shapes) == ["definition", "right"]
    assert verdicts(text + claim.replace("+", "-"), shapes) == ["definition", "wrong"]


def test_a_line_that_begins_with_a_minus_may_be_a_claim_of_its_own():
    assert verdicts("L = \\|Xw-y\\|^2\n-\\nabla_w L = 2X^\\top(y-Xw)") == ["definition", "right"]


@pytest.mark.parametrize(
    "behind",
    [
        r", \quad j = 1, \dots, d",
        r" \quad \forall j \in \{1,\dots,d\}",
        r" \quad (j=1,\ldots,d)",
        r" \forall j",
        r", \quad w \in \mathbb{R}^d",
    ],
)
def test_the_range_of_an_index_behind_a_claim_is_left_out(behind):
    claim = r"\frac{\partial L}{\partial w_j} = 2\sum_i x_{ij}(Xw-y)_i"
    assert verdicts("L = \\|Xw-y\\|^2\n" + claim + behind) == ["definition", "right"]
    assert verdicts("L = \\|Xw-y\\|^2\n" + claim.replace("2", "3") + behind) == ["definition", "wrong"]


def test_several_relations_may_share_a_line():
    text = r"z = Xw,\quad r = z - y,\quad L = r^\top r" + "\n" + r"\nabla_w L = 2X^\top r, \qquad \nabla_r L = "
    assert verdicts(text + "2r") == ["definition", "right"]
    assert verdicts(text + "r") == ["definition", "wrong"]


@pytest.mark.parametrize("sign", [">", r"\neq", r"\propto", r"\leftarrow", r"\leq"])
def test_what_is_no_equality_is_said_to_be_none(sign):
    assert "only equalities" in last(f"\\|w\\|^2 {sign} w^\\top w").message


def test_a_function_may_be_said_to_be_any_known_one():
    for known in ("cosh", "tanh", "softplus"):
        text = f"a = f(w)\na = \\operatorname{{{known}}}(w)"
        assert verdicts(text, {"w": "d"}, {"f": known}) == ["definition", "right"]


def test_the_differential_of_a_bracket_is_a_claim_and_a_distance_a_definition():
    shapes = {"A": "q q", "B": "q q", "x": "q", "y": "q"}
    assert verdicts(r"d(AB) = dA\,B + A\,dB", shapes) == ["right"]
    assert verdicts(r"d(AB) = dA\,B + B\,dA", shapes) == ["wrong"]
    assert verdicts(r"d(x, y) = \|x-y\|", shapes) == ["definition"]


def test_of_a_loss_that_nobody_explains_only_what_holds_for_all_is_judged():
    text = r"""z = Wx
    \frac{\partial L}{\partial z} = p - y
    \frac{\partial L}{\partial W} = \frac{\partial L}{\partial z}x^T"""
    shapes = {"W": "m n", "x": "n", "p": "m", "y": "m"}
    _, special, general = derive(text, shapes).lines
    assert (special.verdict, general.verdict) == ("unreadable", "right")
    assert "L is not declared" in special.message
    assert general.message == "L is read as any smooth function of z."


def test_a_loss_that_is_only_declared_makes_no_line_true():
    text = "y = Wx\n" + r"\frac{\partial L}{\partial x} = 5W^T\frac{\partial L}{\partial y}"
    for shapes in (
        {"W": "m n", "x": "n"},
        {"W": "m n", "x": "n", "L": ""},
        {"W": "m n", "x": "n", "y": "m", "L": ""},
        None,
    ):
        assert derive(text, shapes).lines[1].verdict == "wrong"


def test_a_line_of_which_all_sides_vanish_says_nothing():
    shapes = {"W": "n n", "x": "n", "y": "n", "L": ""}
    (line,) = derive(r"\frac{\partial L}{\partial x} = W\frac{\partial L}{\partial y}", shapes).lines
    assert line.verdict == "unreadable"
    assert "L as defined does not contain x" in line.message
    assert derive(r"\frac{\partial L}{\partial x} = 0", shapes).lines[0].verdict == "right"


@pytest.mark.parametrize("words", ["so", "and", "Then we have", "Hence,", "Done."])
def test_words_that_stand_alone_between_formulas_are_no_line(words):
    report = derive(f"Let $f(x) = x^2$.\n{words}\n$$f'(x) = 2x$$")
    assert [line.verdict for line in report.lines] == ["definition", "right"]
    assert report.lines[0].text == "f(x) = x^2"


def test_lines_about_any_layer_keep_their_own_verdicts():
    # Each is read as lines about single layers, which are gone afterwards: none may get what was found for another.
    shapes = {"x": "n", "w1": "m n", "w2": "p m", "y": "p"}
    before = "z^1 = w^1x\na^1 = \\sigma(z^1)\nz^2 = w^2a^1\nC = \\frac12\\|y - z^2\\|^2\n"
    before += r"\delta^l = \frac{\partial C}{\partial z^l}"
    right, wrong = r"\delta^L = z^L - y", r"\delta^L = y - z^L"
    pattern = [right, wrong, wrong, right] * 8
    lines = derive("\n".join([before, *pattern]), shapes).lines[-len(pattern) :]
    assert [line.verdict == "right" for line in lines] == [line == right for line in pattern]


def test_a_vector_that_is_repeated_beside_a_matrix_is_said():
    defined, claimed = derive("Z = WX - b\nZ = WX - b", {"W": "h d", "X": "d m", "b": "h"}).lines
    assert defined.verdict == "definition" and "The vector b is repeated" in defined.message
    assert claimed.verdict == "right" and "The vector b is repeated" in claimed.assumption


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("w -= lr * X.T @ (X @ w - y)", "right"),
        ("w += lr * X.T @ (X @ w - y)", "wrong"),
        ("w -= lr * X.T @ (X @ w + y)", "unreadable"),
    ],
)
def test_a_step_that_is_worked_into_its_name(step, verdict):
    shapes = {"X": "n d", "w": "d", "y": "n", "lr": ""}
    assert derive(f"L = 0.5*np.sum((X @ w - y)**2)\n{step}", shapes).lines[-1].verdict == verdict


def test_a_value_that_is_worked_on_counts_as_it_is_in_the_end():
    text = "r = X @ w\nr -= y\nL = np.sum(r**2)\nu = X.T @ r\n"
    shapes = {"X": "n d", "w": "d", "y": "n"}
    for line, verdict in (
        ("dw = 2 * u", "right"),
        ("dw = 2 * X.T @ (X @ w - y)", "right"),
        ("dw = 2 * X.T @ X @ w", "wrong"),
    ):
        assert derive(text + line, shapes).lines[-1].verdict == verdict, line
