"""What every figure shares: one look, a text alternative, and explorers that redraw when a control moves."""

import base64
import html
import io
import re
import struct
import zlib

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

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
# Pixels: no letter of a picture is shown smaller, and a picture grows to this many times its width where there is room.
_LEGIBLE, _GROWS = 8, 1.25
# Pixels: a piece of a picture that stands below the others on a phone is no narrower.
_NARROWEST = 150

# In a dark theme of JupyterLab or of the site a picture is shown light on dark, its hues as they were. Where style
# sheets are taken away, on a code host or in a notebook that nobody has trusted yet, it stays on white.
DARK = (
    "[data-jp-theme-light=false] .course-figure,[data-theme=dark] .course-figure{filter:invert(.92) hue-rotate(180deg)}"
)


def new_figure(width=7.2, height=3.2, columns=1, rows=1, **options):
    """A figure (inches) and its axes in the course's look, without touching pyplot's global state."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), dpi=_SHARP * _DPI, layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, **options)
        if options.get("sharey"):
            # On a phone the panels stand below each other, where the numbers of the first do not serve the others.
            for axis in axes.flat:
                axis.tick_params(labelleft=True)
    return figure, axes


def counted(number, noun):
    """A whole number with its noun in the right form: 1 step, 2 steps."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def signed(words):
    """The same words with a true minus sign before each number that has one; mathematics between $ has its own."""
    parts = words.split("$")
    parts[::2] = [re.sub(r"-(?=[.]?[0-9])", "−", part) for part in parts[::2]]
    return "$".join(parts)


class Picture:
    """A still figure with its text alternative; a notebook shows it as an image that a screen reader can read.

    figure  a matplotlib Figure.
    alt     what the figure shows, in one or two sentences.
    """

    def __init__(self, figure, alt):
        self.alt = " ".join(alt.split())
        self.shown = Drawing(figure).image_html(self.alt)

    def _repr_html_(self):
        return self.shown

    def __repr__(self):
        return f"Figure: {self.alt}"


class Live:
    """What a notebook shows as its widget `view`, and as its `repr` where nothing runs."""

    def _repr_mimebundle_(self, **options):
        bundle = self.view._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self)}, metadata


