/* Forks while other threads compute, and has the child go on with what it inherited: the same bits, no thread that waits
 * for ever. Then two threads step different sessions of one model.
 *
 *     fork */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

enum { INPUTS = 5, OUTPUTS = 2, SEQUENCES = 16, STEPS = 40, CHILDREN = 20 };

static recurrent_model *model;
static float x[SEQUENCES * STEPS * INPUTS], wanted[SEQUENCES * STEPS * OUTPUTS];
static volatile int stop = 0;

static recurrent_sequences all(void) {
  static size_t lengths[SEQUENCES];
  recurrent_sequences sequences;
  size_t b;
  for (b = 0; b < SEQUENCES; b++) lengths[b] = STEPS;
  memset(&sequences, 0, sizeof sequences);
  sequences.count = SEQUENCES;
  sequences.lengths = lengths;
  sequences.features = x;
  sequences.feature_count = sizeof x / sizeof *x;
  return sequences;
}

static void run(void) {
  static __thread float y[sizeof wanted / sizeof *wanted];
  const recurrent_sequences sequences = all();
  CHECK(recurrent_run(model, &sequences, y, sizeof y / sizeof *y));
  REQUIRE(memcmp(y, wanted, sizeof y) == 0);
}

/* Steps sequence 0 from the start, and checks every bit. */
static void step(void) {
  recurrent_workspace *workspace;
  recurrent_session *session;
  float y[OUTPUTS];
  size_t t;
  CHECK(recurrent_workspace_create(model, &workspace));
  CHECK(recurrent_session_open(model, &session));
  for (t = 0; t < STEPS; t++) {
    CHECK(recurrent_step(workspace, session, x + t * INPUTS, INPUTS, y, OUTPUTS));
    REQUIRE(memcmp(y, wanted + t * OUTPUTS, sizeof y) == 0);
  }
  /* The message of a failure is this thread's own. */
  REQUIRE(recurrent_step(workspace, session, x, INPUTS, y, OUTPUTS + 1) == RECURRENT_INVALID_ARGUMENT);
  REQUIRE(strstr(recurrent_last_error(), "outputs") != NULL);
  CHECK(recurrent_session_free(session));
  CHECK(recurrent_workspace_free(workspace));
}

static void *compute(void *number) {
  while (!stop) {
    if (number) run();
    step();
  }
  return NULL;
}

int main(void) {
  pthread_t threads[2];
  recurrent_sequences sequences;
  recurrent_workspace *workspace;
  recurrent_session *session;
  float y[OUTPUTS];
  size_t i;
  int child;
  for (i = 0; i < sizeof x / sizeof *x; i++) x[i] = (float)(i * 13 % 29) / 29 - 0.5f;
  model = new_lstm(INPUTS, 96, 1, OUTPUTS);
  sequences = all();
  CHECK(recurrent_run(model, &sequences, wanted, sizeof wanted / sizeof *wanted));
  CHECK(recurrent_workspace_create(model, &workspace));
  CHECK(recurrent_session_open(model, &session));
  CHECK(recurrent_step(workspace, session, x, INPUTS, y, OUTPUTS));

  for (i = 0; i < 2; i++) REQUIRE(pthread_create(&threads[i], NULL, compute, i ? &threads : NULL) == 0);
  for (child = 0; child < CHILDREN; child++) {
    int status;
    pid_t process = fork();
    REQUIRE(process >= 0);
    if (process == 0) {
      alarm(60);
      /* A session and a workspace that this thread had, and new ones, a batch on threads of its own. */
      CHECK(recurrent_step(workspace, session, x + INPUTS, INPUTS, y, OUTPUTS));
      REQUIRE(memcmp(y, wanted + OUTPUTS, sizeof y) == 0);
      step();
      run();
      _exit(0);
    }
    REQUIRE(waitpid(process, &status, 0) == process);
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  stop = 1;
  for (i = 0; i < 2; i++) REQUIRE(pthread_join(threads[i], NULL) == 0);
  CHECK(recurrent_session_free(session));
  CHECK(recurrent_workspace_free(workspace));
  CHECK(recurrent_model_free(model));
  printf("%d children of a process with threads computed the same bits\n", CHILDREN);
  return 0;
}
