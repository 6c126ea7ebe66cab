/* Calls every function with what it cannot take, and expects a status, a message and nothing else.
 *
 *     mistakes FOLDER      a folder for files */
#include <math.h>

#include "common.h"

static int count = 0;

/* Fails unless `call` gives `status`, with a message. */
#define EXPECT(status, call)                                                                              \
  do {                                                                                                    \
    recurrent_status found_ = (call);                                                                     \
    count++;                                                                                              \
    if (found_ != (status) || recurrent_last_error()[0] == 0) {                                           \
      fprintf(stderr, "%s:%d: status %d, wanted %d (%s)\n", __FILE__, __LINE__, (int)found_, (int)(status), \
              recurrent_last_error());                                                                    \
      exit(1);                                                                                            \
    }                                                                                                     \
    if (verbose) printf("%d %s\n", (int)found_, recurrent_last_error());                                  \
  } while (0)
#define INVALID(call) EXPECT(RECURRENT_INVALID_ARGUMENT, call)

static int verbose = 0;

/* `pointer`, a byte further: misaligned for anything but bytes. */
#define BESIDE(type, pointer) ((type *)(void *)((char *)(pointer) + 1))

enum { I = 3, O = 2, V = 7, B = 2, N = 5 };
static const size_t HUGE_COUNTS[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 2 + 1, (size_t)1 << 40, 0, 1};
enum { HUGE_COUNT_COUNT = sizeof HUGE_COUNTS / sizeof *HUGE_COUNTS };

