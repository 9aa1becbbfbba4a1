"""Views: what a learner moves, and what it changes.

A view is a plain Python object composed of a few canvas components and ipywidgets controls. To write one:

    class Squares(View):
        title = "Which entries of M do not change when it is squared?"   # a sentence that says what to see

        def __init__(self, n: int = 4) -> None:
            self.n = n
            self.size = ipywidgets.IntSlider(n, 2, 12, description="n")
            self.left = MatrixCanvas("M", editable=True, ink="data")
            self.right = MatrixCanvas("M M", ink="invariant")
            self.on(self.size, "value", self.reset_matrix)                # after assemble also calls sync()
            self.on(self.left, "values", self.draw)
            self.reset_matrix()
            self.assemble([[self.left], [self.right]], [self.size])       # columns of components; controls

        def state(self): ...   # JSON-able, all that tells two states apart; floats are rounded for you
        def code(self): ...    # lines that run by themselves and build what is shown (the tests execute them)
        def reset(self): ...   # back to how the view was built
        def verdict(self): ... # optional: one sentence that says what came out

The rest comes from `View`: layout, still() (components draw themselves on matplotlib axes too), the mime bundle with a
picture and a constant text, `data-eq-widget` and `data-eq-state` on the page, "show code", reset button, close().

- **Components** (`components`, `table`): MatrixCanvas, PointCanvas, Chart, Table. `show(…)` sends one message. What is
  small matrix × data runs in the browser: a stack of frames picked by `frame`; `gather` and `mean` (moved by or
  averaged over a permutation group); `matrices` of a PointCanvas layer (orbits). Tie two components by
  `ipywidgets.jslink`. What the kernel draws around a dragged point is the `backdrop` of its PointCanvas.
- **Handlers** may run in any thread: use `self.on(widget, trait, action)` and `self.on_click(button, action)`, never
  `observe`. The action runs on the kernel's main loop; many events at once become one call with the last value;
  ValueError, TypeError, RuntimeError and MemoryError appear in the footer, so let constructors complain. Actions read
  the controls and call `show`; keep them below 30 ms, 300 ms for a new group.
- **Training** (`player`): make a `Player(show, keep, describe)` first, hand it to `assemble(…, player=…)`, and
  `player.load(lambda: iterator)`. `player.follow(canvas, "frame")` and `player.follow(chart, "cursor")` replay in the
  browser; `keep(snapshots)` gets all of them on every stop, to `show` as one stack. `player.run(k)` blocks.
- **Colours** (`style`): roles "data", "group", "invariant", "learned" for `ink` and `colour`, `style.class_style`.
- `state()` goes into a committed notebook: exact integers, names and verdicts, never the digits of a trained number.
- Widths of controls are in em, so that `teaching.projector()` enlarges them with everything else.
- Titles say what to see in at most 32 letters for a canvas of 300 pixels, and are what a screen reader reads.
"""

from eqkit.views.break_it import BreakIt
from eqkit.views.components import Chart, MatrixCanvas, PointCanvas, draw_matrix
from eqkit.views.constraint_satisfaction import ConstraintSatisfaction
from eqkit.views.deep_sets_embedding import DeepSetsEmbedding
from eqkit.views.dimension_slider import DimensionSlider
from eqkit.views.equation_learner import EquationLearner
from eqkit.views.few_shot_episode import FewShotEpisode
from eqkit.views.group_explorer import GroupExplorer
from eqkit.views.invariant_ring_explorer import InvariantRingExplorer
from eqkit.views.lie_explorer import LieExplorer
from eqkit.views.lie_space import LieSpace
from eqkit.views.live_msr import LiveMSR
from eqkit.views.msr_scrubber import MSRScrubber
from eqkit.views.orbit_playground import OrbitPlayground
from eqkit.views.parameter_counter import ParameterCounter
from eqkit.views.phase_diagram import PhaseDiagram
from eqkit.views.player import Player
from eqkit.views.reynolds_averager import ReynoldsAverager
from eqkit.views.sharing_pattern import SharingPattern
from eqkit.views.symmetry_comparison import SymmetryComparison
from eqkit.views.symmetry_finder import SymmetryFinder
from eqkit.views.table import Table
from eqkit.views.view import View

__all__ = [
    "BreakIt",
    "Chart",
    "ConstraintSatisfaction",
    "DeepSetsEmbedding",
    "DimensionSlider",
    "EquationLearner",
    "FewShotEpisode",
    "GroupExplorer",
    "InvariantRingExplorer",
    "LieExplorer",
    "LieSpace",
    "LiveMSR",
    "MSRScrubber",
    "MatrixCanvas",
    "OrbitPlayground",
    "ParameterCounter",
    "PhaseDiagram",
    "Player",
    "PointCanvas",
    "ReynoldsAverager",
    "SharingPattern",
    "SymmetryComparison",
    "SymmetryFinder",
    "Table",
    "View",
    "draw_matrix",
]
