from dataclasses import replace

import pytest
import torch

from pyrodgm.models import M2
from pyrodgm.zoo import RECIPES, override, prepare

DIGITS = RECIPES["digits"]


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ("epochs=7", "epochs", 7),
        ("learning_rate=1", "learning_rate", 1.0),
        ("num_labels=none", "num_labels", None),
        ("milestones=[2, 4]", "milestones", (2, 4)),
        ("milestones=[1]", "milestones", (1,)),
        ("milestones=[]", "milestones", ()),
        ("num_labels=None", "num_labels", None),
        ("schedule=none", "schedule", None),
        ("start_from=none", "start_from", None),
        ("model.posterior=none", "model", (DIGITS.model[0], DIGITS.model[1] | {"posterior": None})),
        ("schedule.start=3", "schedule", ("linear", {"start": 3, "end": 400})),
        ("schedule=step", "schedule", ("step", {})),
        (
            "model=M2",
            "model",
            (M2, {name: value for name, value in DIGITS.model[1].items() if name != "a_size"}),  # it has no a
        ),
        ("model.hidden=[5]", "model", (DIGITS.model[0], DIGITS.model[1] | {"hidden": (5,)})),
        ("model.batch_norm=true", "model", (DIGITS.model[0], DIGITS.model[1] | {"batch_norm": True})),
        ("optimizer=Adamax", "optimizer", ("Adamax", {})),
        ("optimizer.betas=[0.5, 0.9]", "optimizer", ("Adam", {"betas": (0.5, 0.9)})),
        ("pretrained=digits-m1", "pretrained", ("digits-m1", {})),
        ("start_from=digits", "start_from", ("digits", {})),
        ("objective=wake_sleep", "objective", ("wake_sleep", {})),
        ("warm_up_start=0.3", "warm_up_start", 0.3),
        ("kl_units=true", "kl_units", True),
        ("kl_units=True", "kl_units", True),
        ("model.batch_norm=False", "model", (DIGITS.model[0], DIGITS.model[1] | {"batch_norm": False})),
        (
            'classes_by_epoch=[[0, "enumerated"], [8, ["sampled", {"top": 2}]]]',
            "classes_by_epoch",
            ((0, "enumerated"), (8, ("sampled", {"top": 2}))),
        ),
        ("data=moons", "data", ("moons", {})),
        ('preprocess=[["standardise", {}]]', "preprocess", (("standardise", {}),)),
    ],
)
def test_a_setting_is_changed_and_no_other(change, field, value):
    try:
        found = override(DIGITS, [change])
    except ValueError as refused:
        found = refused
    assert found == replace(DIGITS, **{field: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("epochs", "--set: got 'epochs', want key=value"),
        ("epoch=3", "--set: got 'epoch' (did you mean 'epochs'?)"),
        ("name=other", "--set: got 'name'"),
        ("epochs=3.5", "epochs: got 3.5, want int"),
        ("epochs=true", "epochs: got True, want int"),
        ("num_labels=few", "num_labels: got 'few', want int or none"),
        ("model=ADGN", "model: got 'ADGN' (did you mean 'ADGM'?)"),
        ("model.z_size=big", "model.z_size: got 'big', want int"),
        ("model.zsize=3", "model: option: got 'zsize' (did you mean 'z_size'?)"),
        ("optimizer=Adm", "optimizer: got 'Adm' (did you mean 'Adam'?)"),
        ("data.noise=0.3", "data: option: got 'noise'"),
        ("data=moon", "data: got 'moon' (did you mean 'moons'?)"),
        ("data=none.csv", "data: got none.csv, want an existing file"),
        ("beta.x=1", "beta.x: got an option"),
        ("objective=elbow", "objective: got 'elbow' (did you mean 'elbo'?)"),
        ("objective=free_bits", "objective: got free_bits without nats, want objective.nats=... too"),
        ("objective=none", "objective: got None, want a name"),
        ("resample=resample_counts", "resample: got resample_counts without total_count, draws, want resample.total_"),
        ("objective.num_particles=2", "objective: option: got 'num_particles'"),
        ("start_from.epochs=2", "start_from.epochs: got an option, want start_from=..."),
        ("start_from=digit", "start_from: got 'digit' (did you mean 'digits'?)"),
        ("warm_up_start=-1", "warm_up_start: got -1.0, want a number of at least 0"),
        ("kl_units=1", "kl_units: got 1, want bool"),
        ("learning_rate=0", "learning_rate: got 0.0, want a positive number"),
        ("learning_rate=NaN", "learning_rate: got nan, want a finite number"),
        ("max_norm=1e999", "max_norm: got inf, want a finite number"),
        ("beta=-1", "beta: got -1.0, want a number of at least 0"),
        ("milestones=[3, -1]", "milestones: got -1, want epochs of at least 1"),
        ("milestones=[0]", "milestones: got 0, want epochs of at least 1"),
        ("ema=1", "ema: got 1.0, want a number above 0 and below 1"),
        ("optimizer.betas=[0.9]", "optimizer: got Adam with {'betas': (0.9,)}, want options that it takes"),
        ("optimizer.eps=-1", "optimizer: got Adam with {'eps': -1}, want options that it takes (Invalid epsilon"),
        ("model.hidden=64", "model.hidden: got 64, want a list in square brackets"),
    ],
)
def test_what_is_not_there_or_of_another_type(change, message):
    with pytest.raises(ValueError) as error:
        override(DIGITS, [change])
    assert message in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        "epochs=1",
        "measure_every=1",
        "num_particles=1",
        "importance_samples=0",
        "importance_rows=1",
        "warm_up_start=0",
    ],
)
def test_the_least_number_is_taken(change):
    field, _, number = change.partition("=")
    try:
        found = getattr(override(DIGITS, [change]), field)
    except ValueError as refused:
        found = refused
    assert found == int(number)


