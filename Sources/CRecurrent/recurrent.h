/* Recurrent neural networks on the CPU: streams, ragged batches and training, for C and for all that calls C.
 *
 *     recurrent_model *model;
 *     recurrent_workspace *workspace;
 *     recurrent_session *session;
 *     if (recurrent_model_load("model.safetensors", NULL, &model)) puts(recurrent_last_error());
 *     recurrent_workspace_create(model, &workspace);            one for each thread
 *     recurrent_session_open(model, &session);                  one for each stream
 *     recurrent_step(workspace, session, sample, 64, output, 10);
 *
 * Build with `cc ... $(pkg-config --cflags --libs recurrent-c)`. C99 and C++.
 *
 * Letters in shapes: T steps, B sequences, N steps of all sequences together, I numbers that a step reads, O numbers
 * that it gives, P parameters. All arrays are dense and row after row, of 32-bit floats; sequences lie one after
 * another in the caller's order, each with all of its steps.
 *
 * Errors. Every function but two returns a status. Whatever is not RECURRENT_OK left a line of English for the
 * calling thread, recurrent_last_error(). A call that fails changes nothing: no session, no output, no parameter; a
 * handle that was to be received is NULL. NULL where it is not allowed, a pointer that is misaligned for its type,
 * counts that do not fit, tokens outside the vocabulary, handles of another kind and handles that were freed are
 * RECURRENT_INVALID_ARGUMENT. What cannot be told is a count that is larger than the memory behind its pointer, a
 * pointer that is no memory at all, and a freed handle whose place a later one of the same kind has taken.
 *
 * Overlap. The outputs of a step may not overlap its features or tokens, which is RECURRENT_INVALID_ARGUMENT. Batches
 * and trainers read all arrays before they write the first.
 *
 * Ownership. What a function creates, the caller frees with the function of that kind, in any order: a session or a
 * workspace keeps what it needs of its model. Freeing NULL does nothing. No function keeps a pointer of the caller's
 * after it returns. The few bytes of a freed handle stay with the process, for the next one of its kind.
 *
 * Threads. A model never changes: any number of threads may use one at once. A session, a workspace and a trainer are
 * for one thread at a time, whichever; two threads with a workspace each step different sessions of one model at
 * once. Nothing may be freed while a call uses it. Batches that are large enough are computed on several threads of
 * the library's own.
 *
 * fork(). A child goes on with all handles that it has, and its own threads; what other threads of the parent were in
 * the middle of, it does not touch: the sessions, workspaces and trainers of these threads are not to be used in the
 * child.
 *
 * Values of enumerations and fields of structures are not changed by later versions of the same soname.
 */
#ifndef RECURRENT_H
#define RECURRENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What came of a call. */
typedef enum recurrent_status {
  RECURRENT_OK = 0,
  /* NULL, a misaligned pointer, a count that does not fit, a token or a label outside its range, a handle that is
     none, outputs of a step that overlap its inputs. */
  RECURRENT_INVALID_ARGUMENT = 1,
  /* A session of another model than the workspace. */
  RECURRENT_WRONG_MODEL = 2,
  /* The system does not let the file be read or written. */
  RECURRENT_FILE = 3,
  /* The contents of the file, or of the bytes, are not what they should be. */
  RECURRENT_FORMAT = 4,
  /* Right, but not possible with this model or this build: a step of a bidirectional model, ONNX without ONNX. */
  RECURRENT_UNSUPPORTED = 5,
  /* The call would need more memory than the machine has. */
  RECURRENT_OUT_OF_MEMORY = 6,
  /* The loss, a gradient, its norm or a parameter that the caller gives is infinite or NaN. */
  RECURRENT_NOT_FINITE = 7
} recurrent_status;

/* A model whose weights are ready for steps and for batches. Immutable; shared by threads. */
typedef struct recurrent_model recurrent_model;
/* The state of one stream. */
typedef struct recurrent_session recurrent_session;
/* The memory in which one thread steps. */
typedef struct recurrent_workspace recurrent_workspace;
/* A model in training: parameters, an optimiser and the memory of passes. */
typedef struct recurrent_trainer recurrent_trainer;

