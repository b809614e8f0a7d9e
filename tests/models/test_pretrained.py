"""Saving and loading a model as a folder, and invalid folders."""

import copy
import functools
import json
import math
import pickle
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam
from safetensors.torch import save_file
from torch.distributions import constraints

from pyrodgm.checks import is_number, is_size
from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.infer import FreeBits
from pyrodgm.models import M2, SDGM, HierarchicalVAE
from pyrodgm.models.base import DeepGenerativeModel
from pyrodgm.models.pretrained import from_plain, to_plain
from pyrodgm.nn import CategoricalNet
from pyrodgm.nn.trunk import Linear
from tests.kills import killed_at
from tests.pairs import every_pair, rows, small


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_every_model_comes_back(model_class, options, tmp_path):
    model = small(model_class, **options)
    model.save_pretrained(tmp_path)
    for again in (model_class.from_pretrained(tmp_path), DeepGenerativeModel.from_pretrained(tmp_path)):
        assert type(again) is model_class and not again.training
        assert all(torch.equal(value, again.state_dict()[name]) for name, value in model.state_dict().items())
        assert repr(again) == repr(model.eval()) and again.arguments == model.arguments
    x = rows(model)[0]
    torch.manual_seed(0)
    expected = model.reconstruct(x)
    torch.manual_seed(0)
    assert torch.equal(again.reconstruct(x), expected)


def test_arguments_survive_copies_and_are_named():
    model = M2(6, 3, hidden=(4,), precision="bfloat16")
    expected = {"x_size": 6, "num_classes": 3, "hidden": (4,), "precision": "bfloat16"}
    for each in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert each.arguments == expected


def test_arguments_are_not_the_callers():
    sizes = [4, 3]
    model = M2(6, 3, hidden=sizes)
    sizes.append("none")
    assert model.arguments["hidden"] == (4, 3)


def test_sizes_of_numpy_are_taken_and_saved(tmp_path):
    """The number of classes of a table is often ``y.max() + 1``, a number of NumPy."""
    y = np.array([0, 2, 1])
    assert [is_size(value) for value in (np.int32(3), 3, 3.0, np.float64(3), True, 0)] == [True, True, *[False] * 4]
    model = M2(np.int32(6), y.max() + 1, z_size=np.int64(2), hidden=[np.int64(4)])
    assert {type(size) for size in (*model.arguments.values(), *model.arguments["hidden"])} == {int, tuple}
    model.save_pretrained(tmp_path)
    assert M2.from_pretrained(tmp_path).arguments == {"x_size": 6, "num_classes": 3, "z_size": 2, "hidden": (4,)}
    HierarchicalVAE(np.int64(6), z_sizes=(np.int64(2), 1), hidden=(np.int64(4),))
    with pytest.raises(ValueError, match="num_classes: got 0, want a positive int"):
        M2(6, y.min())


def test_numbers_of_numpy_are_taken_and_saved(tmp_path):
    given = (np.float32(0.5), 1, np.float64(2), math.nan, math.inf, True, np.bool_(True), "1", None)
    assert [is_number(value) for value in given] == [True] * 3 + [False] * 6
    variance, top = ("normal", {"variance": np.float32(0.5)}), ("sampled", {"top": np.int64(1)})
    model = M2(6, 3, init=np.float32(0.25), likelihood=variance, classes=top)
    model.save_pretrained(tmp_path)
    want = {"init": 0.25, "likelihood": ("normal", {"variance": 0.5}), "classes": ("sampled", {"top": 1})}
    assert M2.from_pretrained(tmp_path).arguments == {"x_size": 6, "num_classes": 3} | want
    assert FreeBits(np.float32(0.25)).nats == 0.25


@pytest.mark.parametrize(
    ("model_class", "options"), [(M2, {"classes": ["sampled", {"top": 1}]}), (HierarchicalVAE, {"z_sizes": [3, 2]})]
)
def test_a_model_that_was_given_a_list_is_saved(model_class, options, tmp_path):
    with suppress(ValueError):
        small(model_class, **options).save_pretrained(tmp_path)
    assert (tmp_path / "config.json").exists()
    (name,) = options
    assert getattr(model_class.from_pretrained(tmp_path), name) == tuple(options[name])


