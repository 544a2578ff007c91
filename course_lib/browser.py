"""Does this Python run in a browser, with no processes and no disk but the browser's own store?"""

import sys

IN_BROWSER = sys.platform == "emscripten"
