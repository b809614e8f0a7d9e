"""Run every example of a docstring. If a comment gives a shape or a number, it is compared.

An example shows what a reader would type in the middle of a program. What comes before it, such as rows ``x`` or a
trained pair ``m``, is created here: ``START`` for all examples, and ``BEFORE`` for single ones.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from textwrap import dedent

import matplotlib
import pytest
import torch

import pyrodgm

matplotlib.use("Agg")
PACKAGE = Path(pyrodgm.__file__).parent
START = """
import pathlib, types
import arviz, pyro, torch
from pyro import poutine
import pyro.distributions as dist
from pyro.infer import SVI, Predictive, Trace_ELBO, TraceEnum_ELBO, TraceMeanField_ELBO
from pyro.optim import Adagrad, Adam, Adamax
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC
from torch.distributions import kl_divergence
import pyrodgm.zoo
from pyrodgm.data import *
from pyrodgm.distributions import *
from pyrodgm.evaluate import *
from pyrodgm.handlers import *
from pyrodgm.infer import *
from pyrodgm.models import *
from pyrodgm.models.networks import Networks
from pyrodgm.nn import *
from pyrodgm.train import *
from pyrodgm.zoo import *
B, D, K = 100, 784, 10
x, y, rows = torch.rand(B, D).round(), torch.arange(B) % K, torch.arange(20)
m = SDGM(D, K, z_size=4, a_size=4, hidden=(16,))
elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
svi = SVI(m.model, m.guide, Adam({"lr": 3e-4}), elbo)
beta = torch.tensor(0.5)
"""
DIGITS = """
data = load("digits")
x, x_validation, rows = data.test.x[:100], data.validation.x, labelled_rows(data.train.y)
m = SDGM(64, 10, z_size=4, a_size=4, hidden=(16,))
svi = SVI(m.model, m.guide, Adam({"lr": 3e-4}), elbo)
batches = [{"x": rows} for rows in x.split(50)]
history = [{"epoch": i, "validation error": 5.0, "KL of z1": torch.rand(4)} for i in range(1, 4)]
"""
MONITORED = """
from pyrodgm.pv import read_logger
lines = ["time,v_dc,i_dc,poa_global,temp_module,state"]
for day in range(1, 7):
    for minute in range(8 * 60, 16 * 60, 5):
        sun = 900 * np.sin((minute / 60 - 6) / 12 * np.pi)
        stamp = f"2024-06-{day:02d}T{minute // 60:02d}:{minute % 60:02d}:00Z"
        label = "NC"[day % 2]
        lines.append(f"{stamp},{300 - sun / 50 - day},{0.008 * sun + day / 50},{sun},{25 + sun / 40 + day},{label}")
pathlib.Path("string.csv").write_text(chr(10).join(lines))
values = next(read_logger("string.csv")).values
"""
MONITOR = (
    MONITORED
    + """
from pyrodgm.pv import Monitor
Monitor.fit("string.csv", "state", ["N"], steps=2).save("roof")
pathlib.Path("new.csv").write_text(pathlib.Path("string.csv").read_text())
"""
)
PENGUINS = """
lines = ["flipper,mass,species", *["181,3750,Adelie", "210,5000,Gentoo"] * 30]
pathlib.Path("penguins.csv").write_text(chr(10).join(lines))
"""
BEFORE = {  # by folder, by file, by example
    "data/batches": "svi = SVI(m.model, m.guide, Adam({'lr': 1e-3}), SemiSupervisedELBO(elbo, alpha=1.0))",
    "data/labels": "x, y, data = torch.rand(500, 4), torch.arange(500) % 10, load('moons')",
    "data/pv/conditions": "from pyrodgm.data.pv import simulate",
    "data/pv/expected": """
from pyrodgm.data.pv import load_module
N = 200
poa_global, temp_module = np.linspace(50, 1000, N), np.linspace(10, 60, N)
i_dc, v_dc = 0.008 * poa_global, 300 - temp_module
""",
    "data/pv/strings": "import numpy as np\nfrom pyrodgm.data.pv import load_module",
    "data/user_data": "y = ['cat', 'dog', None, 'dog'] * 25",
    "data/datasets load": PENGUINS,
    "data/preprocess standardise": PENGUINS,
    "data/preprocess binarise": "images = torch.rand(5, 784)",
    "data/tables read_csv": PENGUINS,
    "data/user_data from_file": PENGUINS,
    "distributions/mixture": "x = torch.rand(5, 4)",
    "distributions/plated": "logits = torch.zeros(5, 3)",
    "distributions/reparameterise": "loc, scale = torch.randn(5), torch.ones(5)",
    "distributions/sum_and_sample": "q_y, B = dist.OneHotCategorical(logits=torch.zeros(5, 10)), 5",
    "estimators": """