def test_double_precision_is_kept(tmp_path):
    model = small(M2).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)  # of more digits than a float32 has
    model.save_pretrained(tmp_path)
    again = M2.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("moment", [1, 2, 3])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_save_over_another_model_that_is_killed_leaves_the_old_or_the_new(earlier, moment, tmp_path):
    old, new = (small(M2, likelihood=likelihood) for likelihood in ("bernoulli", ("binomial", {"total_count": 5})))
    old.save_pretrained(tmp_path)
    if earlier:  # of a version that wrote no checksum and no copy
        config = json.loads((tmp_path / "config.json").read_text())
        del config["sha256"]
        (tmp_path / "config.json").write_text(json.dumps(config))
        save_file(old.state_dict(), tmp_path / "model.safetensors")
    with killed_at(moment):
        new.save_pretrained(tmp_path)
    found, want = M2.from_pretrained(tmp_path), old if moment == 1 else new
    assert found.arguments == want.arguments
    assert all(torch.equal(value, found.state_dict()[name]) for name, value in want.state_dict().items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "1"}, "config.json: format: got '1', want int"),
        ({"model": ["M2"]}, "config.json: model: got .'M2'., want str"),
        ({"arguments": [6, 3]}, "config.json: arguments: got .6, 3., want dict"),
        ({"arguments": {"x_size": 10**12, "num_classes": 3}}, "config.json: arguments: got .*allocate memory"),
    ],
)
def test_a_config_of_the_wrong_types(change, message, tmp_path):
    small(M2).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(ValueError, match=message):
        M2.from_pretrained(tmp_path)


def test_the_card_says_how_to_load_it(tmp_path):
    small(SDGM).save_pretrained(tmp_path, "| test error | 1.0 |")
    card = (tmp_path / "README.md").read_text()
    assert "SDGM.from_pretrained(" in card and "z_size=2" in card and "| test error | 1.0 |" in card


def test_a_class_of_ones_own_comes_back(tmp_path):
    class Mine(M2):
        pass

    small(Mine).save_pretrained(tmp_path)
    assert type(Mine.from_pretrained(tmp_path)) is Mine
    with pytest.raises(ValueError, match=r"model: got 'Mine'.*want one of ADGM"):
        DeepGenerativeModel.from_pretrained(tmp_path)


def test_a_class_of_ones_own_with_the_name_of_a_model_comes_back_from_a_pickle():
    own = type("M2", (M2,), {})
    assert type(from_plain(to_plain(own(6, 3, hidden=(4,))))) is own


def test_an_argument_that_no_file_can_hold(tmp_path):
    class Mine(M2):
        def __init__(self, x_size, num_classes, weights):
            super().__init__(x_size, num_classes)

    with pytest.raises(ValueError, match="model: got an argument that JSON cannot hold"):
        Mine(6, 3, weights=torch.ones(2)).save_pretrained(tmp_path / "new")
    assert not (tmp_path / "new").exists()


class TestDamaged:
    @pytest.fixture
    def folder(self, tmp_path):
        small(M2).save_pretrained(tmp_path)
        return tmp_path

    def change(self, folder, **changes):
        config = json.loads((folder / "config.json").read_text()) | changes
        (folder / "config.json").write_text(json.dumps(config))

    def refused(self, folder, message):
        with pytest.raises(ValueError, match=message):
            M2.from_pretrained(folder)

    def test_nothing_there(self, tmp_path):
        self.refused(tmp_path, "got no config.json there, want a folder of save_pretrained")

    def test_another_class(self, folder):
        with pytest.raises(ValueError, match="model: got 'M2', want one of SDGM"):
            SDGM.from_pretrained(folder)

    def test_a_newer_version(self, folder):
        self.change(folder, format=3)
        self.refused(folder, "config.json: got format 3, want at most 2: it was written by a newer pyrodgm")

    def test_arguments_that_the_class_does_not_take(self, folder):
        self.change(folder, arguments={"x_size": 6, "num_classes": 3, "colour": "red"})
        self.refused(folder, "arguments: got .*colour")

    def test_tensors_of_another_shape(self, folder):
        self.change(folder, arguments={"x_size": 7, "num_classes": 3})
        self.refused(folder, "(?s)got a damaged file, want a whole model: .*size mismatch")

    @pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
    def test_a_truncated_file(self, folder, name):
        path = folder / name
        path.write_bytes(path.read_bytes()[:-20])
        self.refused(folder, f"{name}: got a damaged file")

    def test_a_file_made_to_run_code(self, folder):
        class Payload:
            def __reduce__(self):
                return (Path.touch, (folder / "executed",))

        torch.save(Payload(), folder / "model.safetensors")
        self.refused(folder, "got a damaged file")
        self.change(folder, model="os.system")
        self.refused(folder, "model: got 'os.system'")
        assert not (folder / "executed").exists()


