#define _GNU_SOURCE
#include "CFKThreads.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

int CFKCoresInAffinityMask(void) {
  // A machine may have more cores than the fixed-size mask has bits; the system call then fails with EINVAL.
  for (int cores = 1024; cores <= 1 << 20; cores *= 4) {
    cpu_set_t *mask = CPU_ALLOC(cores);
    if (mask == NULL) break;
    size_t size = CPU_ALLOC_SIZE(cores);
    int found = sched_getaffinity(0, size, mask) == 0 ? CPU_COUNT_S(size, mask) : 0;
    CPU_FREE(mask);
    if (found > 0) return found;
  }
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

void CFKNameThisThread(const char *name) { pthread_setname_np(pthread_self(), name); }
