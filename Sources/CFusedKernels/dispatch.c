// The one place that asks the processor what it can run.
#include "loops.h"

const CFKLoops *CFKLoopsFor(CFKInstructionSet set) {
  switch (set) {
  case CFKInstructionSetScalar:
    return &cfkScalarLoops;
#if defined(__aarch64__)
  case CFKInstructionSetNEON:
    return &cfkNEONLoops;
#endif
#if defined(__x86_64__)
  // The processor is asked once, when the process starts. Vector registers that the operating system does not save count as
  // absent.
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