/* The version of the library, such as "1.0.0". Never NULL, never to be freed. */
const char *recurrent_version(void);

/* What was wrong in the last call of this thread that failed; "" before the first. Valid until the next call of this
 * thread that fails, and not to be freed. */
const char *recurrent_last_error(void);

/* ---- Models ---- */

typedef enum recurrent_readout {
  /* Not known: what a file of ours or of ONNX says. */
  RECURRENT_READOUT_UNKNOWN = 0,
  /* A prediction at every step. */
  RECURRENT_EVERY_STEP = 1,
  /* One prediction for a sequence: from the last hidden state, or the mean or the largest of all outputs. */
  RECURRENT_FINAL_STATE = 2,
  RECURRENT_MEAN_STATE = 3,
  RECURRENT_MAX_STATE = 4
} recurrent_readout;

typedef enum recurrent_loss {
  /* Not known: what a file of ours or of ONNX says, else the mean squared error. */
  RECURRENT_LOSS_UNKNOWN = 0,
  RECURRENT_MEAN_SQUARED_ERROR = 1,
  RECURRENT_MEAN_ABSOLUTE_ERROR = 2,
  RECURRENT_SOFTMAX_CROSS_ENTROPY = 3,
  RECURRENT_BINARY_CROSS_ENTROPY = 4
} recurrent_loss;

typedef enum recurrent_cell {
  RECURRENT_LSTM = 1,
  /* Of PyTorch's convention: reset after the product. */
  RECURRENT_GRU = 2,
  RECURRENT_TANH = 3,
  RECURRENT_RELU = 4
} recurrent_cell;

/* How a file is read. Zeros, but for the size, are the defaults. */
typedef struct recurrent_load_options {
  /* sizeof(recurrent_load_options). */
  size_t size;
  /* For a state_dict of PyTorch with a head, which does not show it: needed there, and ignored elsewhere. */
  recurrent_readout readout;
  /* For PyTorch, and for ONNX where the graph implies none: what the model was trained with. */
  recurrent_loss loss;
  /* For a state_dict of nn.RNN: RECURRENT_TANH or RECURRENT_RELU; needed there, 0 elsewhere. */
  int32_t nonlinearity;
  /* 1 for the probability of each class instead of the logits; needs one of the cross-entropies. */
  int32_t probabilities;
  /* 1 where weights may be infinite or NaN, which is RECURRENT_FORMAT otherwise. */
  int32_t allow_non_finite;
  /* At most so many threads for a batch; 0 for all that the process has. A single step takes the calling thread
     alone. */
  int32_t threads;
} recurrent_load_options;

/* A network to be trained from scratch. Zeros mean: no embedding, one layer, in one direction, every step. */
typedef struct recurrent_architecture {
  /* sizeof(recurrent_architecture). */
  size_t size;
  recurrent_cell cell;
  /* Hidden units. */
  size_t hidden_size;
  /* I, or 0 where there is a vocabulary. */
  size_t input_size;
  /* Tokens and the numbers for each: both 0 for a model that reads numbers. */
  size_t vocabulary_size;
  size_t embedding_size;
  /* 0 for 1. */
  size_t layers;
  /* 1 for both directions. */
  int32_t bidirectional;
  /* Unknown for every step. */
  recurrent_readout readout;
  /* O. */
  size_t output_size;
  /* Unknown for the mean squared error. */
  recurrent_loss loss;
  /* Between two layers, from 0 up to but not 1. */
  double dropout;
} recurrent_architecture;