def test_the_data_are_a_file_of_the_users(tmp_path):
    (path := tmp_path / "mine.csv").write_text("a,label\n1,0\n")
    assert override(DIGITS, [f"data={path}"]).data == (str(path), {})


def test_the_path_of_a_file_is_no_option_of_it(tmp_path):
    (path := tmp_path / "mine.csv").write_text("a,label\n1,0\n")
    with pytest.raises(ValueError, match="data: option: got 'path', want one of label, seed, split"):
        override(DIGITS, [f"data={path}", "data.path=other.csv"])


@pytest.mark.parametrize("name", ["mnist-m2", "mnist-m1"])
@pytest.mark.parametrize("init", ["glorot", 0.01])
def test_an_initialisation_is_a_name_or_a_number_whatever_the_recipe_has(name, init):
    assert override(RECIPES[name], [f"model.init={init}"]).model[1]["init"] == init


@pytest.mark.parametrize(
    ("name", "change", "value"),
    [
        ("mnist-sdgm", "batch_norm=heads", "heads"),
        ("mnist-lvae", "batch_norm=false", False),
        ("mnist-dropout-binary-150", "dropout=0.3", 0.3),
        ("mnist-dropout-variational-a-150", "dropout=[0.2, 0.5]", (0.2, 0.5)),
    ],
)
def test_an_option_of_two_types_may_change_from_one_to_the_other(name, change, value):
    try:
        found = override(RECIPES[name], [f"model.{change}"]).model[1][change.partition("=")[0]]
    except ValueError as refused:
        found = refused
    assert found == value


def test_an_option_has_the_type_that_the_recipe_chose_if_its_default_is_none():
    with pytest.raises(ValueError, match=r"model.classifier_hidden: got 3, want a list in square brackets"):
        override(RECIPES["circles-m2"], ["model.classifier_hidden=3"])


def test_settings_reach_the_model_and_the_data():
    recipe = override(RECIPES["moons-m2"], ["model.z_size=3", "data.noise=0.0", 'preprocess=[["standardise", {}]]'])
    data, _, model = prepare(recipe)
    assert model.z_size == 3
    torch.testing.assert_close(data.train.x.std(0, correction=0), torch.ones(2))
