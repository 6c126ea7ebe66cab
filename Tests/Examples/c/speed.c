/* Prints the nanoseconds of a step of an LSTM with a head of one number: the least of many rounds.
 *
 *     speed INPUTS HIDDEN */
#include <time.h>

#include "common.h"

enum { ROUNDS = 200, STEPS = 2000 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv) {
  recurrent_model *model;
  recurrent_workspace *workspace;
  recurrent_session *session;
  double best = 1e18;
  int round, step;
  if (argc != 3) return 2;
  const size_t inputs = (size_t)atoi(argv[1]), hidden = (size_t)atoi(argv[2]);
  float *x = calloc(inputs, sizeof *x), y;
  REQUIRE(x);
  model = new_lstm(inputs, hidden, 1, 1);
  CHECK(recurrent_workspace_create(model, &workspace));
  CHECK(recurrent_session_open(model, &session));
  for (round = 0; round < ROUNDS; round++) {
    const double start = now();
    for (step = 0; step < STEPS; step++) {
      x[0] = (float)(step % 7);
      CHECK(recurrent_step(workspace, session, x, inputs, &y, 1));
    }
    const double elapsed = (now() - start) / STEPS;
    if (elapsed < best) best = elapsed;
  }
  printf("%.1f\n", best);
  CHECK(recurrent_session_free(session));
  CHECK(recurrent_workspace_free(workspace));
  CHECK(recurrent_model_free(model));
  free(x);
  return 0;
}
