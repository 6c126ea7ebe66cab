// The instruction sets that the tests here run over, as far as the processor has them.
#pragma once

#include "CFusedKernels.h"

typedef struct {
  CFKInstructionSet set;
  const char *name;
  size_t vectorBytes;
} InstructionSet;

static const InstructionSet instructionSets[] = {
  {CFKInstructionSetScalar, "scalar", 4},
  {CFKInstructionSetNEON, "neon", 16},
  {CFKInstructionSetAVX2, "avx2", 32},
  {CFKInstructionSetAVX512, "avx512", 64},
};
enum { instructionSetCount = sizeof instructionSets / sizeof instructionSets[0] };