/* What a model reads and gives. */
typedef struct recurrent_model_info {
  /* sizeof(recurrent_model_info), set by the caller. */
  size_t size;
  /* 1 where a step reads a token, 0 where it reads numbers. */
  int32_t reads_tokens;
  /* 1 for RECURRENT_EVERY_STEP, 0 where one row is given for each sequence. */
  int32_t predicts_every_step;
  /* 1 where it reads both directions: it runs whole sequences and has no sessions. */
  int32_t is_bidirectional;
  /* 1 where its file says that its data was scaled, which neither steps nor runs do: see recurrent_model_load. */
  int32_t has_scaling;
  /* 1 where recurrent_trainer_create takes it: there is a head, with a loss. */
  int32_t can_be_trained;
  recurrent_readout readout;
  recurrent_loss loss;
  /* Numbers that a step reads, I; 0 where it reads tokens. */
  size_t input_size;
  /* Tokens that there are, from 0; 0 where it reads numbers. */
  size_t vocabulary_size;
  /* O. */
  size_t output_size;
  size_t layers;
  /* Of one direction of a layer. */
  size_t hidden_size;
  /* P. */
  size_t parameter_count;
  /* Bytes of memory that the numbers of a session take, once it has stepped. Its file, whose size
     recurrent_session_serialize tells, has the same numbers without padding, and a header. */
  size_t session_bytes;
  /* Which model it is: 16 hexadecimal digits and a zero, the same in every process for the same weights. */
  char identity[24];
} recurrent_model_info;

/* Reads a model and prepares its weights, in O(P) beside the reading.
 *
 * The contents say what it is: a file of this library (safetensors), a state_dict that safetensors.torch.save_file
 * wrote (one recurrent module with nn.Linear as head and nn.Embedding or neither; or nn.LSTM, nn.GRU or nn.RNN alone,
 * whose outputs are its hidden states), or ONNX. An ONNX graph that is a chain of such modules becomes a model like
 * any other; of any other graph the status is RECURRENT_UNSUPPORTED and the message names the node: it cannot be
 * stepped, and this library does not run it. Numbers of other types (64, 16 bits) are rounded to 32 bits. Scaling of
 * inputs and predictions that a file of ours notes is left to the caller.
 *
 * options: NULL for the defaults. model: receives the handle.
 * Errors: RECURRENT_FILE, RECURRENT_FORMAT, RECURRENT_UNSUPPORTED, RECURRENT_INVALID_ARGUMENT, and, before the
 * tensors of a safetensors file are read, RECURRENT_OUT_OF_MEMORY where they do not fit. */
recurrent_status recurrent_model_load(const char *path, const recurrent_load_options *options, recurrent_model **model);

/* A model with initial weights that `seed` decides, to be trained. O(P). RECURRENT_INVALID_ARGUMENT for sizes that
 * cannot be, RECURRENT_OUT_OF_MEMORY for those that do not fit. */
recurrent_status recurrent_model_create(
    const recurrent_architecture *architecture, uint64_t seed, recurrent_model **model);

/* Writes the model's file, from which recurrent_model_load gives the same bits. At any moment, even after a crash,
 * there is at `path` what was there before or all of this. RECURRENT_UNSUPPORTED for a layer without a head. */
recurrent_status recurrent_model_write(const recurrent_model *model, const char *path);

/* Fills `info`, whose `size` the caller sets. O(1). */
recurrent_status recurrent_model_describe(const recurrent_model *model, recurrent_model_info *info);

/* Frees the handle. Sessions, workspaces and trainers made from it go on. */
recurrent_status recurrent_model_free(recurrent_model *model);

/* ---- Sessions ---- */

/* Memory for the steps of one thread. O(P) at most. */
recurrent_status recurrent_workspace_create(const recurrent_model *model, recurrent_workspace **workspace);

/* Frees it. */
recurrent_status recurrent_workspace_free(recurrent_workspace *workspace);

/* A stream before its first step. O(1): its numbers get memory of their own at the first step.
 * RECURRENT_UNSUPPORTED where the model is bidirectional. */
recurrent_status recurrent_session_open(const recurrent_model *model, recurrent_session **session);

/* A second stream that goes on from where `session` is. O(1): the first step of either copies the numbers, once. */
recurrent_status recurrent_session_copy(const recurrent_session *session, recurrent_session **copy);

/* The steps that it has taken. */
recurrent_status recurrent_session_steps(const recurrent_session *session, size_t *steps);

/* Sets `equal` to 1 where both are the same state of the same model, to the bit, and to 0 otherwise.
 * O(session_bytes). */
recurrent_status recurrent_session_equal(const recurrent_session *a, const recurrent_session *b, int32_t *equal);

/* Writes a safetensors file that holds the session to the bit, in the manner of recurrent_model_write. */
recurrent_status recurrent_session_write(const recurrent_session *session, const char *path);

