"""Live training: one Player owns an iterator of snapshots, as a task on the kernel's main loop.

Handlers of buttons and sliders may run in any thread, so they do nothing but signal: ▶ schedules the task, ■ sets an
event, everything else is handed to the MainLoop.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import ipywidgets
import torch
import traitlets

from eqkit.views.components import Transport


class MainLoop:
    """Calls functions on the kernel's main loop, from whichever thread; without a loop (plain Python) at once.

    A function that waits to be called is not queued again, so 200 slider events cost one call with the last value.
    """

    def __init__(self) -> None:
        try:
            self.loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self.loop = None
        self._thread = threading.get_ident()
        self._waiting: set[Callable[[], None]] = set()

    def call(self, function: Callable[[], None]) -> None:
        if self.loop is None or threading.get_ident() == self._thread:
            function()
        elif function not in self._waiting:
            self._waiting.add(function)
            self.loop.call_soon_threadsafe(self._run, function)

    def _run(self, function: Callable[[], None]) -> None:
        self._waiting.discard(function)
        function()


class Player:
    """Plays an iterator of snapshots: ▶, ■, scrubber and status line in `bar`, every snapshot kept in `snapshots`.

    It stops at ■, when another player starts, when it is closed, when its bar leaves the page (its cell runs again).
    ▶ draws every snapshot, at most `fps` a second, and at the end replays them in the browser; run() draws what it can.
    show(snapshot): draw one frame, in all less than 10 ms.
    keep(snapshots): called on every stop and load, with all of them, to hand the replay to the browser.
    describe(snapshot) -> the status line. Snapshots may be anything; beyond `limit` every second one is dropped.
    """

    _playing: ClassVar[weakref.ref[Player] | None] = None  # one kernel trains one thing at a time

    def __init__(
        self,
        show: Callable[[Any], None],
        keep: Callable[[list[Any]], None],
        describe: Callable[[Any], str],
        fps: float = 30,
        limit: int = 1000,
    ) -> None:
        self.bar = Transport()
        self.main = MainLoop()
        self.snapshots: list[Any] = []
        self._show, self._keep, self._describe, self._interval, self._limit = show, keep, describe, 1 / fps, limit
        self._frames: Iterator[Any] = iter(())
        self._halt = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._due = 0.0
        self._stride = self._count = 0
        self._followers: list[tuple[traitlets.HasTraits, str]] = []
        self._links: list[ipywidgets.Widget] = []
        self.bar.on_msg(self._message)
        self.bar.observe(lambda _: self.main.call(self._tell), "position")
        warm_up()

    def load(self, source: Callable[[], Iterator[Any]], title: str = "▶ to train") -> None:
        """Make `source()` the iterator to play, from its beginning; what was playing stops."""
        self.stop()
        self._frames = source()
        self.snapshots, self._stride, self._count, self._due = [], 1, 0, 0.0
        self._report(title)
        self.bar.position = -1
        self.bar.finished = False
        self._keep(self.snapshots)

    def play(self) -> None:
        """Train in the background until stop(), the end, or an error; safe in any thread."""
        if self.main.loop is None:
            raise RuntimeError("play() needs the notebook's event loop; in plain Python use run(steps)")
        self.main.loop.call_soon_threadsafe(self._start)

    def stop(self) -> None:
        """Stop after the present step; safe in any thread."""
        self._halt.set()

    def run(self, snapshots: int | None = None) -> None:
        """Train so many snapshots further (None: to the end) before returning: for Run All, tests and the build.

        Kernel ▸ Interrupt stops it after the present step: nothing is lost, and the cell ends normally.
        """
        self._take_over()
        self.bar.running = True
        interrupted = False

        def interrupt(*_: Any) -> None:
            nonlocal interrupted
            interrupted = True

        previous = None
        if threading.current_thread() is threading.main_thread():
            previous = signal.signal(signal.SIGINT, interrupt)
        try:
            remaining = -1 if snapshots is None else snapshots
            while remaining and not (interrupted or self._halt.is_set()) and self._step(time.monotonic() >= self._due):
                remaining -= 1
        finally:
            if previous is not None:
                signal.signal(signal.SIGINT, previous)
            self._halt.set()  # a task that ▶ had started ends here too
            self.bar.running = False
            self._finish("interrupted" if interrupted else "")

    def seek(self, i: int) -> None:
        """Show snapshot i (negative: from the end) on every component that follows the scrubber."""
        if not -len(self.snapshots) <= i < len(self.snapshots):
            raise IndexError(f"seek({i}): there are {len(self.snapshots)} snapshots")
        self.stop()
        for widget, trait in [(self.bar, "position"), *self._followers]:
            setattr(widget, trait, i % len(self.snapshots))

    @property
    def position(self) -> int:
        """The index of the snapshot shown, −1 if there is none."""
        last = len(self.snapshots) - 1
        return last if self.bar.position < 0 else min(self.bar.position, last)

    @property
    def current(self) -> Any:
        """The snapshot shown, or None."""
        return self.snapshots[self.position] if self.snapshots else None

    @property
    def running(self) -> bool:
        return self.bar.running

    def follow(self, component: traitlets.HasTraits, trait: str) -> None:
        """Tie the component's `frame` or `cursor` to the scrubber, in the browser: the kernel is told afterwards."""
        self._followers.append((component, trait))
        self._links.append(ipywidgets.jslink((self.bar, "position"), (component, trait)))

    def close(self) -> None:
        """Stop, and let go of the iterator and the widgets."""
        self.stop()
        self._frames = iter(())
        for widget in [*self._links, self.bar]:
            widget.close()

    def _message(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        {"play": self.play, "stop": self.stop}[content["action"]]()

    def _take_over(self) -> None:
        other = Player._playing() if Player._playing else None
        if other is not None and other is not self:
            other.stop()
        Player._playing = weakref.ref(self)
        self._halt.clear()
        self.bar.position = -1
        self.bar.failed = False

    def _start(self) -> None:
        self._take_over()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._play())

    async def _play(self) -> None:
        self.bar.running = True
        note = ""
        try:
            while not self._halt.is_set() and self._step(draw=True):
                await asyncio.sleep(max(0.0, self._due - time.monotonic()))
        except Exception as error:  # a task's error shows nowhere unless we show it
            self.bar.failed = True
            note = f"{type(error).__name__}: {error}"
        finally:
            self.bar.running = False
            self._finish(note)

    def _step(self, draw: bool) -> bool:
        """One snapshot further; False at the end of the iterator."""
        snapshot = next(self._frames, None)
        if snapshot is None:
            self.bar.finished = True
            return False
        if self._count % self._stride == 0:
            self.snapshots.append(snapshot)
        self._count += 1
        if len(self.snapshots) > self._limit:
            del self.snapshots[1::2]
            self._stride *= 2
        if draw:
            now = time.monotonic()
            self._due = max(self._due, now - self._interval) + self._interval
            self._report(self._describe(snapshot))
            self._show(snapshot)
        return True

    def _finish(self, note: str) -> None:
        if self.snapshots:
            self._show(self.snapshots[-1])
            note = " · ".join(filter(None, [self._describe(self.current), note]))
        self._keep(self.snapshots)
        self._report(note or self.bar.status)

    def _tell(self) -> None:
        if self.snapshots and not self.running:
            self._report(self._describe(self.current))

    def _report(self, status: str) -> None:
        with self.bar.hold_sync():
            self.bar.status, self.bar.count = status, len(self.snapshots)


def warm_up() -> None:
    """One throw-away step of Adam: the first costs seconds of lazy imports. It draws no random number."""
    x = torch.nn.Parameter(torch.ones(2))
    x.square().sum().backward()
    torch.optim.Adam([x]).step()
