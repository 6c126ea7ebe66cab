// Checks the loops of the cells of every instruction set that the processor has, for Float and Double, against plain loops
// in double, with sizes that are no multiple of any tile. Prints a line for each failure and one at the end; fails if one
// fails. `test-neon.sh` runs it under emulation.
#include <stdio.h>

#include "../instruction-sets.h"
#include "cells.h"
#include "memory.h"
#include "products.h"

static void checkAll(void) {
  static const size_t units[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 17}, inputs[] = {1, 5}, columns[] = {1, 5, 17, 33};
  enum { unitCount = sizeof units / sizeof units[0], maxRows = 13 };
  // More rows than the copy of the factors in an outer product holds.
  checkOuterProduct(3, 2600, 5);
  checkRowSums(0);
  for (size_t u = 0; u < unitCount; u += 1) checkTransposes(units[u]);
  for (size_t rows = 1; rows <= maxRows; rows += 1) {
    checkPackedProducts(rows);
    checkRowSums(rows);
    for (size_t u = 0; u < unitCount; u += 1) {
      for (size_t i = 0; i < 2; i += 1) checkCells(units[u], rows, inputs[i]);
      for (size_t i = 0; i < 4; i += 1) checkOuterProduct(units[u], rows, columns[i]);
    }
  }
}

int main(void) {
  char checked[64] = "";
  for (size_t s = 0; s < instructionSetCount; s += 1) {
    const InstructionSet set = instructionSets[s];
    const CFKLoops *loops = CFKLoopsFor(set.set);
    if (loops == NULL) continue;
    for (int isDouble = 0; isDouble < 2; isDouble += 1) {
      begin(loops, set.name, isDouble);
      checkAll();
    }
    const size_t length = sizeof checked - 1;
    snprintf(checked + __builtin_strlen(checked), length - __builtin_strlen(checked), " %s", set.name);
  }
  if (failures == 0) printf("fused loops of%s: all %zu cases hold\n", checked, cases);
  else printf("fused loops of%s: %zu of %zu cases failed\n", checked, failures, cases);
  return failures != 0;
}
