// The one struct that each instruction set's file fills; `dispatch.c` chooses between them.
#pragma once

#include "CFusedKernels.h"

extern const CFKLoops cfkScalarLoops __attribute__((visibility("hidden")));
#if defined(__aarch64__)
extern const CFKLoops cfkNEONLoops __attribute__((visibility("hidden")));
#endif
#if defined(__x86_64__)
extern const CFKLoops cfkAVX2Loops __attribute__((visibility("hidden")));
extern const CFKLoops cfkAVX512Loops __attribute__((visibility("hidden")));
#endif
