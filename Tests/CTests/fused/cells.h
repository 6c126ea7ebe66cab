// The forward and backward loops against the equations of the cells.
#pragma once

#include <stddef.h>

/// One forward and one backward step of every cell with these sizes.
void checkCells(size_t units, size_t rows, size_t inputs);