X, y = torch.rand(40, 5).numpy(), torch.arange(40).numpy() % 3 - 1
X_new, X_labelled, y_labelled = X, X[y > -1], y[y > -1]
""",
    "estimators/anomalies": "import numpy as np\nfrom pyrodgm.estimators import DeepGenerativeClassifier",
    "estimators/estimator": "from pyrodgm.estimators import M1, DeepGenerativeClassifier",
    "evaluate": DIGITS,
    "evaluate/bits_per_dim": "x = x[:2]",
    "evaluate/decoder_halves": "m, x = FAME((8, 8), z_sizes=(2,), hidden=(5,), maps=(3,), pixel_maps=4), x[:5].round()",
    "evaluate/log_likelihood": "data = types.SimpleNamespace(test=Rows(x[:2], None))",
    "handlers/annealed": """
m = DensityModel(RingPotential())
svi = SVI(m.model, m.guide, Adam({"lr": 1e-3}), Trace_ELBO())
""",
    "handlers/copies": "from pyrodgm.infer.traces import latent_sites",
    "handlers/warm_up": "range = lambda epochs: [0, 1]",
    "handlers/weights": """
m = BayesianMLP(784, 10, hidden=(10,), data_size=100)
svi = SVI(m.model, m.guide, Adam({"lr": 1e-3}), TraceMeanField_ELBO())
""",
    "handlers/weights DrawnWeights": "from pyrodgm.nn.weights import posteriors_of",
    "infer/compiled/compiled_function": "batches, log_p, log_q = x.split(50), *(lambda x, m: x.sum(-1),) * 2",
    "infer/compiled/compiled_svi": "batches = x.split(50)",
    "infer/divergences": """
from pyrodgm.infer.traces import run_pair
pair = run_pair(m.model, m.guide, (x,))
""",
    "infer/importance_weighted": "x = x[:10]",
    "infer/monte_carlo_em": "m = VAE(784, z_size=3, hidden=(10,))",
    "models/density": "range = lambda steps: [0, 1]",
    "models/guide_notes": """
from pyrodgm.models.guide_notes import GuideNote, sample_and_note
self, h2 = torch.nn.Linear(3, 3), torch.rand(5, 3)
self.net = lambda z, h: self(z) + h
q_z1 = p_z1 = dist.Normal(h2, 1).to_event(1)
""",
    "models/ladder": """
d, z_above = torch.rand(5, 512), torch.randn(5, 8)
p_z = posterior_net("normal", parents=(8,), hidden=(5,), size=64)
""",
    "models/semi_supervised_fame": "x = x[:, :64]",
    "models/resnet_vae": "x = torch.randint(256, (4, 3072)).float()",
    "nn": "y = torch.eye(K)[:, None]",
    "nn/weights posteriors_of": "net = CategoricalNet((784,), (300,), 10)\ngive_posteriors(net, 'normal')",
    "nn/flows": "mu, sigma, h = torch.zeros(5, 32), torch.ones(5, 32), torch.rand(5, 500)",
    "nn/flows InverseAutoregressiveFlow": "h = torch.rand(5, 450)",
    "nn/flows flow_net": "mu = sigma = lambda h: torch.ones(len(h), 32)",
    "nn/likelihoods": "z = torch.randn(B, 50)",
    "nn/likelihoods LevelsNet": "x = torch.randint(17, (B, 64)).float()",
    "nn/mixed_columns": "z = torch.randn(B, 50)",
    "nn/map_posteriors": "B, h_q, h_p = 2, torch.rand(2, 64, 16, 16), torch.rand(2, 64, 16, 16)",
    "nn/masked": "z, h = torch.randn(5, 32), torch.randn(5, 450)",
    "plot": DIGITS,
    "plot/plane decision_regions": """
data = load("moons")
m, rows = M2(2, 2, z_size=2, hidden=(5,), likelihood="normal"), labelled_rows(data.train.y)
""",
    "data/pv/strings maximum_power": "from pyrodgm.data.pv import *",
    "distributions/pixel_by_pixel": "B, h, x = 2, torch.rand(2, 32, 28, 28), torch.rand(2, 784).round()",
    "nn/convolution Convolution": "maps, y = torch.rand(B, 1, 28, 28), torch.eye(10)[:, None]",
    "nn/convolution TransposedConvolution": "maps = torch.rand(B, 32, 4, 3)",
    "nn/discretized_logistic": "z, x = torch.randn(B, 50), torch.randint(256, (B, 3072)).float()",
    "nn/masked_conv MaskedConv": "B, x, h = 2, torch.rand(2, 1, 28, 28), torch.rand(2, 32, 28, 28)",
    "nn/masked_conv MaskedConvNet": "z, h = torch.rand(2, 32, 7, 7), torch.rand(2, 160, 7, 7)",
    "nn/residual": "z = torch.randn(5, 32)",
    "nn/pixel_cnn": "B, h, x = 2, torch.rand(2, 32, 28, 28), torch.rand(2, 784).round()",
    "pv": """
