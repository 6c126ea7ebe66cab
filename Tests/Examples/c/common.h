/* What the programs beside this file share. */
#ifndef COMMON_H
#define COMMON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recurrent.h"

/* Ends the program with the library's message where a call fails. */
#define CHECK(call)                                                                        \
  do {                                                                                     \
    if ((call) != RECURRENT_OK) {                                                          \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, recurrent_last_error());          \
      exit(1);                                                                             \
    }                                                                                      \
  } while (0)

/* Ends the program where a condition does not hold. */
#define REQUIRE(condition)                                                                 \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);              \
      exit(1);                                                                             \
    }                                                                                      \
  } while (0)

/* A new LSTM with a linear head that predicts at every step. */
static inline recurrent_model *new_lstm(size_t inputs, size_t hidden, size_t layers, size_t outputs) {
  recurrent_architecture architecture;
  recurrent_model *model;
  memset(&architecture, 0, sizeof architecture);
  architecture.size = sizeof architecture;
  architecture.cell = RECURRENT_LSTM;
  architecture.input_size = inputs;
  architecture.hidden_size = hidden;
  architecture.layers = layers;
  architecture.output_size = outputs;
  CHECK(recurrent_model_create(&architecture, 1, &model));
  return model;
}

#endif
