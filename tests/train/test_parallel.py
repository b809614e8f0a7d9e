"""Two processes, compared with one on the joint batch."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyro
import pyro.distributions as dist
import pytest
import torch
from safetensors.torch import load_file

from pyrodgm.data import Batches
from pyrodgm.handlers import JointNoise

ROOT = Path(__file__).parents[2]
LAUNCHER = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]


def launch(command, cwd=ROOT):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize(
    ("backend", "pair"),
    [
        ("svi", "adgm"),
        pytest.param("replay", "adgm", marks=pytest.mark.slow),
        ("svi", "iaf"),
        ("svi", "sampled"),
        pytest.param("replay", "sampled", marks=pytest.mark.slow),
    ],
)
def test_two_processes_have_the_gradients_and_the_curve_of_one(backend, pair, tmp_path):
    script = ["-m", "tests.train.two_processes", backend, pair]
    launch([*script, str(tmp_path / "one.end")])
    launch([*LAUNCHER, *script, str(tmp_path / "two.end")])
    one, two = load_file(tmp_path / "one.end"), load_file(tmp_path / "two.end")
    for name, expected in one.items():
        torch.testing.assert_close(two[name], expected, rtol=1e-6, atol=1e-6, msg=lambda m, n=name: f"{n}: {m}")
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"checkpoint.safetensors", "history.csv"}


def test_two_processes_stop_at_the_same_step(tmp_path):
    launch([*LAUNCHER, "-m", "tests.train.two_that_stop", "stop", str(tmp_path)])
    ends = [(tmp_path / rank).read_text() for rank in "01"]
    assert ends[0] == ends[1] and ends[0].startswith("stopped in epoch 2 and saved to")
    assert (tmp_path / "run" / "checkpoint.safetensors").exists()


def test_two_processes_stop_after_the_same_epoch(tmp_path):
    launch([*LAUNCHER, "-m", "tests.train.two_that_stop", "epoch", str(tmp_path)])
    assert [(tmp_path / rank).read_text() for rank in "01"] == ["2", "2"]


def test_two_processes_with_other_rows_are_refused(tmp_path):
    launch([*LAUNCHER, "-m", "tests.train.two_that_stop", "rows", str(tmp_path)])
    ends = [(tmp_path / rank).read_text() for rank in "01"]
    assert ends[0] == ends[1]
    assert re.fullmatch(
        "batches: got .*'rows': 60, .* in one process and .*'rows': 59, .* want the same in all", ends[0]
    )


def test_two_processes_name_the_batch_and_the_site_where_one_diverged(tmp_path):
    launch([*LAUNCHER, "-m", "tests.train.two_that_stop", "nan", str(tmp_path)])
    ends = [(tmp_path / rank).read_text() for rank in "01"]
    assert ends[0] == "the loss is nan at epoch 1, batch 4: in the rows of another process"
    assert ends[1] == "the loss is nan at epoch 1, batch 4: the value of site 'z' is not finite"


def test_the_command_line_trains_with_two_processes(tmp_path):
    command = ["-m", "pyrodgm", "train", "moons-adgm", "--epochs", "1", "--runs", "two"]
    for setting in ("num_labels=8", "batch_size=2000", "model.hidden=[8]", "baselines=[]"):
        command += ["--set", setting]
    together = launch([*LAUNCHER, *command], cwd=tmp_path)
    assert together.count("validation error (%)") == 1 and "test error" in together
    (run,) = (tmp_path / "two").iterdir()
    assert run.name.startswith("moons-adgm+num_labels=8") and run.name.endswith("+epochs=1")
    assert (run / "seed-0" / "model" / "model.safetensors").exists()


def test_the_results_of_two_processes_are_written_by_the_first(tmp_path):
    command = ["-m", "tests.train.two_that_reproduce", "reproduce", "moons-adgm", "--epochs", "1", "--seeds", "2"]
    for setting in ("num_labels=8", "batch_size=2000", "model.hidden=[8]", "baselines=[]"):
        command += ["--set", setting]
    together = launch([*LAUNCHER, *command], cwd=tmp_path)
    assert together.count("Wrote results") == 1
    (written,) = (tmp_path / "results").glob("*.json")
    assert set(json.loads(written.read_text())["figures"]) == {"0", "1"}
    assert [path.name for path in tmp_path.glob("rank-*")] == ["rank-0"]


@pytest.mark.parametrize(
    "site",
    [dist.Bernoulli(torch.full((3,), 0.5)), dist.OneHotCategorical(torch.ones(3, 2)), dist.Gamma(torch.ones(3), 1.0)],
)
def test_noise_that_cannot_be_shared_is_refused(site):
    with (
        JointNoise(0, 2),
        pyro.plate("batch", 3),
        pytest.raises(ValueError, match="site 'z': distribution: got .*, want a normal or a flow"),
    ):
        pyro.sample("z", site)


def test_the_shares_of_a_batch_are_the_batch():
    x = torch.arange(24.0)[:, None]
    labelled = (x[:6], torch.arange(6) % 2)
    shares = [list(Batches(x, 8, labelled, labelled_batch_size=4, share=(rank, 2))) for rank in (0, 1)]
    for whole, *parts in zip(Batches(x, 8, labelled, labelled_batch_size=4), *shares, strict=True):
        assert torch.equal(torch.cat([part["unlabelled"] for part in parts]), whole["unlabelled"])
        assert torch.equal(torch.cat([part["labelled"][1] for part in parts]), whole["labelled"][1])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"batch_size": 5}, "batch_size: got 5, want a multiple of 2, the number of processes"),
        ({"batch_size": 4, "labelled_batch_size": 3}, "labelled rows per batch: got 3, want a multiple of 2"),
    ],
)
def test_batches_that_cannot_be_shared(sizes, message):
    x = torch.rand(12, 1)
    with pytest.raises(ValueError, match=message):
        Batches(x, labelled=(x[:6], torch.zeros(6).long()), share=(0, 2), **sizes)


def test_labelled_rows_that_are_in_every_batch_are_shared_evenly_too():
    x = torch.rand(12, 1)
    with pytest.raises(ValueError, match="labelled rows per batch: got 5, want a multiple of 2"):
        Batches(x, 4, labelled=(x[:5], torch.zeros(5).long()), share=(0, 2))