import numpy as np
from pyrodgm.pv.logger import read_logger
hours = np.linspace(8, 16, 481)
lines = ["time,v_dc,i_dc,poa_global,temp_air,temp_module,wind_speed"]
for h in hours:
    sun = 900 * np.sin((h - 6) / 12 * np.pi)
    stamp = f"2024-06-01T{int(h):02d}:{round(h * 60) % 60:02d}:00-05:00"
    lines.append(f"{stamp},{300 - h},{0.008 * sun},{sun},{20 + h / 4},{25 + sun / 40},{2 + h % 1}")
pathlib.Path("string.csv").write_text(chr(10).join(lines))
pathlib.Path("logger.toml").write_text('time = "time"' + chr(10) + '[columns]' + chr(10) +
    'v_dc = "V"' + chr(10) + 'i_dc = "I"' + chr(10) + 'poa_global = { column = "POA", unit = "kW/m2" }')
""",
    "pv/expected": """
N = 200
poa_global, temp_module = np.linspace(50, 1000, N), np.linspace(10, 60, N)
i_dc, v_dc = 0.008 * poa_global, 300 - temp_module
""",
    "pv/events": """
time, state, score, joules = 60 * np.arange(30), np.array(["IV"] * 30), np.zeros(30), np.ones(30)
probability = np.ones(30)
""",
    "pv/days": """
time, state, joules = 60 * np.arange(30), np.array(["IV"] * 30), np.ones(30)
from pyrodgm.pv.days import DaysOfString
""",
    "pv/examples": """
state, table = np.array(["IV", "normal"]), np.ones((2, 8))
from pyrodgm.pv.examples import ExamplesOfString
""",
    "pv/intervals": """
pathlib.Path("events.csv").write_text("string,start,end,state" + chr(10) +
    "1,2024-06-01T12:00:00Z,2024-06-01T13:00:00Z,unseen")
""",
    "pv/sampling": MONITORED,
    "pv/series": """
from pyrodgm.pv import Event, number_series
events = [Event("1", 86400 * i + 61200, 86400 * i + 64800, "PS", 0.9, 1.0, 10, 1.0) for i in (1, 2)]
""",
    "pv/monitor": MONITOR,
    "pv/watch": MONITOR + "from pyrodgm.pv import Watch",
    "pv/follow": MONITOR + "from pyrodgm.pv import follow_file",
    "pv/report_page": MONITOR
    + """
from pyrodgm.pv import Watch
from pyrodgm.pv.report_folder import about_report
from pyrodgm.pv.report_page import report_page
watch = Watch(Monitor.load("roof"), 0.01, 15)
watch.take(list(read_logger("new.csv")))
""",
    "pv/monitor_model": MONITORED,
    "zoo/experiment": "from pyrodgm.zoo import EXPERIMENTS",
    "zoo/measurement": """
recipe = RECIPES["moons-m2"]
def train(recipe):
    data, rows, m = prepare(recipe)
    validation, test = (Rows(part.x[:100], part.y[:100]) for part in (data.validation, data.test))
    return data._replace(validation=validation, test=test), rows, m, []
""",
    "zoo/preparation": "from pyrodgm.zoo.recipes import RECIPES",
    "zoo/recipe": "from dataclasses import replace",
    "zoo/results": """
recipe = RECIPES["digits"]
run = lambda recipe, seed: types.SimpleNamespace(figures={"test error": 5.0 + seed})
""",
    "zoo/training": "RECIPES = {'digits': override(RECIPES['moons-m2'], ['epochs=1'])}",
    "testing": """
