"""What every figure shares: one look, a text alternative, and explorers that redraw when a control moves."""

import base64
import html
import io

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's palette, and for their red, which is an orange, Paul Tol's: these stay apart for colour-blind readers
# and in grey print.
BLUE, ORANGE, GREEN, PURPLE, SKY, RED, GREY = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#cc3311",
    "#7f7f7f",
)

_STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "mathtext.fontset": "cm",
}
# Twice as many pixels as are shown: crisp on a screen of two pixels to the point.
_DPI, _SHARP = 100, 2

# In a dark theme of JupyterLab or of the site a picture is shown light on dark, its hues as they were. Where style
# sheets are taken away, on a code host or in a notebook that nobody has trusted yet, it stays on white.
_DARK = (
    "<style>[data-jp-theme-light=false] .course-figure,[data-theme=dark] .course-figure"
    "{filter:invert(.92) hue-rotate(180deg)}</style>"
)


def new_figure(width=7.2, height=3.2, columns=1, rows=1, **options):
    """A figure (inches) and its axes in the course's look, without touching pyplot's global state."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), dpi=_SHARP * _DPI, layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, **options)
    return figure, axes


class Picture:
    """A still figure with its text alternative; a notebook shows it as an image that a screen reader can read.

    figure  a matplotlib Figure.
    alt     what the figure shows, in one or two sentences.
    """

    def __init__(self, figure, alt):
        self.alt = " ".join(alt.split())
        self.png = png_bytes(figure)

    def _repr_html_(self):
        return image_html(self.png, self.alt)

    def __repr__(self):
        return f"Figure: {self.alt}"


class Explorer:
    """Controls above a picture that follows them.

    controls  name → ipywidgets control; the names are the parameters of `redraw`.
    redraw    function of the control values that draws and returns (figure, alt).
    about     one sentence: what to change and what to watch. It stands in for the explorer where nothing runs.
    play      the name of a slider of whole numbers or options in which time runs: a play button moves it, a step each
              `pace` ms.
    """

    def __init__(self, controls, redraw, about, play=None, pace=150):
        import ipywidgets

        self.controls, self.redraw, self.about = controls, redraw, about
        # One width for all labels and one for all controls, so that equal steps of two sliders are equal ways.
        letters = max(len(control.description) for control in controls.values())
        for control in controls.values():
            control.style.description_width = f"{0.55 * letters + 1:.1f}em"
            control.layout.width = "min(100%, 36em)"
        self.image = ipywidgets.HTML()
        buttons = [_play_button(controls[play], pace)] if play else []
        self.view = ipywidgets.VBox([*controls.values(), *buttons, self.image])
        for control in controls.values():
            control.observe(self.update, names="value")
        self.update()

    def update(self, change=None):
        """Redraw for the current values of the controls."""
        # A title at a given height is not measured against the axis below it again at every move.
        with matplotlib.rc_context({"axes.titley": 1.0}):
            figure, alt = self.redraw(**{name: control.value for name, control in self.controls.items()})
        # The first picture is the one that may be kept, see `authoring`.
        self.image.value = image_html(png_bytes(figure, compression=1 if change else 9), alt)
        if figure.get_layout_engine() is not None:
            # The layout is solved once; solving it again at every move would take longer than drawing.
            figure.set_layout_engine("none")
            for axes in figure.axes:
                _hold_x_label(axes.xaxis)

    def _repr_mimebundle_(self, **options):
        bundle = self.view._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self)}, metadata

    def __repr__(self):
        return f"Explorer (run this cell to move it): {self.about}"


def _play_button(slider, pace):
    """Buttons that run a slider from where it stands to its end; they are linked in the browser."""
    import ipywidgets

    if hasattr(slider, "index"):  # a slider of options, which has no numbers of its own
        step, bounds = "index", {"min": 0, "max": len(slider.options) - 1}
    else:
        step, bounds = "value", {"min": slider.min, "max": slider.max, "step": slider.step}
    button = ipywidgets.Play(value=getattr(slider, step), interval=pace, **bounds)
    button.show_repeat = False
    ipywidgets.jslink((button, "value"), (slider, step))
    return button


def _hold_x_label(axis):
    """Leave the label of an x axis where it stands: numbers change under it, but their height does not."""
    label = axis.label
    axis.set_label_coords(*label.get_position(), transform=label.get_transform())


def image_html(png, alt):
    """An <img> that carries the picture and its text alternative, as wide as its figure is in inches of 100 pixels."""
    data = base64.b64encode(png).decode()
    width = int.from_bytes(png[16:20], "big") // _SHARP
    return (
        f'{_DARK}<img class="course-figure" alt="{html.escape(" ".join(alt.split()), quote=True)}" width="{width}" '
        f'src="data:image/png;base64,{data}" style="max-width:100%;height:auto;background:white;border-radius:4px">'
    )


def png_bytes(figure, compression=9):
    """PNG bytes; low compression for pictures that live for one move of a slider, high for those that are kept."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(_STYLE):
        # `savefig` would draw twice.
        figure.canvas.print_png(buffer, metadata={"Software": None}, pil_kwargs={"compress_level": compression})
    return _with_few_colours(buffer) if compression == 9 else buffer.getvalue()


def _with_few_colours(buffer):
    """A third of the bytes: a drawing has few colours, and a palette of 256 holds them and what lies between."""
    from PIL import Image

    small = io.BytesIO()
    picture = Image.open(buffer).convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    picture.save(small, "png", optimize=True)
    return small.getvalue()
