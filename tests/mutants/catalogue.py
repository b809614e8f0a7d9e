"""The mutants: slips of the pen, each with the tests that must notice it.

A mutant names a file, a piece of its text that occurs there once, what takes its place, and the tests, single ones so
that a mutant costs seconds. Every formula that is added to the package gets its mutants here.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS: list[Mutant] = []


def mutants(file, *changes):
    """Note the mutants of a file of the package, each ``(old, new, test, ...)``, tests by their path under tests/."""
    for old, new, *tests in changes:
        MUTANTS.append(Mutant(f"pyrodgm/{file}", old, new, tuple(f"tests/{test}" for test in tests)))


def by_hand(pair):
    return f"models/test_matrix.py::test_loss_and_gradients_agree_with_the_formulas_by_hand[{pair}]"


# models

mutants(
    "models/vae.py",
    ("self.q_z(self.scaled(x))", "self.q_z(x - 0.5)", by_hand("VAE-")),
    ("obs=x)  # (B, x)", "obs=x.round())  # (B, x)", by_hand("VAE-")),
)
mutants(
    "models/m2.py",
    ("self.uniform_one_hot(), obs=y", "self.q_y(self.scaled(x)), obs=y", by_hand("M2-")),
    ("pyro.sample(\"z\", self.q_z(x, y))", "pyro.sample(\"z\", self.q_z(x, torch.ones_like(y) / len(y)))".replace("torch.ones_like(y) / len(y)", "0 * y"), by_hand("M2-")),
    (
        "return self.q_y(self.scaled(x)).probs",
        "return self.q_y(x).probs",
        "models/test_matrix.py::TestClasses::test_classifier_reads_the_scale_of_the_guide[M2]",
    ),
)
mutants(
    "models/adgm.py",
    ("if self.a_reads_x else (z, y)", "if not self.a_reads_x else (z, y)", by_hand("ADGM-"), by_hand("ADGM-a_reads_x=True")),
    ("elif self.stochastic:\n", "elif False:\n", by_hand("ADGM-auxiliary=uninformed")),
    ("self.p_x(z, y), obs=x)", "self.p_x(0 * z, y), obs=x)", by_hand("ADGM-")),
)
mutants(
    "models/auxiliary.py",
    ("self.sample_class(self.q_y(a, x))", "self.sample_class(self.q_y(0 * a, x))", by_hand("SDGM-")),
    ("self.q_z(a, y, x))  # (B, z)", "self.q_z(a, y, 0 * x))  # (B, z)", by_hand("SDGM-")),
    (
        "return self.q_y(a, x).probs.mean(0)",
        "return self.q_y(a.mean(0), x).probs",
        "models/test_matrix.py::TestClasses::test_classifier_is_the_mean_over_the_latents[SDGM]",
    ),
)
mutants(
    "models/sdgm.py",
    ("self.p_a(z, y))  # (B, a)", "self.standard_normal(self.a_size))  # (B, a)", by_hand("SDGM-")),
    ("self.p_x(a, z, y), obs=x)", "self.p_x(a, 0 * z, y), obs=x)", by_hand("SDGM-")),
)
mutants(
    "models/avae.py",
    ("p_a(*z[i:]))  # (B, a_i)", "p_a(*(0 * z_i if j else z_i for j, z_i in enumerate(z[i:]))))", by_hand("AVAE-")),
    ("self.p_z[i](z[0])))  # (B, z_i)", "self.p_z[i](z[-1])))", by_hand("AVAE-z_sizes=(4, 3, 2)-a_sizes=(2, 3, 4)")),
    ("q_z(*a, x if i == 0 else z))  # (B, z_i)", "q_z(*a, x if i == 0 else 0 * z))", by_hand("AVAE-")),
)
mutants(
    "models/m1m2.py",
    ("self.p_z1(z2, y))  # (B, z1)", "self.standard_normal(self.z1_size))  # (B, z1)", by_hand("M1M2-")),
    ("net.requires_grad_(joint)", "net.requires_grad_(True)", "models/test_m1m2.py::test_a_fixed_m1_is_the_vaes_whatever_is_trained[False]"),
    ("            self.p_x.eval()\n", "            pass\n", "models/test_m1m2.py::test_a_fixed_m1_is_the_vaes_whatever_is_trained[True]"),
)
mutants(
    "models/cagem.py",
    ("Plated(self.categorical(self.p_y(z2)))", "self.uniform_one_hot()", by_hand("CaGeM-")),
    ("self.p_x(z1, y), obs=x)", "self.p_x(z1, 0 * y), obs=x)", by_hand("CaGeM-")),
    ("if self.skip else self.q_z2(y, z1)", "if self.skip else self.q_z2(0 * y, z1)", by_hand("CaGeM-skip=False")),
    ("return -(y * (log_p + q_y.logits.log_softmax(-1))).sum()", "return -(y * log_p).sum()", "models/test_cagem.py::test_class_term_is_the_two_cross_entropies[True]"),
    ("labelled_weight = 0.0", "labelled_weight = 1.0", "models/test_cagem.py::test_class_term_reaches_the_class_networks_alone"),
    ("return self._cascade(q_y, p_y).exp().mean(0)", "return p_y.probs.mean(0).mean(0)", "models/test_cagem.py::test_classifiers_are_averages_over_samples[generative]"),
)
mutants(
    "models/latent_classifier.py",
    ('self.bound == "jensen"', 'self.bound == "exact"', by_hand("LatentClassifierVAE-")),
    ("parents = (z, y) if self.x_reads_y else (z,)\n", "parents = (z, 0 * y) if self.x_reads_y else (z,)\n", by_hand("LatentClassifierVAE-")),
    ("return self.p_y(z).probs.mean(0)", "return self.p_y(z.mean(0)).probs", "models/test_latent_classifier.py::test_the_classifier_averages_over_the_latent[LatentClassifierVAE-normal]"),
)
mutants(
    "models/split_latent_classifier.py",
    ("self.standard_normal(self.z_y_size))  # (B, z_y)", "dist.Normal(torch.zeros(self.z_y_size), 2.0).to_event(1))".replace("dist.Normal(torch.zeros(self.z_y_size), 2.0).to_event(1)", "self.q_z_y(x))"), by_hand("SplitLatentClassifierVAE-")),
    ("self.q_z(z_y, x))  # (B, z)", "self.q_z(0 * z_y, x))", by_hand("SplitLatentClassifierVAE-")),
)
mutants(
    "models/adversarial_m2.py",
    ("return 2 * z.detach() - z", "return z", "models/test_adversarial_m2.py::test_the_adversary_descends_its_loss_and_the_encoder_ascends_it[False]"),
    ("return -self.f_y(_reversed(z)).log_prob(y).sum()", "return -self.f_y(_reversed(z)).log_prob(y).mean()", "models/test_adversarial_m2.py::test_the_adversary_descends_its_loss_and_the_encoder_ascends_it[False]"),
)
mutants(
    "models/base.py",
    ("return x if self.p_x.scale == 1 else x / self.p_x.scale", "return x", "models/test_matrix.py::TODO_scaled"),
    ("dist.OneHotCategorical(logits=next(self.parameters()).new_zeros(self.num_classes))", "dist.OneHotCategorical(logits=torch.arange(1.0 * self.num_classes).to(next(self.parameters())))", by_hand("M2-")),
    ("return dist.Normal(zeros, torch.ones_like(zeros)).to_event(1)", "return dist.Normal(zeros, 2 * torch.ones_like(zeros)).to_event(1)", by_hand("VAE-")),
    ('options.get("temperature", 0.5) if', '1 + options.get("temperature", 0.5) if', "models/test_many_classes.py::TODO"),
    ("torch.randn(num_samples, 1, size, generator=generator)", "torch.rand(num_samples, 1, size, generator=generator)", "models/test_cagem.py::test_classifiers_are_averages_over_samples[inference]"),
    ('return model_trace.trace.nodes["x"]["fn"].mean', 'return model_trace.trace.nodes["x"]["value"]', "models/test_matrix.py::TODO_reconstruct"),
)

# networks

mutants(
    "nn/likelihoods.py",
    ("sigma = (0.5 * self.log_variance(*h)).exp() if hasattr", "sigma = self.log_variance(*h).exp() if hasattr", "nn/test_likelihoods.py::test_normal_variance_is_the_exponential_of_its_head"),
    ("torch.tensor(math.sqrt(variance))", "torch.tensor(float(variance))", "nn/test_likelihoods.py::test_a_fixed_variance_is_that_of_every_feature"),
    ("integers from 0 to {num_levels - 1}\", num_levels - 1", "integers from 0 to {num_levels - 1}\", num_levels", "TODO_scale_levels"),
    ("logits.unflatten(-1, (self.size, self.num_levels))", "logits.unflatten(-1, (self.num_levels, self.size)).mT", "nn/test_likelihoods.py::test_binomial_and_categorical_are_those_of_torch"),
    ("dist.Binomial(self.total_count, logits", "dist.Binomial(self.total_count, probs", "x"),
)
mutants(
    "nn/posteriors.py",
    ("sigma = self.loc(*h), (0.5 * self.log_variance(*h)).exp()", "sigma = self.loc(*h), self.log_variance(*h).exp()", "nn/test_posteriors.py::test_full_covariance_is_the_normal_of_equations_2_45_to_2_54"),
    ("lower.tril(-1) + torch.diag_embed(sigma)", "lower.tril() + torch.diag_embed(sigma)", "nn/test_posteriors.py::test_full_covariance_is_the_normal_of_equations_2_45_to_2_54"),
    ("base = dist.Normal(self.loc(*h), (0.5 * self.log_variance(*h)).exp())", "base = dist.Normal(self.loc(*h), self.log_variance(*h).exp())", "nn/test_posteriors.py::TODO_iaf_base"),
    ("permutation=order if step % 2 == 0 else order.flip(0)", "permutation=order", "nn/test_posteriors.py::test_each_step_is_the_gated_update_and_reverses_the_order"),
    ("[step.condition(context) for step in self.steps]", "[step.condition(context) for step in self.steps[:1]]", "nn/test_posteriors.py::test_each_step_is_the_gated_update_and_reverses_the_order"),
)
mutants(
    "nn/trunk.py",
    ("return sum(terms[1:], terms[0] + bias)", "return sum(terms[1:], terms[0])", "nn/test_trunk.py::test_split_layer_equals_the_concatenated_one"),
    ("weights = weight.split(self.parents, dim=1)\n", "weights = weight.flip(1).split(self.parents, dim=1)\n", "nn/test_trunk.py::test_split_layer_equals_the_concatenated_one"),
    ("F.leaky_relu(h, 0.1)", "F.leaky_relu(h, 0.01)", "nn/test_trunk.py::test_activations"),
    ("torch.nn.init.xavier_uniform_(self.weight)", "torch.nn.init.kaiming_uniform_(self.weight)", "nn/test_trunk.py::test_glorot_takes_the_concatenated_fan_in"),
)
mutants(
    "nn/batch_norm.py",
    ("if self.training and _paused:", "if self.training and not _paused:", "nn/test_trunk.py::TestBatchNorm::test_paused_statistics_stay_while_rows_are_normalised_by_their_batch"),
    ("if self.training and _paused:", "if _paused:", "nn/test_trunk.py::TestBatchNorm::test_evaluation_uses_the_running_statistics"),
)

# distributions

mutants(
    "distributions/reparameterise.py",
    ("distribution.scale_tril @ noise", "distribution.covariance_matrix @ noise", "nn/test_posteriors.py::test_full_covariance_is_the_normal_of_equations_2_45_to_2_54"),
    ("distribution.loc + distribution.scale * noise", "distribution.loc + distribution.scale.square() * noise", "models/test_latent_classifier.py::test_the_classifier_averages_over_the_latent[LatentClassifierVAE-normal]"),
    ("for transform in distribution.transforms:", "for transform in distribution.transforms[:1]:", "models/test_latent_classifier.py::test_the_classifier_averages_over_the_latent[LatentClassifierVAE-posterior2]"),
)
mutants(
    "distributions/straight_through.py",
    ("((self.logits + noise) / self.temperature)", "((self.logits + noise) * self.temperature)", "models/test_many_classes.py::test_gradients_are_those_of_the_relaxed_sample"),
    ("((self.logits + noise) / self.temperature)", "((self.logits - noise) / self.temperature)", "models/test_many_classes.py::test_gradients_are_those_of_the_relaxed_sample", "models/test_many_classes.py::test_samples_are_categorical_draws"),
    ("return (value * self.logits).sum(-1)", "return (value.detach() * self.logits).sum(-1)", "models/test_many_classes.py::test_an_entropy_has_a_gradient"),
)
mutants(
    "distributions/potential.py",
    ("-self.energy(value) - self.log_normaliser", "-self.energy(value) + self.log_normaliser", "distributions/test_potential.py::test_the_density_integrates_to_one_on_a_grid_of_its_own"),
    ("torch.logaddexp(*bumps)", "torch.maximum(*bumps)", "distributions/test_potential.py::test_the_energy_is_the_papers_formula"),
    ("(1 - r / peak - 0.5", "(0.5 - r / peak - 0.5", "distributions/test_potential.py::test_samples_have_the_densitys_moments"),
)
mutants(
    "distributions/levels.py",
    ("torch.arange(self.probs.shape[-1],", "1 + torch.arange(self.probs.shape[-1],", "nn/test_likelihoods.py::test_binomial_and_categorical_are_those_of_torch"),
)

# objectives and optimisers

SEMI = "infer/test_semi_supervised.py::"
mutants(
    "infer/semi_supervised.py",
    ("return loss - self.alpha * observed.log_q(len(x))", "return loss + self.alpha * observed.log_q(len(x))", SEMI + "test_objective_is_the_sum_of_its_three_terms[M2]"),
    ("loss = loss + self.labelled_weight * _bound(", "loss = loss + _bound(", SEMI + "test_objective_is_the_sum_of_its_three_terms[M2]"),
    ("log_q.logsumexp(0) - math.log(len(log_q))", "log_q.mean(0)", SEMI + "test_class_term_is_the_log_of_the_mean_over_particles[True]"),
    ("log_q.logsumexp(0) - math.log(len(log_q))", "log_q.logsumexp(0)", SEMI + "test_class_term_is_the_log_of_the_mean_over_particles[True]"),
    ("with paused_statistics():\n                loss = self._labelled_loss", "if True:\n                loss = self._labelled_loss", SEMI + "test_running_statistics_come_from_unlabelled_rows_only"),
    ("return loss + self.alpha * self.classification_loss(x, y)", "return loss + self.classification_loss(x, y)", SEMI + "test_a_classification_loss_takes_the_place_of_the_class_term"),
    ("self.scale, self.mask).sum()", "1.0, self.mask).sum()", SEMI + "test_the_class_term_takes_the_scale_of_its_site"),
    ("if labelled_weight is None else labelled_weight\n", "\n", SEMI + "test_a_model_brings_its_paper_s_class_term_and_weight"),
    ("else self.adversarial_loss(x, y)", "else 0.0 * self.adversarial_loss(x, y)", "models/test_adversarial_m2.py::test_the_objective_is_m2s_and_the_game"),
)
WARM = SEMI + "TestWarmUp::"
mutants(
    "infer/warm_up.py",
    ('or msg["is_observed"] or (not', 'or (not', WARM + "test_it_scales_the_latents_that_model_and_guide_share[False-M2]"),
    ("(not self.discrete and _is_enumerable", "(self.discrete and _is_enumerable", WARM + "test_it_scales_the_latents_that_model_and_guide_share[False-M2]"),
    ("if all(msg[\"name\"] in trace for trace in _guide_traces()):", "if True:", WARM + "test_a_site_that_only_the_model_enumerates_stays_at_one"),
)
OPTIM = "infer/test_optimiser.py::"
mutants(
    "infer/optimiser.py",
    ("torch.clamp(self.max_norm / norm, max=1.0)", "self.max_norm / norm", OPTIM + "test_steps_are_torchs_with_the_joint_norm_clipped[1000000.0-Adagrad-SVI]"),
    ("if self.max_norm is not None:\n            norm", "if self.max_norm is None:\n            norm", OPTIM + "x"),
    ("torch.linalg.vector_norm(torch.stack(torch._foreach_norm(present)))", "torch.stack(torch._foreach_norm(present)).max()", OPTIM + "test_steps_are_torchs_with_the_joint_norm_clipped[2.0-Adagrad-SVI]"),
    ('"lr_lambda": schedule}', '"lr_lambda": lambda epoch: 1.0}', OPTIM + "test_steps_are_torchs_with_the_joint_norm_clipped[None-Adam-SVI]"),
    ("params = sorted(params, key=pyro.get_param_store().param_name)", "params = list(params)", OPTIM + "test_the_order_of_the_gradients_is_that_of_their_names"),
    ("present = self.reduce(present)", "self.reduce(present)", "train/TODO"),
)

# evaluation

mutants(
    "evaluate/bound.py",
    ("for _ in range(num_samples)) / num_samples)", "for _ in range(1)) / 1)", "evaluate/TODO"),
    ("pair.log_p() - pair.log_q(*pair.guide)", "pair.log_p() - pair.log_q(*pair.guide).detach() * 0.0", "x"),
)
LL = "evaluate/test_log_likelihood.py::"
mutants(
    "evaluate/log_likelihood.py",
    ("first - math.log(num_samples)", "first", LL + "test_summary_is_of_all_weights_whatever_the_chunk[50]"),
    ("effective = first - math.log(num_samples), (2 * first - second).exp()", "effective = first - math.log(num_samples), (first - second).exp()", LL + "test_summary_is_of_all_weights_whatever_the_chunk[50]"),
    ("(num_samples / effective - 1)", "(num_samples / effective)", LL + "test_summary_is_of_all_weights_whatever_the_chunk[50]"),
    ("float(rows.std()) / math.sqrt(len(rows))", "float(rows.std())", LL + "test_summary_is_of_all_weights_whatever_the_chunk[50]"),
    ("if y is None and classes == \"all\" else 1  # a sample", "if y is None else 1  # a sample", LL + "test_no_more_than_a_chunk_is_decoded_at_once"),
)
mutants(
    "evaluate/weights.py",
    ("log_w.expand(*log_w.shape[:-2], *pair.shape).reshape(-1, *pair.shape).logsumexp(0)", "log_w.expand(*log_w.shape[:-2], *pair.shape).reshape(-1, *pair.shape).mean(0)", LL + "test_weights_are_those_of_brute_force[M2--False]"),
    ("if name not in summed))", "))", LL + "test_weights_are_those_of_brute_force[M2--False]"),
    ("weigh(*batch)[: num_samples - begin]", "weigh(*batch)", LL + "test_summary_is_of_all_weights_whatever_the_chunk[7]"),
    ("(2 * log_w).logsumexp(0)", "log_w.logsumexp(0)", LL + "test_summary_is_of_all_weights_whatever_the_chunk[7]"),
    ("fn.logits + math.log1p(-UNIFORM)", "fn.logits", LL + "test_a_class_is_drawn_nine_times_in_ten_by_the_classifier"),
)
mutants(
    "evaluate/bayes.py",
    ("torch.stack(joint, -1).softmax(-1)", "torch.stack(joint, -1).softmax(0)", "evaluate/test_classes.py::test_bayes_rule_is_exact_where_the_bound_is"),
    ("row_bounds(model, x, y, num_samples", "row_bounds(model, x, y, 1", "TODO"),
)
mutants(
    "evaluate/bits.py",
    ("(math.log(levels) - nats / dimensions)", "(math.log(levels) + nats / dimensions)", "evaluate/test_bits.py::test_a_density_that_knows_more_takes_fewer_bits"),
    ("/ dimensions) / math.log(2)", "/ dimensions)", "evaluate/test_bits.py::test_a_density_that_knows_more_takes_fewer_bits"),
)
mutants(
    "evaluate/units.py",
    ("return covariance > threshold", "return covariance.sqrt() > threshold", "evaluate/test_units.py::test_activity_is_the_variance_of_the_means"),
    ("((first - first.mean(0)) * (second - second.mean(0)))", "((first - first.mean(0)) * (first - first.mean(0)))", "evaluate/test_units.py::test_noise_of_sampled_means_is_not_activity"),
    ("return total / len(x) / num_samples", "return total / len(x)", "TODO"),
    ("threshold=0.01, num_samples=10", "threshold=1.0, num_samples=10", "evaluate/test_units.py::TODO"),
    ("q.log_prob(value) - p.log_prob(value)", "p.log_prob(value) - q.log_prob(value)", "evaluate/test_units.py::test_units_sum_to_the_layer[SDGM]"),
)
mutants(
    "evaluate/parts.py",
    ('yield name, pair.log_q(name) - site["log_prob"]', 'yield name, site["log_prob"] - pair.log_q(name)', "evaluate/test_parts.py::test_rows_and_parts_sum_to_pyros_bound[M2--False]"),
    ("/ len(x) / num_samples", "/ len(x)", "evaluate/TODO"),
)
mutants(
    "evaluate/anomaly.py",
    ("return -row_bounds(", "return row_bounds(", "evaluate/test_parts.py::test_a_row_has_its_own_bound"),
)
mutants(
    "evaluate/error.py",
    ("return 100 * float(wrong) / len(x)", "return float(wrong) / len(x)", "evaluate/test_evaluate.py::test_error_is_the_share_of_wrong_rows_in_per_cent"),
    ("(predicted if matching is None else matching[predicted])", "predicted", "evaluate/test_classes.py::test_clusters_are_matched_one_to_one_so_that_most_rows_agree"),
)
mutants(
    "evaluate/clusters.py",
    ("maximize=True", "maximize=False", "evaluate/test_classes.py::test_clusters_are_matched_one_to_one_so_that_most_rows_agree"),
)
mutants(
    "evaluate/latents.py",
    ("for _ in range(num_samples)) / num_samples\n", "for _ in range(num_samples))\n", "evaluate/TODO"),
    ("mean = fn.mean\n", 'mean = pair.guide[site]["value"]\n', "evaluate/test_units.py::test_kl_and_means_of_m2_are_averaged_by_the_classifier"),
)
mutants(
    "evaluate/probe.py",
    ("classifier.score(*features(test))", "classifier.score(*features(train))", "evaluate/test_classes.py::test_probe_reads_the_class_where_the_latent_holds_it[True]"),
)
mutants(
    "evaluate/mode.py",
    ("    module.eval()\n", "", "evaluate/test_evaluate.py::test_evaluation_puts_the_training_mode_back"),
)
mutants(
    "evaluate/pair.py",
    ("torch.where(weights > 0, values, 0.0) * weights", "values * weights", "evaluate/test_parts.py::test_an_impossible_class_counts_for_nothing"),
    (".sum(0).mean(0)", ".sum(0).sum(0)", "evaluate/TODO_S"),
    ("return total.logsumexp(dims, keepdim=True) if dims else total", "return total.mean(dims, keepdim=True) if dims else total", "evaluate/test_parts.py::test_a_discrete_bound_is_pyros[model]"),
)

# training

mutants(
    "train/loop.py",
    ("            self.svi.optim.step()\n", "            pass\n", "train/test_loop.py::test_a_pyro_scheduler_steps_once_an_epoch"),
    ("loss = joint_sum(float(self.total)) / self.count", "loss = joint_sum(float(self.total))", "train/test_loop.py::test_history_has_the_mean_loss_of_every_epoch"),
    ("            self.average.update()\n", "            pass\n", "train/TODO_average_steps"),
    ("            self.best.note(row, self.module)\n        self.history", "            pass\n        self.best.note(row, self.module)\n        self.history", "train/TODO best with average"),
    ("            self.module.load_state_dict(self.best.parameters)\n            return", "            return", "train/test_loop.py::test_the_best_epoch_is_kept"),
    ("            self.average.copy_to_parameters()\n", "            pass\n", "train/test_loop.py::test_the_average_is_measured_and_kept"),
    ("self.temperature.of_step(self.epoch, self.steps)", "self.temperature.of_step(self.epoch, self.count)", "train/test_loop.py::test_warm_up_rises_to_one_and_is_left"),
    ("        self.best.load_state_dict(state[\"best\"])\n", "", "train/resume TODO monitor"),
    ("            self.average.load_state_dict(state[\"average\"])\n", "            pass\n", "train/test_resume.py::test_an_interrupted_run_ends_as_one_left_alone[6-SVI]"),
    ("key in (\"epoch\", \"steps\", \"count\", \"dealt\")", "key in (\"epoch\", \"count\", \"dealt\")", "train/resume TODO warm_up_steps"),
)
mutants(
    "train/average.py",
    ("self.parameters, 1 - self.decay)", "self.parameters, self.decay)", "train/test_pieces.py::test_the_average_is_the_corrected_exponential_one"),
    ("correction = 1 - self.decay**self.steps", "correction = 1.0", "train/test_pieces.py::test_the_average_is_the_corrected_exponential_one"),
    ('self.steps = state["steps"]\n', "", "train/test_resume.py::test_an_interrupted_run_ends_as_one_left_alone[6-SVI]"),
)
mutants(
    "train/best.py",
    ('figure < self.figure if self.mode == "min" else figure > self.figure', 'figure < self.figure', "train/test_pieces.py::test_the_best_epoch_is_remembered"),
    ("tensor.detach().clone() for name", "tensor.detach() for name", "train/test_loop.py::test_the_best_epoch_is_kept"),
    ("self.age >= self.patience", "self.age > self.patience", "train/test_pieces.py::test_patience_counts_measurements_without_a_better_one"),
    ("if better and math.isfinite(figure):", "if better:", "train/test_pieces.py::test_the_best_epoch_is_remembered"),
)
mutants(
    "train/temperature.py",
    ("if beta >= 1:", "if beta > 1:", "train/test_loop.py TODO context left"),
    ("min((epoch + 1) / max(self.epochs, 1), (step + 1) / max(self.steps, 1))", "min(epoch / max(self.epochs, 1), (step + 1) / max(self.steps, 1))", "train/test_loop.py::test_warm_up_rises_to_one_and_is_left"),
)
mutants(
    "train/schedule.py",
    ("factor ** (epoch // every)", "factor ** (epoch / every)", "train/test_pieces.py::test_schedules"),
    ("max(least, (end - epoch) / (end - start))", "(end - epoch) / (end - start)", "train/test_pieces.py::test_schedules"),
)
mutants(
    "train/state.py",
    ("    set_rng_state(state[\"random\"])\n", "", "train/test_resume.py::test_an_interrupted_run_ends_as_one_left_alone[6-SVI]"),
    ("        batches.load_state_dict(state[\"batches\"])\n", "        pass\n", "train/test_resume.py::test_an_interrupted_run_ends_as_one_left_alone[6-SVI]"),
    ("        for name, value in state[\"others\"].items():\n            store._params[name].copy_(value)\n", "", "train/test_resume.py::test_a_guide_of_its_own_parameters_is_resumed[True]"),
)

# data

mutants(
    "data/labels.py",
    ("return beta * (num_labelled + num_unlabelled) / num_labelled", "return beta * num_unlabelled / num_labelled", "data/test_data.py::TestLabels::test_alpha"),
    ("torch.full((num_classes,), share)", "torch.full((num_classes,), share); wanted[0] += 1; wanted[1] -= 1", "data/test_data.py::TestLabels::test_spread_evenly_and_fixed_by_the_seed"),
    ("manual_seed(seed)", "manual_seed(0)", "data/test_data.py::TestLabels::test_spread_evenly_and_fixed_by_the_seed"),
    ("return (y >= 0).nonzero().flatten()", "return (y > 0).nonzero().flatten()", "data/test_data.py::TestLabels::test_rows_without_a_label_are_never_chosen"),
    ("[:rest]] += 1", "[:1]] += rest", "data/TODO"),
)
mutants(
    "data/batches.py",
    ("return torch.bernoulli(x, generator=generator)", "return (x > 0.5).to(x.dtype)", "data/test_data.py::TestBatches::test_resampled_before_every_epoch"),
    ("x / total_count, generator=generator) * (total_count // draws)", "x / total_count, generator=generator)", "data/TODO resample_counts"),
    ("x = self.resample(x, generator=self.generator)\n", "x = self.resample(x, generator=torch.Generator().manual_seed(0))\n", "data/TODO test resample unlabelled differs"),
    ("else self.resample(x_l, generator=self.generator)", "else x_l", "data/test_data.py::TestBatches::test_resampled_before_every_epoch"),
    ("order = torch.randperm(len(x), generator=self.generator, device=x.device)\n", "order = torch.arange(len(x), device=x.device)\n", "data/test_data.py::TestBatches::test_an_epoch_is_a_permutation_anew"),
    ("(x_l[chosen], y_l[chosen])", "(x_l[chosen], y_l[chosen].roll(1))", "data/test_data.py::TestBatches::test_all_labelled_rows_in_every_batch"),
    ("self._waiting = torch.cat([self._waiting, fresh])", "self._waiting = fresh", "data/TODO"),
    ("return rows.tensor_split(processes)[rank] if", "return rows.tensor_split(processes)[0] if", "train/test_parallel TODO"),
)
mutants(
    "data/preprocess.py",
    ("(k + noise).div_(levels)", "(k + 0 * noise).div_(levels)", "data/test_preprocess.py::TestDequantise::test_the_noise_is_uniform_within_each_level"),
    ("data.train.x.std(0, correction=0) >= threshold", "data.train.x.var(0, correction=0) >= threshold", "data/test_preprocess.py::TestKeepVarying TODO"),
    ("lambda x: (x - shift) / scale", "lambda x: (x - x.mean(0)) / scale", "data/test_preprocess.py::TestStandardise::test_each_colour_has_mean_zero_and_deviation_one"),
    ("return (pixels % channels).to(device)", "return (pixels // (len(pixels) // channels)).clamp(max=channels - 1).to(device)", "data/test_preprocess.py::TestStandardise::test_each_colour_has_mean_zero_and_deviation_one"),
    ("(x - mean) @ axes.T", "x @ axes.T", "TODO"),
)
mutants(
    "data/pixels.py",
    ("_take(part, slice(None, -number)), _take(part, slice(-number, None))", "part, _take(part, slice(-number, None))", "data/test_images.py TODO"),
    (".div_(255)", ".div_(256)", "data/test_images.py"),
)
mutants(
    "data/grey.py",
    ("x.split([1097, 200, 500]), y.split([1097, 200, 500])", "x.split([1097, 200, 500]), y.roll(1).split([1097, 200, 500])", "data/TODO digits labels"),
)
mutants(
    "data/synthetic.py",
    ("1 - t.sin() - 0.5", "1 - t.sin() + 0.5", "data/test_data.py"),
)

# recipes

ZOO = "zoo/test_zoo.py::"
mutants(
    "zoo/experiment.py",
    ("y[seen])", "y[seen].roll(1))", "TODO"),
    ("_optimiser(recipe, len(x))", "_optimiser(recipe, recipe.batch_size)", "TODO"),
    ("_objective(recipe, model, seen, len(x))", "_objective(recipe, model, seen, len(data.test.x))", "TODO"),
    ("alpha(recipe.beta, len(rows), num_rows - len(rows))", "alpha(recipe.beta, len(rows), num_rows)", "TODO"),
    ("SemiSupervisedELBO.of(model, elbo, weight, recipe.labelled_weight)", "SemiSupervisedELBO.of(model, elbo, weight)", "TODO"),
    ('options["weight_decay"] = recipe.batch_size / num_rows / recipe.weight_prior**2', 'pass', "TODO"),
    ("recipe.batch_size / num_rows / recipe.weight_prior**2", "recipe.batch_size / num_rows / recipe.weight_prior", "TODO"),
    ("options, schedule, recipe.max_norm, joint_gradients", "options, None, recipe.max_norm, joint_gradients", "TODO"),
    ("options, schedule, recipe.max_norm, joint_gradients", "options, schedule, None, joint_gradients", "TODO"),
    ("observed(recipe, data.validation.x)", "observed(recipe, data.test.x)", "TODO"),
    ("classification_error(model, *_labelled(data.validation))", "classification_error(model, *_labelled(data.test))", "TODO"),
    ('figures["test error"] = classification_error(model, *_labelled(data.test))', 'figures["test error"] = classification_error(model, *_labelled(data.validation))', "TODO"),
    ("x = observed(recipe, data.test.x)\n", "x = data.test.x\n", "TODO"),
    ("bound(model, x, num_samples=10)}", "bound(model, x, num_samples=1)}", "TODO"),
    ("num_particles=recipe.num_particles,", "num_particles=1,", "TODO"),
    ("x = data.train.x\n", "x = torch.cat([data.train.x, data.test.x])\n", "TODO"),
    ("warm_up_epochs=recipe.warm_up_epochs", "warm_up_epochs=0", "TODO"),
    ("average=recipe.average", "average=None", "TODO"),
    ('mode="max" if recipe.monitor == "validation bound" else "min"', 'mode="min"', "TODO"),
    ("labelled, recipe.labelled_batch_size, resample, seed, share())", "labelled, None, resample, seed, share())", "TODO"),
    ("{\"num_samples\": 100} if", "{\"num_samples\": 1} if", "TODO"),
)
mutants(
    "zoo/baselines.py",
    ("net(x).logits, y).backward()", "net(x).logits, y.roll(1)).backward()", "TODO"),
    ("error(data.validation)) < best", "error(data.test)) < best", "TODO"),
    ("best, chosen = validation, error(data.test)", "best, chosen = validation, validation", "TODO"),
    ("if validation < best:", "if test < best:", "TODO"),
)
mutants(
    "zoo/classifiers.py",
    ("score(*_arrays(validation))", "score(*_arrays(test))", "TODO"),
)
mutants(
    "zoo/results.py",
    ("stdev(values) / math.sqrt(len(values))", "stdev(values)", ZOO + "test_summary_is_mean_and_standard_error"),
)

# estimators

mutants(
    "estimators/base.py",
    ("importance_samples or 1) - self.columns_.log_volume", "importance_samples or 1)", "estimators/test_columns.py::test_a_change_of_units_changes_the_density_by_its_jacobian"),
    (".all(-1), -torch.inf)", ".any(-1), -torch.inf)", "estimators/test_columns.py::test_values_that_the_likelihood_cannot_have_are_impossible"),
    ("with apart(0), SharedNoise(), torch.no_grad():", "with apart(0), torch.no_grad():", "TODO"),
    ("check_random_state(self.random_state).randint(2**31 - 1)", "check_random_state(0).randint(2**31 - 1)", "estimators/test_conventions.py::test_the_seed_decides"),
)
mutants(
    "estimators/classifier.py",
    ("self._objective(len(learn), len(x))", "self._objective(len(learn) + len(stop), len(x))", "TODO"),
    ("batches = self._batches(x, y, learn, seed)\n            measure", "batches = self._batches(x, y, torch.arange(len(x)), seed)\n            measure", "TODO"),
    ("alpha(self.beta, num_labelled, num_rows - num_labelled)", "alpha(self.beta, num_labelled, num_rows)", "TODO"),
)
mutants(
    "estimators/columns.py",
    ("np.log(self.scale).sum()", "np.log(self.scale).mean()", "estimators/test_columns.py::test_a_change_of_units_changes_the_density_by_its_jacobian"),
)
mutants(
    "estimators/labels.py",
    ("return y == MISSING", "return y < MISSING", "estimators/test_labels.py"),
    ("learn.append(rows[held:])", "learn.append(rows)", "estimators/test_labels.py::test_a_share_of_each_class_is_held_out_but_at_least_one"),
)
mutants(
    "estimators/training.py",
    ("linear_decay(epochs // 2, epochs) if epochs > 1 else None", "None", "TODO"),
)
mutants(
    "estimators/m1.py",
    ("tensor_split([held])", "tensor_split([0])", "x"),
)