class Explorer(Live):
    """Controls beside a picture that follows them, or above it where the page is narrow.

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
        label = 0.55 * letters + 1
        for control in controls.values():
            control.style.description_width = f"{label:.1f}em"
            control.layout.width = "min(100%, 36em)"
        self.image = ipywidgets.HTML()
        self.drawing = None
        buttons = [_play_button(controls[play], pace)] if play else []
        # Beside the picture a slider keeps a length at which it can be set; where there is less room they stand above.
        room = {"flex": f"1 1 {label + 14:.1f}em", "min_width": "0"}
        moved = ipywidgets.VBox([*controls.values(), *buttons], layout=room)
        side_by_side = {"flex_flow": "row wrap", "align_items": "flex-start"}
        self.view = ipywidgets.Box([moved, self.image], layout=side_by_side)
        for control in controls.values():
            control.observe(self.update, names="value")
        self.update()

    def update(self, change=None):
        """Redraw for the current values of the controls."""
        # A title at a given height is not measured against the axis below it again at every move.
        with matplotlib.rc_context({"axes.titley": 1.0}):
            figure, alt = self.redraw(**{name: control.value for name, control in self.controls.items()})
        if self.drawing is None:
            # The first picture is the one that may be kept, see `authoring`.
            self.drawing = Drawing(figure)
            self.image.layout = {"flex": f"100 1 {self.drawing.width}px", "min_width": "0"}
            self.image.value = self.drawing.image_html(alt)
            # The layout is solved once; solving it again at every move would take longer than drawing.
            figure.set_layout_engine("none")
            for axes in figure.axes:
                _hold_x_label(axes.xaxis)
        else:
            self.image.value = self.drawing.again().image_html(alt, compression=1)

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


class Drawing:
    """A figure, drawn, and how it is shown: in pieces that stand below each other on a phone, with legible letters.

    width   of the whole in pixels of the screen.
    """

    def __init__(self, figure):
        self.figure, self.still = figure, None
        self.moving = sorted(figure.findobj(lambda artist: artist.get_animated()), key=lambda artist: artist.zorder)
        self.again()
        sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        smallest = min(sizes, default=10) * _DPI / 72
        self.scale = min(_LEGIBLE / smallest, 1)
        self.width = self.pixels.shape[1] // _SHARP
        seams = _seams(figure, self.pixels)
        self.pieces = list(zip([0, *seams], [*seams, self.pixels.shape[1]], strict=True))

    def again(self):
        """Draw the figure as it is now; the pieces stay as they were at first.

        Artists that are marked as animated are drawn over the others, which are drawn again only when one has changed.
        """
        canvas = self.figure.canvas
        with matplotlib.rc_context(_STYLE):
            if self.still is None or self.figure.stale:
                for text in self.figure.findobj(Text):
                    text.set_text(signed(text.get_text()))
                canvas.draw()
                self.still = canvas.copy_from_bbox(self.figure.bbox) if self.moving else None
            else:
                canvas.restore_region(self.still)
            for artist in self.moving:
                self.figure.draw_artist(artist)
        self.pixels = np.asarray(canvas.buffer_rgba())[..., :3]
        return self

    def image_html(self, alt, compression=9):
        """An <img> for each piece, the first with the text alternative, in a box that scrolls where it must.

        compression   1 for a picture that lives for one move of a slider, 9 for one that is kept.
        """
        words = html.escape(" ".join(alt.split()), quote=True)
        images = "".join(self._piece(left, right, "" if left else words, compression) for left, right in self.pieces)
        return (
            f'<style>{DARK}</style><div class="course-figure" style="display:flex;flex-wrap:wrap;overflow-x:auto;'
            f'max-width:{_GROWS * self.width:.0f}px;background:white;border-radius:4px">{images}</div>'
        )

    def _piece(self, left, right, words, compression):
        data = base64.b64encode(png_bytes(self.pixels[:, left:right], compression)).decode()
        width = (right - left) / _SHARP
        least, most = self.scale * width, _GROWS * width
        return (
            f'<img alt="{words}" width="{width:.0f}" src="data:image/png;base64,{data}" style="flex:{width:.0f} 0 '
            f'{least:.0f}px;min-width:{least:.0f}px;max-width:{most:.0f}px;height:auto;align-self:flex-start">'
        )


def _seams(figure, pixels):
    """Columns of pixels at which a figure may be taken apart: between two panels, and blank from top to bottom."""
    blank = np.all(pixels == 255, axis=(0, 2))
    for words in (*figure.texts, *figure.legends):
        # What belongs to the whole figure is not cut between two of its words.
        box = words.get_window_extent()
        blank[max(int(box.x0), 0) : int(box.x1)] = False
    spans = sorted(_span(axes) for axes in figure.axes)
    seams, end = [], spans[0][2] if spans else 1
    for left, _, right in spans[1:]:
        gap = np.arange(int(end), max(int(left), int(end)))
        stripes = np.split(gap, np.flatnonzero(~blank[gap]))
        # The middle of the widest blank stripe between the two; a space between two words is narrower.
        widest = max(stripes, key=len)
        seam = int(np.mean(widest)) if len(widest) > 6 * _SHARP else 0
        if min(seam - (seams or [0])[-1], len(blank) - seam) >= _SHARP * _NARROWEST:
            seams.append(seam)
        end = max(end, right)
    return seams


def _span(axes):
    """Columns of pixels: where what belongs to a panel begins, its label included, where its axes begin and end."""
    box, all_of_it = axes.get_window_extent(), axes.get_tightbbox()
    return min(box.x0, all_of_it.x0 if all_of_it else box.x0), box.x0, box.x1


def png_bytes(pixels, compression=9):
    """The bytes of a PNG with these pixels (height, width, 3)."""
    if compression < 9:
        return _plain_png(pixels, compression)
    from PIL import Image

    buffer = io.BytesIO()
    # A third of the bytes: a drawing has few colours, and a palette of 256 holds them and what lies between.
    few = Image.fromarray(pixels).quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _plain_png(pixels, compression):
    """A PNG whose lines are stored as they are; to look for the best filter of each line takes twice as long."""
    height, width, _ = pixels.shape
    # Each line begins with the number of its filter, 0 for none.
    lines = np.pad(pixels.reshape(height, -1), ((0, 0), (1, 0)))
    eight_bit_rgb = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", eight_bit_rgb), (b"IDAT", zlib.compress(lines, compression)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
