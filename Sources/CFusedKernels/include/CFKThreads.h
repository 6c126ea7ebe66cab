// What the thread pool needs of the processor and of glibc's GNU extensions, which Swift cannot call.
#pragma once

/// Tells the processor that this thread is polling.
static inline void CFKSpinHint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// The number of cores that the calling thread may run on, at least 1.
int CFKCoresInAffinityMask(void);

/// Names the calling thread, for debuggers and `top`. At most 15 bytes.
void CFKNameThisThread(const char *name);
