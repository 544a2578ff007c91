"""Pictures and explorers, one module per chapter."""

import logging

# On a new machine, and at every start in a browser, Matplotlib announces in red that it lists the fonts.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
