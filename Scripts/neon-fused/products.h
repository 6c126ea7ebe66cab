// The loops that are sums and products alone.
#pragma once

#include <stddef.h>

/// Packed products of so many rows with every number of vectors.
void checkPackedProducts(size_t rows);
/// An outer product of so many rows.
void checkOuterProduct(size_t units, size_t rows, size_t columns);
/// Sums of so many rows.
void checkRowSums(size_t rows);
/// Transposes of every number of rows that a block may have.
void checkTransposes(size_t columns);
