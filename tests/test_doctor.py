"""The doctor: a fit environment is well, and each illness gets its cure."""

import json
import os
import subprocess
import sys

import pytest
import torch
from packaging.requirements import Requirement

from eqkit import doctor


def test_this_environment_is_well():
    ill = [check for check in doctor.examine() if check.cure and check.name not in ("Chromium", "memory")]
    assert not ill


def test_the_command_prints_one_line_a_check(capsys):
    code = doctor.main()
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[1:] == ["torch", torch.__version__] for line in lines)
    assert lines[-1] == "All is well." if code == 0 else "to mend" in lines[-1]


def test_the_greeting_is_one_constant_line_and_sets_one_thread():
    code = "from eqkit import doctor; import torch; doctor.greet(); print(torch.get_num_threads())"
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, encoding="utf-8"
    )
    greeting, threads = run.stdout.splitlines()
    assert greeting.startswith("eqkit is ready.") and threads == "1" and run.stderr == ""


@pytest.mark.parametrize(("text", "found"), [("torch>=99", ", not >=99"), ("no-such-package==1", "missing")])
def test_a_package_too_old_or_missing_is_told_with_the_cure(text, found):
    (check,) = doctor.packages([Requirement(text)])
    assert found in check.found and check.cure == doctor.INSTALL


def test_a_local_build_of_the_pinned_version_is_well():
    public = torch.__version__.partition("+")[0]
    (check,) = doctor.packages([Requirement(f"torch=={public}")])
    assert not check.cure


def test_a_requirement_for_another_system_is_not_looked_at():
    assert not list(doctor.packages([Requirement("no-such-package==1; sys_platform == 'nowhere'")]))


def test_a_kernel_of_another_environment_is_told(tmp_path, monkeypatch):
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    program = str(tmp_path / "elsewhere" / "python")
    (kernel / "kernel.json").write_text(json.dumps({"argv": [program], "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    check = doctor.kernel()
    assert check.found == program and "kernelspec remove" in check.cure


def test_a_missing_front_end_is_told_by_the_table_and_the_greeting(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert all(check.found == "missing" for check in doctor.front_ends())
    doctor.greet()
    assert "widgets: anywidget: missing. Cure: python -m pip" in capsys.readouterr().out


def test_chromium_is_the_one_named_or_the_first_on_the_path(tmp_path, monkeypatch):
    monkeypatch.delenv("EQKIT_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.chromium() is None and "EQKIT_CHROMIUM" in doctor.browser().cure
    monkeypatch.setenv("EQKIT_CHROMIUM", sys.executable)
    assert doctor.chromium() == sys.executable and not doctor.browser().cure
