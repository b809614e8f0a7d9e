"""The experiments of many trainings, one file per kind."""

from pyrodgm.zoo.experiments import aevb, gradient_variance, pv_few_labels, pv_new_conditions, ring_potential

FILES = (pv_few_labels, pv_new_conditions, aevb, ring_potential, gradient_variance)
EXPERIMENTS = {experiment.name: experiment for file in FILES for experiment in file.experiments()}
