/* Streams through a model: one step, a copy, a file, many sessions, a ragged batch; all give the same bits.
 *
 *     stream model.safetensors session.safetensors */
#include "common.h"

enum { SESSIONS = 3, MAX_STEPS = 6 };

static float *numbers(size_t count) {
  float *memory = malloc((count > 0 ? count : 1) * sizeof *memory);
  REQUIRE(memory);
  return memory;
}

int main(int argc, char **argv) {
  recurrent_model *model;
  recurrent_workspace *workspace;
  recurrent_session *session, *fork, *saved, *restored, *many[SESSIONS];
  recurrent_model_info info;
  const size_t lengths[SESSIONS] = {4, 6, 2};
  const size_t steps = 12;
  recurrent_sequences sequences;
  size_t i, t, b, start, taken, size;
  int32_t equal;
  if (argc != 3) return 2;

  CHECK(recurrent_model_load(argv[1], NULL, &model));
  info.size = sizeof info;
  CHECK(recurrent_model_describe(model, &info));
  REQUIRE(!info.reads_tokens && info.predicts_every_step && !info.is_bidirectional);
  printf("model %s: %zu inputs, %zu outputs, %zu parameters\n", info.identity, info.input_size, info.output_size,
         info.parameter_count);
  const size_t inputs = info.input_size, outputs = info.output_size;
  float *x = numbers(steps * inputs), *y = numbers(outputs), *batch = numbers(steps * outputs);
  float *columns = numbers(SESSIONS * inputs), *rows = numbers(SESSIONS * outputs);
  for (i = 0; i < steps * inputs; i++) x[i] = (float)(i * 7 % 11) / 11 - 0.5f;

  /* A ragged batch, sequence after sequence: every step of every sequence. */
  memset(&sequences, 0, sizeof sequences);
  sequences.count = SESSIONS;
  sequences.lengths = lengths;
  sequences.features = x;
  sequences.feature_count = steps * inputs;
  CHECK(recurrent_run(model, &sequences, batch, steps * outputs));

  /* The first sequence, step by step. */
  CHECK(recurrent_workspace_create(model, &workspace));
  CHECK(recurrent_session_open(model, &session));
  for (t = 0; t < lengths[0]; t++) {
    CHECK(recurrent_step(workspace, session, x + t * inputs, inputs, y, outputs));
    REQUIRE(memcmp(y, batch + t * outputs, outputs * sizeof *y) == 0);
  }
  printf("step by step: the bits of the batch\n");

  /* A copy goes its own way. */
  CHECK(recurrent_session_copy(session, &fork));
  CHECK(recurrent_step(workspace, fork, x, inputs, y, outputs));
  CHECK(recurrent_session_equal(session, fork, &equal));
  REQUIRE(!equal);
  CHECK(recurrent_session_steps(fork, &taken));
  printf("the copy has taken %zu steps\n", taken);

  /* A file, and bytes in memory, hold a session to the bit. */
  CHECK(recurrent_session_write(session, argv[2]));
  CHECK(recurrent_session_read(model, argv[2], &saved));
  CHECK(recurrent_session_equal(session, saved, &equal));
  REQUIRE(equal);
  CHECK(recurrent_session_serialize(session, NULL, 0, &size));
  void *bytes = malloc(size);
  REQUIRE(bytes);
  CHECK(recurrent_session_serialize(session, bytes, size, &size));
  CHECK(recurrent_session_deserialize(model, bytes, size, &restored));
  CHECK(recurrent_session_equal(session, restored, &equal));
  REQUIRE(equal);
  free(bytes);
  printf("a session read back is equal\n");

  /* Many sessions in a call: those whose sequence goes on. */
  for (b = 0; b < SESSIONS; b++) CHECK(recurrent_session_open(model, &many[b]));
  for (t = 0; t < MAX_STEPS; t++) {
    recurrent_session *stepping[SESSIONS];
    size_t expected[SESSIONS], count = 0;
    for (b = 0, start = 0; b < SESSIONS; start += lengths[b++])
      if (t < lengths[b]) {
        stepping[count] = many[b];
        expected[count] = start + t;
        memcpy(columns + count++ * inputs, x + (start + t) * inputs, inputs * sizeof *x);
      }
    CHECK(recurrent_step_many(workspace, stepping, count, columns, count * inputs, rows, count * outputs));
    for (i = 0; i < count; i++)
      REQUIRE(memcmp(rows + i * outputs, batch + expected[i] * outputs, outputs * sizeof *rows) == 0);
  }
  printf("many at once: the bits of the batch\n");

  for (b = 0; b < SESSIONS; b++) CHECK(recurrent_session_free(many[b]));
  CHECK(recurrent_session_free(session));
  CHECK(recurrent_session_free(fork));
  CHECK(recurrent_session_free(saved));
  CHECK(recurrent_session_free(restored));
  CHECK(recurrent_workspace_free(workspace));
  CHECK(recurrent_model_free(model));
  free(x), free(y), free(batch), free(columns), free(rows);
  return 0;
}