static const char *in(const char *folder, const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void put(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  REQUIRE(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static void models(const char *folder) {
  recurrent_model *model = (recurrent_model *)folder, *good;
  recurrent_load_options options;
  recurrent_architecture architecture, zero;
  recurrent_model_info info;
  size_t i;

  INVALID(recurrent_model_load(NULL, NULL, &model));
  REQUIRE(model == NULL);
  INVALID(recurrent_model_load("", NULL, &model));
  INVALID(recurrent_model_load("\xff\xfe", NULL, &model));
  INVALID(recurrent_model_load("model", NULL, NULL));
  EXPECT(RECURRENT_FILE, recurrent_model_load(in(folder, "none"), NULL, &model));
  EXPECT(RECURRENT_FILE, recurrent_model_load(folder, NULL, &model));
  put(in(folder, "short"), "{", 1);
  EXPECT(RECURRENT_FORMAT, recurrent_model_load(in(folder, "short"), NULL, &model));
  put(in(folder, "brace"), "\x02\0\0\0\0\0\0\0{}", 10);
  EXPECT(RECURRENT_FORMAT, recurrent_model_load(in(folder, "brace"), NULL, &model));
  put(in(folder, "text"), "this is a text and no model", 27);
  REQUIRE(recurrent_model_load(in(folder, "text"), NULL, &model) != RECURRENT_OK && model == NULL);
  memset(&options, 0, sizeof options);
  INVALID(recurrent_model_load(in(folder, "brace"), &options, &model));
  options.size = sizeof options;
  options.threads = -1;
  INVALID(recurrent_model_load(in(folder, "brace"), &options, &model));
  options.threads = 1 << 20;
  INVALID(recurrent_model_load(in(folder, "brace"), &options, &model));
  options.threads = 0;
  options.readout = (recurrent_readout)77;
  INVALID(recurrent_model_load(in(folder, "brace"), &options, &model));
  options.readout = RECURRENT_READOUT_UNKNOWN;
  options.loss = (recurrent_loss)77;
  INVALID(recurrent_model_load(in(folder, "brace"), &options, &model));
  options.loss = RECURRENT_LOSS_UNKNOWN;
  options.nonlinearity = 77;
  INVALID(recurrent_model_load(in(folder, "brace"), &options, &model));

  memset(&zero, 0, sizeof zero);
  INVALID(recurrent_model_create(NULL, 0, &model));
  INVALID(recurrent_model_create(&zero, 0, &model));
  zero.size = sizeof zero;
  zero.cell = RECURRENT_GRU;
  zero.hidden_size = 5;
  zero.input_size = I;
  zero.output_size = O;
  INVALID(recurrent_model_create(&zero, 0, NULL));
  for (i = 0; i < HUGE_COUNT_COUNT - 1; i++) {
    size_t *fields[] = {&architecture.hidden_size, &architecture.input_size, &architecture.output_size};
    size_t field;
    for (field = 0; field < 3; field++) {
      architecture = zero;
      *fields[field] = HUGE_COUNTS[i];
      INVALID(recurrent_model_create(&architecture, 0, &model));
    }
    architecture = zero;
    architecture.layers = HUGE_COUNTS[i] == 0 ? 1025 : HUGE_COUNTS[i];
    INVALID(recurrent_model_create(&architecture, 0, &model));
    architecture = zero;
    architecture.input_size = 0;
    architecture.vocabulary_size = HUGE_COUNTS[i];
    architecture.embedding_size = 3;
    INVALID(recurrent_model_create(&architecture, 0, &model));
  }
  architecture = zero;
  architecture.hidden_size = 1 << 24;
  EXPECT(RECURRENT_OUT_OF_MEMORY, recurrent_model_create(&architecture, 0, &model));
  architecture.hidden_size = 1 << 26;
  architecture.layers = 1024;
  EXPECT(RECURRENT_OUT_OF_MEMORY, recurrent_model_create(&architecture, 0, &model));
  architecture = zero;
  architecture.cell = (recurrent_cell)0;
  INVALID(recurrent_model_create(&architecture, 0, &model));
  architecture = zero;
  architecture.vocabulary_size = V;
  INVALID(recurrent_model_create(&architecture, 0, &model));
  architecture = zero;
  architecture.layers = 2;
  architecture.dropout = NAN;
  INVALID(recurrent_model_create(&architecture, 0, &model));
  architecture.dropout = 1;
  INVALID(recurrent_model_create(&architecture, 0, &model));
  architecture.layers = 1;
  architecture.dropout = 0.5;
  INVALID(recurrent_model_create(&architecture, 0, &model));
  architecture = zero;
  architecture.readout = (recurrent_readout)-1;
  INVALID(recurrent_model_create(&architecture, 0, &model));
  architecture = zero;
  architecture.loss = (recurrent_loss)-1;
  INVALID(recurrent_model_create(&architecture, 0, &model));

  CHECK(recurrent_model_create(&zero, 0, &good));
  INVALID(recurrent_model_write(NULL, in(folder, "model")));
  INVALID(recurrent_model_write(good, NULL));
  EXPECT(RECURRENT_FILE, recurrent_model_write(good, in(folder, "none/model")));
  CHECK(recurrent_model_write(good, in(folder, "model")));
  INVALID(recurrent_model_describe(NULL, &info));
  INVALID(recurrent_model_describe(good, NULL));
  info.size = 3;
  INVALID(recurrent_model_describe(good, &info));
  /* Structures of other versions, of which there is no more than the size. */
  size_t *short_one = malloc(sizeof *short_one);
  REQUIRE(short_one);
  *short_one = sizeof *short_one;
  INVALID(recurrent_model_describe(good, (recurrent_model_info *)(void *)short_one));
  INVALID(recurrent_model_create((recurrent_architecture *)(void *)short_one, 0, &model));
  INVALID(recurrent_model_load(in(folder, "model"), (recurrent_load_options *)(void *)short_one, &model));
  free(short_one);
  memset(&info, 0, sizeof info);
  INVALID(recurrent_model_describe(good, BESIDE(recurrent_model_info, &info)));
  INVALID(recurrent_model_create(BESIDE(recurrent_architecture, &zero), 0, &model));
  INVALID(recurrent_model_create(&zero, 0, BESIDE(recurrent_model *, &model)));
  INVALID(recurrent_model_load(in(folder, "model"), BESIDE(recurrent_load_options, &options), &model));
  /* Probabilities of a model of numbers. */
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.probabilities = 1;
  EXPECT(RECURRENT_UNSUPPORTED, recurrent_model_load(in(folder, "model"), &options, &model));

  CHECK(recurrent_model_free(good));
  INVALID(recurrent_model_free(good));
  INVALID(recurrent_model_describe(good, &info));
  CHECK(recurrent_model_free(NULL));
}

/* Handles that are none. */
static void handles(recurrent_model *model, recurrent_workspace *workspace, recurrent_session *session) {
  static union {
    char bytes[256];
    uint64_t words[32];
  } garbage;
  recurrent_session *out;
  recurrent_workspace *other;
  float x[I] = {0}, y[O];
  size_t steps;
  void *wrong[] = {NULL, garbage.bytes + 128 - (uintptr_t)garbage.bytes % 64, garbage.bytes + 1, model};
  size_t i;
  memset(garbage.bytes, 0x5a, sizeof garbage.bytes);
  for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    INVALID(recurrent_step(wrong[i], session, x, I, y, O));
    INVALID(recurrent_step(workspace, wrong[i], x, I, y, O));
    INVALID(recurrent_session_steps(wrong[i], &steps));
    if (wrong[i]) INVALID(recurrent_session_free(wrong[i]));
    if (wrong[i]) INVALID(recurrent_workspace_free(wrong[i]));
    if (wrong[i]) INVALID(recurrent_trainer_free(wrong[i]));
    if (wrong[i] != (void *)model) {
      INVALID(recurrent_session_open(wrong[i], &out));
      INVALID(recurrent_workspace_create(wrong[i], &other));
      if (wrong[i]) INVALID(recurrent_model_free(wrong[i]));
    }
  }
  CHECK(recurrent_session_open(model, &out));
  CHECK(recurrent_session_free(out));
  INVALID(recurrent_session_free(out));
  INVALID(recurrent_step(workspace, out, x, I, y, O));
  INVALID(recurrent_session_copy(out, &out));
  CHECK(recurrent_workspace_create(model, &other));
  CHECK(recurrent_workspace_free(other));
  INVALID(recurrent_step(other, session, x, I, y, O));
}

static void sessions(const char *folder, recurrent_model *model, recurrent_session *session) {
  recurrent_session *out;
  size_t size, asked;
  int32_t equal;
  char *bytes;
  INVALID(recurrent_session_open(model, NULL));
  INVALID(recurrent_workspace_create(model, NULL));
  INVALID(recurrent_session_copy(NULL, &out));
  INVALID(recurrent_session_copy(session, NULL));
  INVALID(recurrent_session_steps(session, NULL));
  INVALID(recurrent_session_equal(NULL, session, &equal));
  INVALID(recurrent_session_equal(session, NULL, &equal));
  INVALID(recurrent_session_equal(session, session, NULL));
  INVALID(recurrent_session_open(model, BESIDE(recurrent_session *, &out)));
  INVALID(recurrent_session_steps(session, BESIDE(size_t, &size)));
  INVALID(recurrent_session_equal(session, session, BESIDE(int32_t, &equal)));
  INVALID(recurrent_session_serialize(session, NULL, 0, BESIDE(size_t, &size)));
  INVALID(recurrent_session_write(session, NULL));
  INVALID(recurrent_session_write(NULL, "session"));
  EXPECT(RECURRENT_FILE, recurrent_session_write(session, in(folder, "none/session")));
  INVALID(recurrent_session_read(model, NULL, &out));
  INVALID(recurrent_session_read(model, "session", NULL));
  INVALID(recurrent_session_read(NULL, "session", &out));
  EXPECT(RECURRENT_FILE, recurrent_session_read(model, in(folder, "none"), &out));
  EXPECT(RECURRENT_FORMAT, recurrent_session_read(model, in(folder, "model"), &out));
  EXPECT(RECURRENT_FORMAT, recurrent_session_read(model, in(folder, "short"), &out));

  INVALID(recurrent_session_serialize(NULL, NULL, 0, &size));
  INVALID(recurrent_session_serialize(session, NULL, 0, NULL));
  INVALID(recurrent_session_serialize(session, NULL, 8, &size));
  CHECK(recurrent_session_serialize(session, NULL, 0, &size));
  bytes = malloc(size);
  REQUIRE(bytes);
  INVALID(recurrent_session_serialize(session, bytes, size - 1, &asked));
  REQUIRE(asked == size);
  CHECK(recurrent_session_serialize(session, bytes, SIZE_MAX, &size));
  INVALID(recurrent_session_deserialize(model, NULL, size, &out));
  INVALID(recurrent_session_deserialize(model, bytes, SIZE_MAX, &out));
  INVALID(recurrent_session_deserialize(model, bytes, size, NULL));
  INVALID(recurrent_session_deserialize(NULL, bytes, size, &out));
  EXPECT(RECURRENT_FORMAT, recurrent_session_deserialize(model, bytes, 0, &out));
  EXPECT(RECURRENT_FORMAT, recurrent_session_deserialize(model, bytes, size - 1, &out));
  for (asked = 0; asked < size; asked++) {
    /* One byte wrong: a status or a session, and never an end of the process. */
    bytes[asked] ^= 0x41;
    if (recurrent_session_deserialize(model, bytes, size, &out) == RECURRENT_OK) CHECK(recurrent_session_free(out));
    bytes[asked] ^= 0x41;
    count++;
  }
  free(bytes);
}

static void steps(recurrent_model *model, recurrent_workspace *workspace, recurrent_session *session,
                  recurrent_workspace *of_tokens, recurrent_session *of_token, recurrent_session *stranger) {
  float x[2 * I] = {0}, y[2 * O] = {7, 7, 7, 7};
  int32_t tokens[2] = {0, 1};
  recurrent_session *twice[2] = {session, session}, *mixed[2] = {session, stranger}, *holes[2] = {session, NULL};
  recurrent_session *other, *good[2];
  size_t i;
  INVALID(recurrent_step(workspace, session, NULL, I, y, O));
  INVALID(recurrent_step(workspace, session, x, I, NULL, O));
  for (i = 0; i < HUGE_COUNT_COUNT; i++) {
    INVALID(recurrent_step(workspace, session, x, HUGE_COUNTS[i], y, O));
    INVALID(recurrent_step(workspace, session, x, I, y, HUGE_COUNTS[i]));
    INVALID(recurrent_step_token(of_tokens, of_token, 0, y, HUGE_COUNTS[i]));
    INVALID(recurrent_step_many(workspace, &session, 1, x, HUGE_COUNTS[i], y, O));
    INVALID(recurrent_step_many(workspace, &session, 1, x, I, y, HUGE_COUNTS[i]));
    INVALID(recurrent_step_many_tokens(of_tokens, &of_token, 1, tokens, HUGE_COUNTS[i] == 1 ? 2 : HUGE_COUNTS[i], y, O));
    INVALID(recurrent_step_many_tokens(of_tokens, &of_token, 1, tokens, 1, y, HUGE_COUNTS[i]));
    if (HUGE_COUNTS[i] > 1) INVALID(recurrent_step_many(workspace, &session, HUGE_COUNTS[i], x, I, y, O));
  }
  INVALID(recurrent_step(workspace, session, BESIDE(float, x), I, y, O));
  INVALID(recurrent_step(workspace, session, x, I, BESIDE(float, y), O));
  INVALID(recurrent_step_token(of_tokens, of_token, 0, BESIDE(float, y), O));
  INVALID(recurrent_step_many(workspace, BESIDE(recurrent_session *, holes), 1, x, I, y, O));
  INVALID(recurrent_step_many(workspace, &session, 1, BESIDE(float, x), I, y, O));
  INVALID(recurrent_step_many(workspace, &session, 1, x, I, BESIDE(float, y), O));
  INVALID(recurrent_step_many_tokens(of_tokens, &of_token, 1, BESIDE(int32_t, tokens), 1, y, O));
  INVALID(recurrent_step_many_tokens(of_tokens, &of_token, 1, tokens, 1, BESIDE(float, y), O));
  /* Outputs over inputs. */
  for (i = 0; i < I; i++) {
    INVALID(recurrent_step(workspace, session, x, I, x + i, O));
    INVALID(recurrent_step_many(workspace, &session, 1, x, I, x + i, O));
  }
  INVALID(recurrent_step(workspace, session, y + 1, I, y, O));
  INVALID(recurrent_step_many_tokens(of_tokens, &of_token, 1, tokens, 1, (float *)(void *)tokens, O));
  for (i = 0; i < 2 * I; i++) REQUIRE(x[i] == 0);
  EXPECT(RECURRENT_WRONG_MODEL, recurrent_step(workspace, stranger, x, I, y, O));
  EXPECT(RECURRENT_WRONG_MODEL, recurrent_step(workspace, of_token, x, I, y, O));
  INVALID(recurrent_step_token(workspace, session, 0, y, O));
  INVALID(recurrent_step(of_tokens, of_token, x, I, y, O));
  INVALID(recurrent_step_token(of_tokens, of_token, -1, y, O));
  INVALID(recurrent_step_token(of_tokens, of_token, V, y, O));
  INVALID(recurrent_step_token(of_tokens, of_token, INT32_MIN, y, O));
  INVALID(recurrent_step_token(of_tokens, of_token, INT32_MAX, y, O));
  INVALID(recurrent_step_token(of_tokens, of_token, 0, NULL, O));
  EXPECT(RECURRENT_WRONG_MODEL, recurrent_step_token(of_tokens, session, 0, y, O));

  INVALID(recurrent_step_many(workspace, NULL, 2, x, 2 * I, y, 2 * O));
  INVALID(recurrent_step_many(workspace, twice, 2, x, 2 * I, y, 2 * O));
  INVALID(recurrent_step_many(workspace, holes, 2, x, 2 * I, y, 2 * O));
  EXPECT(RECURRENT_WRONG_MODEL, recurrent_step_many(workspace, mixed, 2, x, 2 * I, y, 2 * O));
  CHECK(recurrent_session_open(model, &other));
  good[0] = session;
  good[1] = other;
  INVALID(recurrent_step_many(workspace, good, 2, NULL, 2 * I, y, 2 * O));
  INVALID(recurrent_step_many(workspace, good, 2, x, 2 * I, NULL, 2 * O));
  INVALID(recurrent_step_many_tokens(workspace, good, 2, tokens, 2, y, 2 * O));
  CHECK(recurrent_step_many(workspace, NULL, 0, NULL, 0, NULL, 0));
  CHECK(recurrent_session_free(other));
  good[0] = of_token;
  good[1] = of_token;
  INVALID(recurrent_step_many_tokens(of_tokens, good, 2, tokens, 2, y, 2 * O));
  tokens[0] = V;
  INVALID(recurrent_step_many_tokens(of_tokens, good, 1, tokens, 1, y, O));
  INVALID(recurrent_step_many_tokens(of_tokens, good, 1, NULL, 1, y, O));
  /* Nothing was written. */
  for (i = 0; i < 2 * O; i++) REQUIRE(y[i] == 7);
}

static void batches(recurrent_model *model, recurrent_workspace *workspace, recurrent_session *session,
                    recurrent_model *token_model, recurrent_session *stranger) {
  size_t lengths[B] = {2, 3};
  float x[N * I] = {0}, y[N * O];
  int32_t tokens[N] = {0, 1, 2, 3, V};
  recurrent_sequences good, bad;
  recurrent_session *other, *pair[B];
  size_t i;
  memset(&good, 0, sizeof good);
  good.count = B;
  good.lengths = lengths;
  good.features = x;
  good.feature_count = N * I;
  CHECK(recurrent_run(model, &good, y, N * O));
  INVALID(recurrent_run(NULL, &good, y, N * O));
  INVALID(recurrent_run(model, NULL, y, N * O));
  INVALID(recurrent_run(model, &good, NULL, N * O));
  INVALID(recurrent_run(token_model, &good, y, N * O));
  for (i = 0; i < HUGE_COUNT_COUNT; i++) {
    INVALID(recurrent_run(model, &good, y, HUGE_COUNTS[i]));
    bad = good;
    bad.feature_count = HUGE_COUNTS[i];
    INVALID(recurrent_run(model, &bad, y, N * O));
    bad = good;
    bad.count = HUGE_COUNTS[i];
    INVALID(recurrent_run(model, &bad, y, N * O));
    bad = good;
    lengths[1] = HUGE_COUNTS[i];
    INVALID(recurrent_run(model, &bad, y, N * O));
    lengths[1] = 3;
  }
  bad = good;
  bad.lengths = NULL;
  INVALID(recurrent_run(model, &bad, y, N * O));
  INVALID(recurrent_run(model, BESIDE(recurrent_sequences, &good), y, N * O));
  INVALID(recurrent_run(model, &good, BESIDE(float, y), N * O));
  bad.lengths = BESIDE(size_t, lengths);
  INVALID(recurrent_run(model, &bad, y, N * O));
  bad = good;
  bad.features = BESIDE(float, x);
  INVALID(recurrent_run(model, &bad, y, N * O));
  bad = good;
  bad.features = NULL;
  bad.feature_count = 0;
  bad.tokens = BESIDE(int32_t, tokens);
  bad.token_count = N;
  INVALID(recurrent_run(token_model, &bad, y, N * O));
  bad = good;
  bad.features = NULL;
  INVALID(recurrent_run(model, &bad, y, N * O));
  bad = good;
  bad.tokens = tokens;
  INVALID(recurrent_run(model, &bad, y, N * O));
  bad = good;
  bad.features = NULL;
  bad.feature_count = 0;
  bad.tokens = tokens;
  bad.token_count = N;
  INVALID(recurrent_run(model, &bad, y, N * O));
  INVALID(recurrent_run(token_model, &bad, y, N * O));
  tokens[4] = -1;
  INVALID(recurrent_run(token_model, &bad, y, N * O));
  bad.token_count = N - 1;
  INVALID(recurrent_run(token_model, &bad, y, N * O));
  bad = good;
  bad.count = 0;
  bad.features = NULL;
  bad.feature_count = 0;
  bad.lengths = NULL;
  CHECK(recurrent_run(model, &bad, NULL, 0));
  /* Sequences without a step are none of them. */
  lengths[0] = lengths[1] = 0;
  bad.count = B;
  bad.lengths = lengths;
  CHECK(recurrent_run(model, &bad, NULL, 0));
  lengths[0] = 2;
  lengths[1] = 3;

  CHECK(recurrent_session_open(model, &other));
  pair[0] = session;
  pair[1] = other;
  CHECK(recurrent_run_sessions(workspace, &good, pair, y, N * O));
  INVALID(recurrent_run_sessions(NULL, &good, pair, y, N * O));
  INVALID(recurrent_run_sessions(workspace, NULL, pair, y, N * O));
  INVALID(recurrent_run_sessions(workspace, &good, NULL, y, N * O));
  INVALID(recurrent_run_sessions(workspace, &good, BESIDE(recurrent_session *, pair), y, N * O));
  INVALID(recurrent_run_sessions(workspace, &good, pair, NULL, N * O));
  INVALID(recurrent_run_sessions(workspace, &good, pair, y, N * O - 1));
  pair[1] = session;
  INVALID(recurrent_run_sessions(workspace, &good, pair, y, N * O));
  pair[1] = stranger;
  EXPECT(RECURRENT_WRONG_MODEL, recurrent_run_sessions(workspace, &good, pair, y, N * O));
  pair[1] = NULL;
  INVALID(recurrent_run_sessions(workspace, &good, pair, y, N * O));
  CHECK(recurrent_session_free(other));
}

static void training(recurrent_model *model, recurrent_model *token_model) {
  recurrent_trainer *trainer, *classes, *none;
  recurrent_training_options options;
  size_t lengths[B] = {2, 3}, parameters, i;
  float x[N * I] = {0}, y[N * O] = {0}, *buffer, *before;
  int32_t labels[N] = {0, 1, 0, 1, -1}, tokens[N] = {0, 1, 2, 3, 4};
  recurrent_sequences sequences, of_tokens, bad;
  recurrent_targets targets, of_classes, wrong;
  double loss;

  INVALID(recurrent_trainer_create(NULL, NULL, &trainer));
  INVALID(recurrent_trainer_create(model, NULL, NULL));
  memset(&options, 0, sizeof options);
  INVALID(recurrent_trainer_create(model, &options, &trainer));
  options.size = sizeof options;
  const double rates[] = {-1, NAN, INFINITY, 1e-300, 1e300};
  for (i = 0; i < 5; i++) {
    options.learning_rate = rates[i];
    INVALID(recurrent_trainer_create(model, &options, &trainer));
  }
  options.learning_rate = 0;
  options.momentum = 0.5;
  INVALID(recurrent_trainer_create(model, &options, &trainer));
  options.optimizer = RECURRENT_SGD;
  options.momentum = 1;
  INVALID(recurrent_trainer_create(model, &options, &trainer));
  options.momentum = NAN;
  INVALID(recurrent_trainer_create(model, &options, &trainer));
  options.momentum = 0;
  options.weight_decay = 1;
  INVALID(recurrent_trainer_create(model, &options, &trainer));
  options.optimizer = RECURRENT_ADAMW;
  options.weight_decay = -1;
  INVALID(recurrent_trainer_create(model, &options, &trainer));
  options.weight_decay = INFINITY;
  INVALID(recurrent_trainer_create(model, &options, &trainer));
  options.weight_decay = 0;
  options.gradient_norm_limit = -1;
  INVALID(recurrent_trainer_create(model, &options, &trainer));
  options.gradient_norm_limit = NAN;
  INVALID(recurrent_trainer_create(model, &options, &trainer));
  options.gradient_norm_limit = 0;
  options.optimizer = (recurrent_optimizer)77;
  INVALID(recurrent_trainer_create(model, &options, &trainer));

  CHECK(recurrent_trainer_create(model, NULL, &trainer));
  CHECK(recurrent_trainer_create(token_model, NULL, &classes));
  memset(&sequences, 0, sizeof sequences);
  sequences.count = B;
  sequences.lengths = lengths;
  of_tokens = sequences;
  sequences.features = x;
  sequences.feature_count = N * I;
  of_tokens.tokens = tokens;
  of_tokens.token_count = N;
  memset(&targets, 0, sizeof targets);
  of_classes = targets;
  targets.values = y;
  targets.value_count = N * O;
  of_classes.classes = labels;
  of_classes.class_count = N;
  CHECK(recurrent_trainer_step(trainer, &sequences, &targets, &loss));
  CHECK(recurrent_trainer_step(trainer, &sequences, &targets, NULL));
  CHECK(recurrent_trainer_step(classes, &of_tokens, &of_classes, &loss));

  INVALID(recurrent_trainer_parameter_count(NULL, &parameters));
  INVALID(recurrent_trainer_parameter_count(trainer, NULL));
  CHECK(recurrent_trainer_parameter_count(trainer, &parameters));
  buffer = calloc(parameters, sizeof *buffer);
  before = calloc(parameters, sizeof *before);
  REQUIRE(buffer && before);
  CHECK(recurrent_trainer_get_parameters(trainer, before, parameters));

  INVALID(recurrent_trainer_step(NULL, &sequences, &targets, &loss));
  INVALID(recurrent_trainer_step(trainer, NULL, &targets, &loss));
  INVALID(recurrent_trainer_step(trainer, &sequences, NULL, &loss));
  INVALID(recurrent_trainer_step(trainer, &of_tokens, &targets, &loss));
  INVALID(recurrent_trainer_step(trainer, &sequences, &of_classes, &loss));
  INVALID(recurrent_trainer_step(classes, &of_tokens, &targets, &loss));
  bad = sequences;
  bad.count = 0;
  bad.feature_count = 0;
  INVALID(recurrent_trainer_step(trainer, &bad, &targets, &loss));
  wrong = targets;
  wrong.values = NULL;
  INVALID(recurrent_trainer_step(trainer, &sequences, &wrong, &loss));
  wrong.values = BESIDE(float, y);
  INVALID(recurrent_trainer_step(trainer, &sequences, &wrong, &loss));
  wrong = of_classes;
  wrong.classes = BESIDE(int32_t, labels);
  INVALID(recurrent_trainer_step(classes, &of_tokens, &wrong, &loss));
  INVALID(recurrent_trainer_create(model, BESIDE(recurrent_training_options, &options), &none));
  INVALID(recurrent_trainer_step(trainer, &sequences, BESIDE(recurrent_targets, &targets), &loss));
  INVALID(recurrent_trainer_step(trainer, &sequences, &targets, BESIDE(double, &loss)));
  INVALID(recurrent_trainer_gradient(trainer, &sequences, &targets, BESIDE(float, buffer), parameters, &loss));
  INVALID(recurrent_trainer_gradient(trainer, &sequences, &targets, buffer, parameters, BESIDE(double, &loss)));
  INVALID(recurrent_trainer_update(trainer, NULL, BESIDE(float, buffer), parameters));
  INVALID(recurrent_trainer_update(trainer, BESIDE(float, before), buffer, parameters));
  INVALID(recurrent_trainer_parameter_count(trainer, BESIDE(size_t, &i)));
  INVALID(recurrent_trainer_get_parameters(trainer, BESIDE(float, buffer), parameters));
  INVALID(recurrent_trainer_set_parameters(trainer, BESIDE(float, buffer), parameters));
  for (i = 0; i < HUGE_COUNT_COUNT; i++) {
    wrong = targets;
    wrong.value_count = HUGE_COUNTS[i];
    INVALID(recurrent_trainer_step(trainer, &sequences, &wrong, &loss));
    wrong = of_classes;
    wrong.class_count = HUGE_COUNTS[i];
    INVALID(recurrent_trainer_step(classes, &of_tokens, &wrong, &loss));
    INVALID(recurrent_trainer_gradient(trainer, &sequences, &targets, buffer, HUGE_COUNTS[i], &loss));
    INVALID(recurrent_trainer_update(trainer, NULL, buffer, HUGE_COUNTS[i]));
    INVALID(recurrent_trainer_get_parameters(trainer, buffer, HUGE_COUNTS[i]));
    INVALID(recurrent_trainer_set_parameters(trainer, buffer, HUGE_COUNTS[i]));
  }
  labels[0] = O;
  INVALID(recurrent_trainer_step(classes, &of_tokens, &of_classes, &loss));
  labels[0] = -2;
  INVALID(recurrent_trainer_step(classes, &of_tokens, &of_classes, &loss));
  labels[0] = 0;
  tokens[0] = V;
  INVALID(recurrent_trainer_step(classes, &of_tokens, &of_classes, &loss));
  x[0] = INFINITY;
  x[1] = -INFINITY;
  EXPECT(RECURRENT_NOT_FINITE, recurrent_trainer_step(trainer, &sequences, &targets, &loss));
  x[0] = x[1] = 0;
  y[0] = INFINITY;
  EXPECT(RECURRENT_NOT_FINITE, recurrent_trainer_step(trainer, &sequences, &targets, &loss));
  y[0] = 0;

  INVALID(recurrent_trainer_gradient(NULL, &sequences, &targets, buffer, parameters, &loss));
  INVALID(recurrent_trainer_gradient(trainer, NULL, &targets, buffer, parameters, &loss));
  INVALID(recurrent_trainer_gradient(trainer, &sequences, NULL, buffer, parameters, &loss));
  INVALID(recurrent_trainer_gradient(trainer, &sequences, &targets, NULL, parameters, &loss));
  INVALID(recurrent_trainer_update(NULL, NULL, buffer, parameters));
  INVALID(recurrent_trainer_update(trainer, NULL, NULL, parameters));
  INVALID(recurrent_trainer_get_parameters(NULL, buffer, parameters));
  INVALID(recurrent_trainer_get_parameters(trainer, NULL, parameters));
  INVALID(recurrent_trainer_set_parameters(NULL, buffer, parameters));
  INVALID(recurrent_trainer_set_parameters(trainer, NULL, parameters));
  buffer[1] = NAN;
  EXPECT(RECURRENT_NOT_FINITE, recurrent_trainer_update(trainer, NULL, buffer, parameters));
  EXPECT(RECURRENT_NOT_FINITE, recurrent_trainer_set_parameters(trainer, buffer, parameters));
  EXPECT(RECURRENT_NOT_FINITE, recurrent_trainer_update(trainer, buffer, before, parameters));
  INVALID(recurrent_trainer_set_learning_rate(NULL, 0.1));
  for (i = 0; i < 5; i++) INVALID(recurrent_trainer_set_learning_rate(trainer, rates[i]));
  INVALID(recurrent_trainer_set_learning_rate(trainer, 0));
  INVALID(recurrent_trainer_model(NULL, &model));
  INVALID(recurrent_trainer_model(trainer, NULL));
  /* Nothing has changed. */
  CHECK(recurrent_trainer_get_parameters(trainer, buffer, parameters));
  REQUIRE(memcmp(buffer, before, parameters * sizeof *buffer) == 0);
  free(buffer);
  free(before);
  CHECK(recurrent_trainer_free(trainer));
  INVALID(recurrent_trainer_free(trainer));
  INVALID(recurrent_trainer_step(trainer, &sequences, &targets, &loss));
  CHECK(recurrent_trainer_free(classes));
}

int main(int argc, char **argv) {
  recurrent_architecture architecture;
  recurrent_model *model, *other, *token_model, *both;
  recurrent_workspace *workspace, *token_workspace;
  recurrent_session *session, *stranger, *of_token, *none;
  if (argc < 2) return 2;
  verbose = argc > 2;
  REQUIRE(recurrent_last_error()[0] == 0 && recurrent_version()[0] != 0);
  models(argv[1]);

  memset(&architecture, 0, sizeof architecture);
  architecture.size = sizeof architecture;
  architecture.cell = RECURRENT_LSTM;
  architecture.hidden_size = 5;
  architecture.input_size = I;
  architecture.output_size = O;
  CHECK(recurrent_model_create(&architecture, 1, &model));
  CHECK(recurrent_model_create(&architecture, 2, &other));
  architecture.bidirectional = 1;
  CHECK(recurrent_model_create(&architecture, 1, &both));
  architecture.bidirectional = 0;
  architecture.input_size = 0;
  architecture.vocabulary_size = V;
  architecture.embedding_size = 4;
  architecture.loss = RECURRENT_SOFTMAX_CROSS_ENTROPY;
  CHECK(recurrent_model_create(&architecture, 1, &token_model));
  CHECK(recurrent_workspace_create(model, &workspace));
  CHECK(recurrent_workspace_create(token_model, &token_workspace));
  CHECK(recurrent_session_open(model, &session));
  CHECK(recurrent_session_open(other, &stranger));
  CHECK(recurrent_session_open(token_model, &of_token));
  EXPECT(RECURRENT_UNSUPPORTED, recurrent_session_open(both, &none));
  REQUIRE(none == NULL);

  handles(model, workspace, session);
  sessions(argv[1], model, session);
  steps(model, workspace, session, token_workspace, of_token, stranger);
  batches(model, workspace, session, token_model, stranger);
  training(model, token_model);

  CHECK(recurrent_session_free(session));
  CHECK(recurrent_session_free(stranger));
  CHECK(recurrent_session_free(of_token));
  CHECK(recurrent_workspace_free(workspace));
  CHECK(recurrent_workspace_free(token_workspace));
  CHECK(recurrent_model_free(model));
  CHECK(recurrent_model_free(other));
  CHECK(recurrent_model_free(both));
  CHECK(recurrent_model_free(token_model));
  printf("%d mistakes, each a status and a message\n", count);
  return 0;
}
