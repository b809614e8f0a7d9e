"""The README's code, run as it stands."""

import re
from pathlib import Path

import torch

from pyrodgm.testing import check_enumeration, check_every_parameter_moves, check_generates

BLOCKS = re.findall(r"```python\n(.*?)```", (Path(__file__).parents[1] / "README.md").read_text(), re.DOTALL)


def test_ten_lines_and_what_follows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "range(100)" in BLOCKS[0]
    names = {}
    exec(BLOCKS[0].replace("range(100)", "range(10)"), names)
    data = names["data"]
    exec(BLOCKS[2], names)
    assert [row["backend"] for row in names["svi"].explain()] == ["replay"]
    wrong = names["m"].classifier(data.test.x).argmax(-1) != data.test.y
    assert float(wrong.float().mean()) < 0.5
    assert "epochs=50" in BLOCKS[3]
    exec(BLOCKS[3].replace("epochs=50", "epochs=2"), names)
    assert len(names["history"]) == 2 and (tmp_path / "runs" / "mine" / "checkpoint.safetensors").exists()
    assert names["SDGM"].from_pretrained("runs/mine/model").arguments == names["m"].arguments


def test_a_new_pair_passes_its_checks():
    names = {}
    exec(BLOCKS[4], names)
    model, x, y = names["M2"](4, 3, hidden=(5,)), torch.rand(5, 4), torch.tensor([0, 1, 2, 0, 1])
    check_enumeration(model, x)
    check_every_parameter_moves(model, x, y)
    check_generates(model, x, y)


def test_a_table_with_few_labels():
    names = {}
    assert "DeepGenerativeClassifier(random_state=0)" in BLOCKS[1]
    exec(BLOCKS[1].replace("random_state=0", "random_state=0, epochs=40"), names)
    assert names["classifier"].score(names["X"], names["y"]) > 0.85
    assert names["rows"].shape == (100, 30) and set(names["classes"]) == {1}