/* The session in the file at `path`. RECURRENT_FORMAT where that is no session of this model, or holds NaN or
 * infinity. */
recurrent_status recurrent_session_read(
    const recurrent_model *model, const char *path, recurrent_session **session);

/* The bytes of that file.
 *
 * buffer: receives them; NULL, with a capacity of 0, to ask for the size alone.
 * size: receives how many they are. Where `capacity` is smaller the status is RECURRENT_INVALID_ARGUMENT, and `size`
 * is set. */
recurrent_status recurrent_session_serialize(
    const recurrent_session *session, void *buffer, size_t capacity, size_t *size);

/* The session in `size` bytes that recurrent_session_serialize gave. Errors as recurrent_session_read. */
recurrent_status recurrent_session_deserialize(
    const recurrent_model *model, const void *bytes, size_t size, recurrent_session **session);

/* Frees it. */
recurrent_status recurrent_session_free(recurrent_session *session);

/* ---- Steps ----
 *
 * One step of one session, of many, many steps, and the whole sequence give the same bits. A model that gives one row
 * for a sequence gives that of the sequence as far as it has come.
 */

/* One step of a session. After the session's first it allocates nothing, locks nothing and makes no system call.
 *
 * workspace: of the session's model, or of one with the same weights; else RECURRENT_WRONG_MODEL.
 * features: feature_count == I numbers.
 * outputs: receives output_count == O numbers. */
recurrent_status recurrent_step(
    recurrent_workspace *workspace, recurrent_session *session, const float *features, size_t feature_count,
    float *outputs, size_t output_count);

/* The same for a model that reads tokens: 0 up to but not vocabulary_size. */
recurrent_status recurrent_step_token(
    recurrent_workspace *workspace, recurrent_session *session, int32_t token, float *outputs, size_t output_count);

/* One step of each of `session_count` sessions, at once; the weights pass through the processor once for all.
 *
 * sessions: [B], each once; one that is there twice is RECURRENT_INVALID_ARGUMENT.
 * features: [B x I]. outputs: receives [B x O]. Zero sessions are a step of nothing. */
recurrent_status recurrent_step_many(
    recurrent_workspace *workspace, recurrent_session *const *sessions, size_t session_count, const float *features,
    size_t feature_count, float *outputs, size_t output_count);

/* The same for a model that reads tokens, [B]. */
recurrent_status recurrent_step_many_tokens(
    recurrent_workspace *workspace, recurrent_session *const *sessions, size_t session_count, const int32_t *tokens,
    size_t token_count, float *outputs, size_t output_count);

/* ---- Batches ---- */

/* Sequences of any lengths, one after another: features for a model that reads numbers, tokens for the others, and
 * NULL with a count of 0 for those that it does not read. */
typedef struct recurrent_sequences {
  /* B. */
  size_t count;
  /* Steps of each, [B]; 0 is allowed. */
  const size_t *lengths;
  /* [N x I], with N the sum of the lengths. */
  const float *features;
  size_t feature_count;
  /* [N]. */
  const int32_t *tokens;
  size_t token_count;
} recurrent_sequences;

/* Whole sequences from the zero state, in both directions where the model has two. Needs no workspace: threads may
 * run one model at once. Takes memory in proportion to N, freed on return.
 *
 * outputs: receives [N x O], one row for each step in the order of the inputs; or [B x O] where the model gives one
 * row for a sequence. output_count says how many numbers these are. */
recurrent_status recurrent_run(
    const recurrent_model *model, const recurrent_sequences *sequences, float *outputs, size_t output_count);

/* The next steps of sessions: sequence b is what comes next of sessions[b], [B], each once. Outputs as recurrent_run.
 * */
recurrent_status recurrent_run_sessions(
    recurrent_workspace *workspace, const recurrent_sequences *sequences, recurrent_session *const *sessions,
    float *outputs, size_t output_count);

/* ---- Training ---- */

typedef enum recurrent_optimizer {
  RECURRENT_ADAM = 0,
  RECURRENT_ADAMW = 1,
  RECURRENT_RMSPROP = 2,
  RECURRENT_SGD = 3
} recurrent_optimizer;

