// Counts what a thread allocates, for tests that say how much it may.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Whether allocations are counted: not under a sanitiser, which has an allocator of its own.
bool CACIsCounting(void);

/// Calls of malloc and its relatives by the calling thread since it started.
size_t CACAllocationsOnThisThread(void);

/// Bytes that this process has allocated and not freed, by the C library's count.
size_t CACBytesInUse(void);
