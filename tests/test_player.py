"""The Player without a browser: nothing is lost, nothing runs on, and nobody's numbers change."""

import asyncio
import os
import signal
import threading
import time

import pytest
import torch

from eqkit.views.player import MainLoop, Player, warm_up


class Recorder:
    """A player of numbers that notes what it was asked to draw and to keep."""

    def __init__(self, frames, pause=0.0, **options):
        self.shown, self.kept = [], []
        self.player = Player(
            self.shown.append, lambda all_: self.kept.append(list(all_)), "number {}".format, **options
        )
        self.player.load(lambda: self.count(frames, pause))

    @staticmethod
    def count(frames, pause):
        for i in range(frames):
            time.sleep(pause)
            yield i


async def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.005)


def test_run_keeps_every_snapshot_and_shows_the_last():
    recorder = Recorder(50)
    recorder.player.run()
    assert recorder.player.snapshots == recorder.kept[-1] == list(range(50))
    assert recorder.shown[-1] == 49
    assert recorder.player.bar.finished and not recorder.player.running
    assert recorder.player.bar.status == "number 49"


def test_run_goes_on_where_it_stopped():
    player = Recorder(10).player
    player.run(3)
    assert player.snapshots == [0, 1, 2] and not player.bar.finished
    player.run(4)
    assert player.snapshots == list(range(7))
    player.run()
    assert player.snapshots == list(range(10))


def test_beyond_the_limit_snapshots_are_thinned_evenly():
    player = Recorder(100, limit=16).player
    player.run()
    steps = {b - a for a, b in zip(player.snapshots, player.snapshots[1:], strict=False)}
    assert len(player.snapshots) <= 16 and player.snapshots[0] == 0 and steps == {8}


def test_an_interrupt_ends_the_run_after_the_step_and_loses_nothing():
    recorder = Recorder(1000, pause=0.002)
    before = signal.getsignal(signal.SIGINT)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    recorder.player.run()
    done = len(recorder.player.snapshots)
    assert 0 < done < 1000 and "interrupted" in recorder.player.bar.status
    assert signal.getsignal(signal.SIGINT) is before
    recorder.player.run(5)
    assert recorder.player.snapshots == list(range(done + 5))


def test_an_error_in_a_run_is_raised_with_the_snapshots_kept():
    def frames():
        yield 1
        raise ArithmeticError("the loss is nan")

    recorder = Recorder(0)
    recorder.player.load(frames)
    with pytest.raises(ArithmeticError, match="nan"):
        recorder.player.run()
    assert recorder.kept[-1] == [1] and not recorder.player.running


def test_seek_shows_a_kept_snapshot_on_every_follower():
    player, follower = Recorder(10).player, Recorder(0).player.bar
    player.follow(follower, "count")
    player.run()
    player.seek(-3)
    assert player.position == player.current == follower.count == 7
    with pytest.raises(IndexError, match="there are 10 snapshots"):
        player.seek(10)


def test_play_outside_a_notebook_says_what_to_use():
    with pytest.raises(RuntimeError, match=r"use run\(steps\)"):
        Recorder(1).player.play()


def test_play_trains_in_the_background_and_stop_stops_it():
    async def scene():
        recorder = Recorder(10_000, fps=200)
        player = recorder.player
        player._message(player.bar, {"action": "play"}, [])
        await until(lambda: len(player.snapshots) >= 5)
        assert player.running and recorder.shown[:5] == [0, 1, 2, 3, 4]
        threading.Thread(target=player._message, args=(player.bar, {"action": "stop"}, [])).start()
        await until(lambda: not player.running)
        done = len(player.snapshots)
        assert recorder.shown[-1] == done - 1 and len(recorder.kept[-1]) == done
        player.play()
        await until(lambda: len(player.snapshots) > done)
        player.stop()
        await until(lambda: not player.running)
        assert player.snapshots == list(range(len(player.snapshots)))

    asyncio.run(scene())


def test_pressing_play_twice_trains_once():
    async def scene():
        player = Recorder(40, fps=500).player
        for _ in range(3):
            player.play()
        await until(lambda: player.bar.finished)
        assert player.snapshots == list(range(40))

    asyncio.run(scene())


def test_frames_are_paced():
    async def scene():
        player = Recorder(20, fps=100).player
        started = time.monotonic()
        player.play()
        await until(lambda: player.bar.finished)
        assert time.monotonic() - started >= 0.18

    asyncio.run(scene())


def test_starting_another_player_stops_the_first():
    async def scene():
        first, second = Recorder(10_000, fps=200).player, Recorder(10_000, fps=200).player
        first.play()
        await until(lambda: len(first.snapshots) > 2)
        second.play()
        await until(lambda: len(second.snapshots) > 2 and not first.running)
        done = len(first.snapshots)
        await asyncio.sleep(0.05)
        assert len(first.snapshots) == done and second.running
        second.stop()
        await until(lambda: not second.running)

    asyncio.run(scene())


def test_an_error_while_playing_is_shown_in_the_bar():
    def frames():
        yield 1
        raise ArithmeticError("the loss is nan")

    async def scene():
        player = Recorder(0).player
        player.load(frames)
        player.play()
        await until(lambda: player.bar.failed and not player.running)
        assert "ArithmeticError: the loss is nan" in player.bar.status and player.snapshots == [1]

    asyncio.run(scene())


@pytest.mark.parametrize("end", [lambda player: player.load(lambda: iter([7, 8])), Player.close], ids=["load", "close"])
def test_loading_and_closing_stop_what_plays(end):
    async def scene():
        player = Recorder(10_000, fps=200).player
        player.play()
        await until(lambda: len(player.snapshots) > 2)
        end(player)
        await until(lambda: not player.running)
        done = len(player.snapshots)
        await asyncio.sleep(0.05)
        assert len(player.snapshots) == done

    asyncio.run(scene())


def test_a_run_in_a_cell_takes_over_from_play():
    async def scene():
        player = Recorder(10_000, fps=200).player
        player.play()
        await until(lambda: len(player.snapshots) > 2)
        done = len(player.snapshots)
        player.run(5)
        await asyncio.sleep(0.05)
        assert player.snapshots == list(range(done + 5)) and not player.running

    asyncio.run(scene())


def test_many_events_become_one_call_with_the_last_value():
    async def scene():
        main, value, seen = MainLoop(), [0], []

        def action():
            seen.append((value[0], threading.current_thread() is threading.main_thread()))

        def slide():
            for i in range(200):
                value[0] = i
                main.call(action)

        thread = threading.Thread(target=slide)
        thread.start()
        thread.join()  # the loop could not run meanwhile
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert seen == [(199, True)]

    asyncio.run(scene())


def test_warming_up_draws_no_random_number():
    before = torch.get_rng_state()
    warm_up()
    assert torch.equal(before, torch.get_rng_state())