/* How parameters move. PyTorch's formulas; a zero, but for the size and the optimiser, is the default. */
typedef struct recurrent_training_options {
  /* sizeof(recurrent_training_options). */
  size_t size;
  recurrent_optimizer optimizer;
  /* 0 for 0.001. */
  double learning_rate;
  /* Of RECURRENT_SGD, from 0 up to but not 1. */
  double momentum;
  /* Of RECURRENT_ADAMW, 0 for 0.01. */
  double weight_decay;
  /* The Euclidean norm to which recurrent_trainer_step shortens a longer gradient; 0 for any length. */
  double gradient_norm_limit;
  /* Decides what dropout drops. */
  uint64_t seed;
} recurrent_training_options;

/* What should come out: values for the errors and the binary cross-entropy, classes for the softmax cross-entropy,
 * and NULL with a count of 0 for the others. */
typedef struct recurrent_targets {
  /* [N x O], or [B x O] where the model gives one row for a sequence; NaN where one does not count. */
  const float *values;
  size_t value_count;
  /* [N] or [B], 0 up to but not O; -1 where one does not count. */
  const int32_t *classes;
  size_t class_count;
} recurrent_targets;

/* A trainer of the weights of `model`, which itself does not change; options: NULL for the defaults. O(P) memory,
 * four times that of the parameters at most. RECURRENT_UNSUPPORTED where can_be_trained is 0. */
recurrent_status recurrent_trainer_create(
    const recurrent_model *model, const recurrent_training_options *options, recurrent_trainer **trainer);

/* One step on a batch: gradient, shortening, update. Where the architecture cuts backpropagation through time, one
 * for each window.
 *
 * loss: receives the mean loss over what counts, before the update; NULL to skip it.
 * Errors: RECURRENT_NOT_FINITE where the loss or the norm of the gradient is infinite or NaN. What the update makes
 * of the parameters is not checked: far too large a learning rate can move them to infinity. */
recurrent_status recurrent_trainer_step(
    recurrent_trainer *trainer, const recurrent_sequences *sequences, const recurrent_targets *targets, double *loss);

/* The gradient of the mean loss over a batch, for an optimiser or a reduction of the caller's.
 *
 * gradient: receives parameter_count == P numbers, in the order of the parameters. They may be infinite or NaN.
 * loss: receives the mean loss; NULL to skip it. */
recurrent_status recurrent_trainer_gradient(
    recurrent_trainer *trainer, const recurrent_sequences *sequences, const recurrent_targets *targets, float *gradient,
    size_t parameter_count, double *loss);

/* One step of the optimiser on buffers of the caller's, which are not shortened.
 *
 * parameters: P numbers that the step moves, and that the trainer goes on with; NULL for those that it has.
 * gradient: P numbers.
 * Errors: RECURRENT_NOT_FINITE where one that is given is infinite or NaN. Where the step moves them is not checked. */
recurrent_status recurrent_trainer_update(
    recurrent_trainer *trainer, float *parameters, const float *gradient, size_t parameter_count);

/* Sets the learning rate of the steps that follow: positive and finite. */
recurrent_status recurrent_trainer_set_learning_rate(recurrent_trainer *trainer, double learning_rate);

/* How many parameters there are, P. */
recurrent_status recurrent_trainer_parameter_count(const recurrent_trainer *trainer, size_t *parameter_count);

/* Copies all parameters, P numbers, to `parameters`: those of each tensor one after another, row after row. */
recurrent_status recurrent_trainer_get_parameters(
    const recurrent_trainer *trainer, float *parameters, size_t parameter_count);

/* Replaces all parameters by `parameters`, P numbers; RECURRENT_NOT_FINITE where one is infinite or NaN. */
recurrent_status recurrent_trainer_set_parameters(
    recurrent_trainer *trainer, const float *parameters, size_t parameter_count);

/* The model as trained so far, prepared; further training does not reach it. O(P). */
recurrent_status recurrent_trainer_model(const recurrent_trainer *trainer, recurrent_model **model);

/* Frees it. */
recurrent_status recurrent_trainer_free(recurrent_trainer *trainer);

#ifdef __cplusplus
}
#endif

#endif
