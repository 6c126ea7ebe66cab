// The one place that asks the processor what it can run.
#include "loops.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

const CFKLoops *CFKLoopsFor(CFKInstructionSet set) {
  switch (set) {
  case CFKInstructionSetScalar:
    return &cfkScalarLoops;
#if defined(__aarch64__)
  case CFKInstructionSetNEON:
    return &cfkNEONLoops;
#endif
#if defined(__x86_64__)
  // The answers are gathered once, when the process starts, and count a register file as absent when the operating
  // system does not save it.
  case CFKInstructionSetAVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &cfkAVX2Loops : NULL;
  case CFKInstructionSetAVX512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
      ? &cfkAVX512Loops
      : NULL;
#endif
  default:
    return NULL;
  }
}

CFKInstructionSet CFKBestInstructionSet(void) {
  static const CFKInstructionSet widestFirst[] = {
    CFKInstructionSetAVX512, CFKInstructionSetAVX2, CFKInstructionSetNEON
  };
  for (size_t i = 0; i < sizeof widestFirst / sizeof widestFirst[0]; i += 1) {
    if (CFKLoopsFor(widestFirst[i]) != NULL) return widestFirst[i];
  }
  return CFKInstructionSetScalar;
}

uint64_t CFKFlushDenormals(void) {
#if defined(__x86_64__)
  const unsigned int flushToZero = 1u << 15, denormalsAreZero = 1u << 6;
  const unsigned int mode = _mm_getcsr();
  _mm_setcsr(mode | flushToZero | denormalsAreZero);
  return mode;
#elif defined(__aarch64__)
  const uint64_t flushToZero = UINT64_C(1) << 24;
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  __asm__ volatile("msr fpcr, %0" : : "r"(mode | flushToZero));
  return mode;
#else
  return 0;
#endif
}

void CFKRestoreFloatingPointMode(uint64_t mode) {
#if defined(__x86_64__)
  _mm_setcsr((unsigned int)mode);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
  (void)mode;
#endif
}