def test_the_hub_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(ValueError, match=r"huggingface_hub: got no such package, .*pip install pyrodgm\[hub\]"):
        M2.from_pretrained("somebody/a-model")
    with pytest.raises(ValueError, match="huggingface_hub: got no such package, want it to write to somebody/a-model"):
        small(M2).push_to_hub("somebody/a-model")


@pytest.mark.parametrize("name", ["no-such-folder", "./no-such/folder", "../no-such", "~/no-such", "/no-such", "a/b/c"])
def test_the_hub_is_not_asked_for_what_is_no_repository_of_it(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="got no config.json there, want a folder of save_pretrained"):
        M2.from_pretrained(name)


def test_a_repository_of_the_hub_is_read_from_its_local_copy(monkeypatch, tmp_path):
    asked = []
    hub = SimpleNamespace(snapshot_download=lambda *, repo_id: asked.append(repo_id) or str(tmp_path))
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    model = small(M2)
    model.save_pretrained(tmp_path)
    again = M2.from_pretrained("somebody/a-model")
    assert asked == ["somebody/a-model"]
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in model.state_dict().items())


# what was done to an M2, and what is said of it
CHANGED_BY_HAND = {
    "a network of another class": (
        lambda m: setattr(m, "q_y", torch.nn.Sequential(torch.nn.Linear(6, 3))),
        "module 'q_y': Sequential, want CategoricalNet",
    ),
    "a network of other sizes": (
        lambda m: setattr(m, "q_y", CategoricalNet((6,), (4,), 3)),
        "module 'q_y.trunk.layers.1': none, want Linear",
    ),
    "a layer of another width": (
        lambda m: (
            m.q_y.trunk.layers.__setitem__(1, Linear((8,), 4)),
            setattr(m.q_y, "logits", m.q_y.trunk.head(3)),
            setattr(m.q_y.logits, "weight", torch.nn.Parameter(torch.randn(3, 4))),
        ),
        "tensor 'q_y.trunk.layers.1.weight': torch.float32 of shape .4, 8., want torch.float32 of shape .5, 8.",
    ),
    "an activation": (
        lambda m: setattr(m.q_y.trunk, "activation", "tanh"),
        "attribute 'q_y.trunk.activation': 'tanh', want 'relu'",
    ),
    "one more module": (
        lambda m: m.add_module("extra", torch.nn.Identity()),
        "module 'extra': Identity, want none",
    ),
    "no module": (lambda m: delattr(m, "q_y"), "module 'q_y': none, want CategoricalNet"),
    "the classes": (lambda m: setattr(m, "classes", "relaxed"), "attribute 'classes': 'relaxed', want 'enumerated'"),
    "an int that is a float now": (lambda m: setattr(m, "x_size", 6.0), "attribute 'x_size': 6.0, want 6"),
    "an attribute more": (lambda m: setattr(m, "beta", 2.0), "attribute 'beta': 2.0, want none"),
    "an order": (
        lambda m: setattr(m.p_x.trunk.layers[0], "parents", (3, 2)),
        r"attribute 'p_x.trunk.layers.0.parents': \(3, 2\), want \(2, 3\)",
    ),
    "a method": (
        lambda m: setattr(m, "classifier", lambda x: x),
        "attribute 'classifier': .*lambda.*, want none",
    ),
    "a buffer that no file holds": (
        lambda m: m.p_x.sigma.mul_(2.0),
        "attribute 'p_x.sigma': tensor.0.63.*, want tensor.0.31.*",
    ),
    "a network in another precision": (
        lambda m: m.q_y.double(),
        "tensor 'q_y.trunk.layers.0.weight': torch.float64 of .*, want torch.float32 .*",
    ),
    "a hook": (
        lambda m: m.q_y.register_forward_hook(lambda *args: None),
        "module 'q_y' with 1 forward hooks, want none",
    ),
}


