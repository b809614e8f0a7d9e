"""Run the code of the README."""

import re
from pathlib import Path

BLOCKS = re.findall(r"```python\n(.*?)```", (Path(__file__).parents[1] / "README.md").read_text(), re.DOTALL)


def test_ten_lines_and_what_follows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "range(100)" in BLOCKS[1]
    names = {}
    exec(BLOCKS[1].replace("range(100)", "range(10)"), names)
    data = names["data"]
    exec(BLOCKS[2], names)
    assert [row["backend"] for row in names["svi"].explain()] == ["replay"]
    wrong = names["m"].classifier(data.test.x).argmax(-1) != data.test.y
    assert float(wrong.float().mean()) < 0.5
    assert "epochs=50" in BLOCKS[3]
    exec(BLOCKS[3].replace("epochs=50", "epochs=2"), names)
    assert len(names["history"]) == 2 and (tmp_path / "runs" / "mine" / "checkpoint.safetensors").exists()
    assert names["SDGM"].from_pretrained("runs/mine/model").arguments == names["m"].arguments


def test_a_table_with_few_labels():
    names = {}
    assert "DeepGenerativeClassifier(random_state=0)" in BLOCKS[0]
    exec(BLOCKS[0].replace("random_state=0", "random_state=0, epochs=40"), names)
    assert names["classifier"].score(names["X"], names["y"]) > 0.85
    assert names["rows"].shape == (100, 30) and set(names["classes"]) == {1}
