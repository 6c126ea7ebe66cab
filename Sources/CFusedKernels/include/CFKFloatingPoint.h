// The processor's treatment of denormal numbers. Inlined, because a step of a small network takes less time than ten calls.
#pragma once

#include <stdint.h>

/// Makes the calling thread flush denormal results and inputs to zero; returns the mode it was in. Arithmetic on
/// denormals takes many times as long, and states that decay towards zero become denormal.
static inline uint64_t CFKFlushDenormals(void) {
#if defined(__x86_64__)
  const unsigned int flushToZero = 1u << 15, denormalsAreZero = 1u << 6;
  const unsigned int mode = __builtin_ia32_stmxcsr();
  // Reading the register is cheap, writing it is not.
  if ((mode & (flushToZero | denormalsAreZero)) != (flushToZero | denormalsAreZero)) {
    __builtin_ia32_ldmxcsr(mode | flushToZero | denormalsAreZero);
  }
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

/// Puts the calling thread back in the floating-point mode that `CFKFlushDenormals` returned (on x86 with the exception
/// flags of that moment, which are in the same register).
static inline void CFKRestoreFloatingPointMode(uint64_t mode) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr((unsigned int)mode);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
  (void)mode;
#endif
}