class TestChangedByHand:
    """What the arguments do not tell would not come back: it is refused by name, and nothing is written."""

    @pytest.mark.parametrize("change", CHANGED_BY_HAND)
    def test_it_is_refused(self, change, tmp_path):
        model = small(M2, likelihood=("normal", {"variance": 0.1}))
        change, message = CHANGED_BY_HAND[change]
        change(model)
        with pytest.raises(ValueError, match=f"model: got {message}, as M2 builds it from its arguments"):
            model.save_pretrained(tmp_path / "new")
        assert not (tmp_path / "new").exists()

    def test_an_estimator_refuses_it_too(self):
        x = np.random.RandomState(0).randn(12, 3)
        classifier = DeepGenerativeClassifier("m2", z_size=2, hidden=(4,), epochs=1).fit(x, np.arange(12) % 3)
        pickle.dumps(classifier)
        classifier.model_.q_y.trunk.activation = "tanh"
        with pytest.raises(ValueError, match="model: got attribute 'q_y.trunk.activation': 'tanh', want 'relu'"):
            pickle.dumps(classifier)

    def test_training_freezing_devices_and_precision_of_the_whole_are_no_changes(self, tmp_path):
        model = small(M2, likelihood=("normal", {"variance": 0.1})).double().eval()
        model.p_x.requires_grad_(False)
        SVI(model.model, model.guide, Adam({}), TraceEnum_ELBO(max_plate_nesting=1)).step(rows(model)[0].double())
        before = torch.get_rng_state()
        model.save_pretrained(tmp_path)
        assert torch.equal(torch.get_rng_state(), before)
        M2.from_pretrained(tmp_path)

    def test_a_class_of_ones_own_may_keep_what_it_likes(self, tmp_path):
        def leaky(slope):
            return lambda x: F.leaky_relu(x, slope)

        class Mine(M2):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.register_buffer("seen", torch.zeros(2), persistent=False)
                self.edges, self.act, self._last = [1.0, float("nan")], F.relu, None
                self.half, self.slope = functools.partial(torch.mul, other=0.5), leaky(0.1)
                self.support, self.range = self.p_x.support, constraints.interval(0, 1)

        model = Mine(x_size=6, num_classes=3, hidden=(4,))
        model._last = torch.ones(3)
        model.save_pretrained(tmp_path / "first")
        for name, value in {
            "act": F.elu,
            "edges": [1.0, 2.0],
            "half": functools.partial(torch.mul, other=0.4),
            "slope": leaky(0.2),
            "support": 1,
            "range": constraints.interval(0, 2),
            "seen": torch.ones(2),
        }.items():
            other = copy.deepcopy(model)
            setattr(other, name, value)
            with pytest.raises(ValueError, match=f"model: got attribute '{name}'"):
                other.save_pretrained(tmp_path / "second")

    def test_arguments_without_a_name(self, tmp_path):
        class Mine(M2):
            def __init__(self, *sizes):
                super().__init__(*sizes)

        with pytest.raises(ValueError, match="model: got arguments that cannot rebuild it .*, want named arguments"):
            Mine(6, 3).save_pretrained(tmp_path)


def test_a_model_is_pushed_with_its_card_to_a_repository_that_may_exist(monkeypatch):
    made, uploaded = [], {}

    def upload_folder(repo_id, folder_path):
        uploaded.update({path.name: path.read_bytes() for path in Path(folder_path).iterdir()})

    hub = SimpleNamespace(create_repo=lambda *args, **kwargs: made.append((args, kwargs)), upload_folder=upload_folder)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    small(M2).push_to_hub("someone/digits-m2", card="Trained on digits.")
    assert made == [(("someone/digits-m2",), {"exist_ok": True})]
    assert uploaded.keys() == {"README.md", "config.json", "model.safetensors"}
    assert b"Trained on digits." in uploaded["README.md"]
