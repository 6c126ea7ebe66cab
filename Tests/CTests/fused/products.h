// The loops that are sums and products alone.
#pragma once

#include <stddef.h>

/// Packed products of `rows` rows with every number of vectors.
void checkPackedProducts(size_t rows);
/// One outer product with these sizes.
void checkOuterProduct(size_t units, size_t rows, size_t columns);
/// Sums of `rows` rows.
void checkRowSums(size_t rows);
/// Transposes of every number of rows that a block may have, with `columns` columns.
void checkTransposes(size_t columns);