MyModel = lambda x_size, num_classes: M2(x_size, num_classes, z_size=2, hidden=(5,))
m, x, y = MyModel(4, 3), torch.rand(5, 4), torch.tensor([0, 1, 2, 0, 1])
""",
    "train": DIGITS,
}
LEFT_OUT = {  # example: why it is not run
    "data/dataset images": "wants MNIST",
    "data/preprocess keep_varying": "wants MNIST",
    "data/preprocess dequantise": "wants SVHN",
    "data/preprocess project": "wants SVHN",
    "data/readers read_matlab": "wants SVHN",
    "data/readers read_cifar": "wants CIFAR-10",
    "data/store fetch": "downloads",
    "data/store Resuming": "downloads",
    "nn/precision fast_bfloat16": "wants a GPU",
    "plot/kl kl_heat_maps": "trains for hours",
    "zoo/outcome run": "trains for minutes",
    "zoo/experiments/ring_potential fit_density": "trains for a minute",
}
WITHOUT = {  # public name: why it has no example of its own
    "data.pv.Layout": "uniform_layout gives one",
    "data.pv.Module": "load_module gives one",
    "data.pv.OperatingPoint": "maximum_power gives one",
    "evaluate.LogLikelihood": "log_likelihood gives one",
    "models.Model": "DeepGenerativeModel, the base class to start from, has one",
    "pv.Event": "EventsOfString gives them",
    "pv.FalseAlarms": "Monitor gives one",
    "pv.Interval": "read_intervals gives them",
    "pv.KingModel": "fit_king gives one",
    "pv.LoggerMap": "load_map gives one",
    "pv.NormalDay": "Monitor has a list of them",
    "pv.Piece": "read_logger gives them",
    "pv.Rate": "a part of FalseAlarms",
    "pv.Readings": "a part of Monitor",
    "pv.Report": "Watch gives one",
    "pv.Rows": "sample_rows gives one",
    "pv.Seen": "skip_reasons takes one",
    "pv.States": "Monitor gives one",
    "pv.StringCheck": "check_logger gives one",
    "pv.Thresholds": "a part of Monitor",
    "train.Progress": "Callback gets one",
    "zoo.Outcome": "run gives one",
}
EXAMPLES = {}
for file in sorted(PACKAGE.rglob("*.py")):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            for code in re.findall(r"^Example::\n\n((?:    .*\n?|\n)+)", ast.get_docstring(node) or "", re.MULTILINE):
                name = file.relative_to(PACKAGE).with_suffix("").as_posix()
                EXAMPLES[f"{name} {getattr(node, 'name', '')}"] = dedent(code).strip()


@pytest.mark.parametrize("example", [name for name in EXAMPLES if name not in LEFT_OUT])
def test_example(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file, _ = example.split()
    names = dict(vars(importlib.import_module("pyrodgm." + file.replace("/", "."))))
    for code in (START, *(BEFORE.get(part, "") for part in (file.split("/")[0], file, example))):
        exec(code, names)
    lines = EXAMPLES[example].splitlines()
    for statement in ast.parse(EXAMPLES[example]).body:
        if not isinstance(statement, ast.Expr):
            exec(ast.unparse(statement), names)
            continue
        value = eval(ast.unparse(statement), names)
        wanted = told(lines[statement.end_lineno - 1].partition("  #")[2].strip(), names)
        if isinstance(wanted, tuple):
            assert shape(value) == wanted
        elif wanted is not None:
            assert value == pytest.approx(wanted, rel=1e-4)


def test_what_is_prepared_or_left_out_is_there():
    parts = {part for name in EXAMPLES for part in (name, name.split()[0], name.split("/")[0])}
    assert set(LEFT_OUT) <= set(EXAMPLES) and set(BEFORE) <= parts | {"testing"}


def public():
    """The public functions and classes of packages and of the documented modules, by name."""
    found = {}
    for module in pkgutil.walk_packages(pyrodgm.__path__, "pyrodgm."):
        if module.ispkg or module.name in ("pyrodgm.testing", "pyrodgm.isolation"):
            names = vars(importlib.import_module(module.name))
            own = [name for name, value in names.items() if getattr(value, "__module__", "") == module.name]
            for name in names.get("__all__", () if module.ispkg else own):
                if not name.startswith("_") and (inspect.isclass(names[name]) or inspect.isfunction(names[name])):
                    found[f"{module.name}.{name}".removeprefix("pyrodgm.")] = names[name]
    return found


def test_every_public_function_and_class_has_an_example():
    homes = {
        name: f"{value.__module__.removeprefix('pyrodgm.').replace('.', '/')} {value.__name__}"
        for name, value in public().items()
    }
    assert len(homes) > 150 and {"data.path", "testing.check_pair", "pv.Monitor"} <= set(homes)
    assert sorted(name for name, home in homes.items() if home not in EXAMPLES) == sorted(WITHOUT)


def told(comment, names):
    """The shape or the number that a comment gives, or None."""
    shape = re.fullmatch(r"(?:.*: )?(\((?:\w+, ?)+\w*\))", comment)
    if shape and " or " not in comment:
        return eval(shape[1], names)
    return float(comment) if re.fullmatch(r"-?\d+\.?\d*", comment) else None


def shape(value):
    """The shape of a tensor, of a draw from a distribution, of the drawn x, or of the first of several."""
    if isinstance(value, dict):
        return shape(value["x"])
    if isinstance(value, tuple):
        return shape(value[0])
    return tuple(value.shape() if isinstance(value, torch.distributions.Distribution) else value.shape)
