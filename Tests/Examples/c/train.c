/* Trains a small LSTM to repeat its input a step later, and writes it.
 *
 *     train model.safetensors */
#include "common.h"

enum { INPUTS = 3, OUTPUTS = 3, SEQUENCES = 4, STEPS = 26 };

int main(int argc, char **argv) {
  recurrent_model *fresh, *trained;
  recurrent_trainer *trainer;
  recurrent_training_options options;
  const size_t lengths[SEQUENCES] = {5, 9, 4, 8};
  float features[STEPS * INPUTS], values[STEPS * OUTPUTS];
  recurrent_sequences sequences;
  recurrent_targets targets;
  double loss = 0;
  size_t sequence, step, i, row = 0, count;
  unsigned state = 1;
  if (argc != 2) return 2;

  for (sequence = 0; sequence < SEQUENCES; sequence++)
    for (step = 0; step < lengths[sequence]; step++, row++)
      for (i = 0; i < INPUTS; i++) {
        state = state * 1664525u + 1013904223u;
        features[row * INPUTS + i] = (float)(state >> 8) / (1 << 24) - 0.5f;
        values[row * OUTPUTS + i] = step == 0 ? 0 : features[(row - 1) * INPUTS + i];
      }
  memset(&sequences, 0, sizeof sequences);
  sequences.count = SEQUENCES;
  sequences.lengths = lengths;
  sequences.features = features;
  sequences.feature_count = STEPS * INPUTS;
  memset(&targets, 0, sizeof targets);
  targets.values = values;
  targets.value_count = STEPS * OUTPUTS;

  fresh = new_lstm(INPUTS, 7, 2, OUTPUTS);
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.learning_rate = 0.01;
  options.gradient_norm_limit = 1;
  CHECK(recurrent_trainer_create(fresh, &options, &trainer));
  for (step = 0; step < 150; step++) {
    CHECK(recurrent_trainer_step(trainer, &sequences, &targets, &loss));
    if (step == 0) printf("loss %.4f before\n", loss);
  }
  printf("loss %.4f after 150 steps\n", loss);

  /* The same with buffers and an update of one's own: plain gradient descent. */
  CHECK(recurrent_trainer_parameter_count(trainer, &count));
  float *parameters = malloc(count * sizeof *parameters), *gradient = malloc(count * sizeof *gradient);
  REQUIRE(parameters && gradient);
  CHECK(recurrent_trainer_get_parameters(trainer, parameters, count));
  CHECK(recurrent_trainer_gradient(trainer, &sequences, &targets, gradient, count, &loss));
  for (i = 0; i < count; i++) parameters[i] -= 0.01f * gradient[i];
  CHECK(recurrent_trainer_set_parameters(trainer, parameters, count));
  /* And the library's optimiser on the caller's buffers. */
  CHECK(recurrent_trainer_gradient(trainer, &sequences, &targets, gradient, count, &loss));
  CHECK(recurrent_trainer_update(trainer, parameters, gradient, count));
  printf("%zu parameters\n", count);

  CHECK(recurrent_trainer_model(trainer, &trained));
  CHECK(recurrent_model_write(trained, argv[1]));
  free(parameters);
  free(gradient);
  CHECK(recurrent_trainer_free(trainer));
  CHECK(recurrent_model_free(fresh));
  CHECK(recurrent_model_free(trained));
  return 0;
}
