// The table that each instruction set's file defines; `dispatch.c` chooses between them.
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

// Functions between these two are compiled for the processor features `features`, a string. Attributes instead of compiler
// flags, because a Swift package that others depend on may not set flags.
#define PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define BEGIN_TARGET(features) PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define END_TARGET PRAGMA(clang attribute pop)
#else
#define BEGIN_TARGET(features) PRAGMA(GCC push_options) PRAGMA(GCC target(features))
#define END_TARGET PRAGMA(GCC pop_options)
#endif
