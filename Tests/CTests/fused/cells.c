#include "cells.h"

#include "memory.h"

typedef enum { vanilla, rectifying, lstm, gru, cellKinds } Kind;

static const char *const forwardNames[] = {
  "vanillaForward (tanh)", "vanillaForward (ReLU)", "lstmForward", "gruForward"
};
static const char *const backwardNames[] = {
  "vanillaBackward (tanh)", "vanillaBackward (ReLU)", "lstmBackward", "gruBackward"
};
/// Gates that have weights, and vectors of a row in the panels of gates, sums and gradients.
static const size_t gateCounts[] = {1, 1, 4, 3}, vectorCounts[] = {1, 1, 4, 4};

static bool isPlain(Kind kind) { return kind == vanilla || kind == rectifying; }

static size_t groupsOf(size_t units) {
  return (blocksOf(units) + subject.loops->groupBlocks - 1) / subject.loops->groupBlocks;
}

/// The index of a weight in panels of groups, `[group][depth][lane]`.
static size_t indexInGroups(size_t first, size_t depth, size_t units, size_t row, size_t unit) {
  const size_t lanes = subject.loops->lanes, blocks = blocksOf(units), groups = groupsOf(units), block = unit / lanes;
  size_t group = 0;
  while (blocks * (group + 1) / groups <= block) group += 1;
  const size_t start = blocks * group / groups, count = blocks * (group + 1) / groups - start;
  return first + start * depth * lanes + (row * count + block - start) * lanes + unit % lanes;
}

/// Random weights for the real units, zeros for the lanes past them.
static double weightOf(size_t unit, size_t units) { return unit < units ? randomNumber() : 0; }

/// What `check` runs: a step, and how it is cut in pieces.
typedef struct {
  union {
    CFKForwardStep forward;
    CFKBackwardStep backward;
  };
  Kind kind;
  size_t panels;
} Run;

// MARK: - Forward

typedef struct {
  size_t units, rows, inputCount, padded;
  /// The sums begin with products, not with biases.
  bool isProjected;
  Layout start, inputs, hidden, weights, candidateStart, hiddenBefore, cellBefore, cell, gates, outputs, mask, masked;
  bool recordsGates, isMasked;
} Forward;

static size_t indexOfWeight(const Forward *f, Kind kind, size_t gate, size_t unit, size_t k) {
  return isPlain(kind)
    ? indexInGroups(f->weights.first, f->inputCount + f->units, f->units, k, unit)
    : indexOf(f->weights, k, gate, unit);
}

static Forward layOutForward(Kind kind, size_t units, size_t rows, size_t inputCount) {
  const size_t gates = gateCounts[kind], vectors = vectorCounts[kind], depth = inputCount + units;
  Forward f = {.units = units, .rows = rows, .inputCount = inputCount};
  f.padded = blocksOf(units) * subject.loops->lanes;
  f.isProjected = randomChoice();
  f.recordsGates = !isPlain(kind) && randomChoice();
  f.isMasked = randomChoice();
  f.gates = panels(rows, vectors, units);
  if (!f.isProjected) {
    f.start = packedPanels(1, gates, units);
    f.start.row = 0;
  } else {
    // Recorded gates overwrite the products.
    f.start = f.recordsGates ? f.gates : panels(rows + 2, vectors, units);
  }
  fill(f.start, f.isProjected ? rows : 1, gates, -1);
  f.inputs = matrix(rows, inputCount);
  f.hidden = matrix(rows, units);
  f.hiddenBefore = matrix(rows, units);
  f.candidateStart = packedPanels(1, 1, units);
  f.cellBefore = panels(rows, 1, units);
  // Panels have further rows, a different number for each operand, so that no two strides are equal.
  f.cell = randomChoice() ? f.cellBefore : panels(rows + 1, 1, units);
  f.outputs = matrix(rows, units);
  f.mask = matrix(rows, units);
  f.masked = matrix(rows, units);
  fill(f.inputs, rows, 1, -1);
  fill(f.hidden, rows, 1, -1);
  fill(f.hiddenBefore, rows, 1, -1);
  fill(f.candidateStart, 1, 1, -1);
  fill(f.cellBefore, rows, 1, -1);
  fill(f.mask, rows, 1, 0);
  f.weights = packedPanels(depth, gates, units);
  for (size_t gate = 0; gate < gates; gate += 1) {
    for (size_t unit = 0; unit < f.padded; unit += 1) {
      for (size_t k = 0; k < depth; k += 1) {
        setValue(indexOfWeight(&f, kind, gate, unit, k), weightOf(unit, units));
      }
    }
  }
  return f;
}

/// Adds the products of a row with the weights from `k` on.
static Bounded product(
  const Forward *f, Kind kind, Layout factors, size_t count, size_t row, size_t gate, size_t unit, size_t k, Bounded sum
) {
  for (size_t i = 0; i < count; i += 1) {
    const double weight = valueAt(indexOfWeight(f, kind, gate, unit, k + i));
    sum = multiplyAdd(operand(factors, row, 0, i), exactly(weight), sum);
  }
  return sum;
}

static void expectForward(const Forward *f, Kind kind, size_t row, size_t unit) {
  Bounded sums[4], recorded[4], hidden;
  for (size_t gate = 0; gate < gateCounts[kind]; gate += 1) {
    sums[gate] = operand(f->start, row, gate, unit);
    if (!f->isProjected) sums[gate] = product(f, kind, f->inputs, f->inputCount, row, gate, unit, 0, sums[gate]);
    if (kind == gru && gate == 2) continue;
    sums[gate] = product(f, kind, f->hidden, f->units, row, gate, unit, f->inputCount, sums[gate]);
  }
  if (kind == lstm) {
    for (size_t gate = 0; gate < 4; gate += 1) recorded[gate] = gate == 2 ? tanhOf(sums[2]) : sigmoidOf(sums[gate]);
    const Bounded cell =
      multiplyAdd(recorded[1], operand(f->cellBefore, row, 0, unit), times(recorded[0], recorded[2]));
    expect(f->cell, row, 0, unit, cell);
    hidden = times(recorded[3], tanhOf(cell));
  } else if (kind == gru) {
    recorded[0] = sigmoidOf(sums[0]);
    recorded[1] = sigmoidOf(sums[1]);
    recorded[3] =
      product(f, kind, f->hidden, f->units, row, 2, unit, f->inputCount, operand(f->candidateStart, 0, 0, unit));
    recorded[2] = tanhOf(multiplyAdd(recorded[0], recorded[3], sums[2]));
    // z h + (1 - z) n.
    hidden = multiplyAdd(recorded[1], minus(operand(f->hiddenBefore, row, 0, unit), recorded[2]), recorded[2]);
  } else {
    hidden = kind == rectifying ? rectified(sums[0]) : tanhOf(sums[0]);
  }
  if (f->recordsGates) {
    for (size_t vector = 0; vector < 4; vector += 1) expect(f->gates, row, vector, unit, recorded[vector]);
  }
  expect(f->outputs, row, 0, unit, hidden);
  if (f->isMasked) expect(f->masked, row, 0, unit, times(hidden, operand(f->mask, row, 0, unit)));
}

static void runForward(Kind kind, const CFKForwardStep *step, size_t first, size_t last) {
  const CFKCellLoops *loops = subject.loops;
  (kind == lstm ? loops->lstmForward : kind == gru ? loops->gruForward : loops->vanillaForward)(step, first, last);
}

static void runWholeForward(const void *context) {
  const Run *run = context;
  runForward(run->kind, &run->forward, 0, run->panels);
}

/// Rows one by one, the first panels and then the others, in the other order.
static void runForwardInPieces(const void *context) {
  const Run *run = context;
  const size_t lanes = subject.loops->lanes;
  for (size_t row = 0; row < run->forward.rows; row += 1) {
    CFKForwardStep step = run->forward;
    const ptrdiff_t n = (ptrdiff_t)row, ofLanes = (ptrdiff_t)(row * lanes);
    step.rows = 1;
    step.start = moved(step.start, n * (ptrdiff_t)step.startRow);
    step.inputs = moved(step.inputs, n * (ptrdiff_t)step.inputRow);
    step.hidden = moved(step.hidden, n * (ptrdiff_t)step.hiddenRow);
    step.hiddenBefore = moved(step.hiddenBefore, n * (ptrdiff_t)step.hiddenBeforeRow);
    step.cellBefore = moved(step.cellBefore, ofLanes);
    step.cell = moved(step.cell, ofLanes);
    step.gates = moved(step.gates, 4 * ofLanes);
    step.outputs = moved(step.outputs, n * (ptrdiff_t)step.outputRow);
    step.mask = moved(step.mask, n * (ptrdiff_t)step.maskRow);
    step.masked = moved(step.masked, n * (ptrdiff_t)step.maskedRow);
    step.descends = !step.descends;
    runForward(run->kind, &step, 0, run->panels / 2);
    runForward(run->kind, &step, run->panels / 2, run->panels);
  }
}

static void checkForward(Kind kind, size_t units, size_t rows, size_t inputCount) {
  beginCase("%s, %zu units, %zu rows, %zu inputs", forwardNames[kind], units, rows, inputCount);
  const Forward f = layOutForward(kind, units, rows, inputCount);
  for (size_t row = 0; row < rows; row += 1) {
    for (size_t unit = 0; unit < f.padded; unit += 1) expectForward(&f, kind, row, unit);
  }
  const Run run = {
    .kind = kind, .panels = isPlain(kind) ? groupsOf(units) : blocksOf(units),
    .forward = {
      .rows = rows, .units = units, .start = pointerTo(f.start.first), .startRow = f.start.row,
      .startPanel = f.start.panel, .inputs = f.isProjected ? NULL : pointerTo(f.inputs.first),
      .inputRow = f.isProjected ? 0 : f.inputs.row, .inputCount = f.isProjected ? 0 : inputCount,
      .hidden = pointerTo(f.hidden.first), .hiddenRow = f.hidden.row,
      .hiddenCount = units, .weights = pointerTo(f.weights.first), .depth = inputCount + units,
      .skippedDepth = f.isProjected ? inputCount : 0, .candidateStart = pointerTo(f.candidateStart.first),
      .hiddenBefore = pointerTo(f.hiddenBefore.first), .hiddenBeforeRow = f.hiddenBefore.row,
      .cellBefore = pointerTo(f.cellBefore.first), .cellBeforePanel = f.cellBefore.panel,
      .cell = pointerTo(f.cell.first), .cellPanel = f.cell.panel,
      .gates = f.recordsGates ? pointerTo(f.gates.first) : NULL, .gatesPanel = f.gates.panel,
      .outputs = pointerTo(f.outputs.first), .outputRow = f.outputs.row,
      .mask = f.isMasked ? pointerTo(f.mask.first) : NULL, .maskRow = f.mask.row,
      .masked = f.isMasked ? pointerTo(f.masked.first) : NULL, .maskedRow = f.masked.row,
      .rectifies = kind == rectifying, .descends = randomChoice()
    }
  };
  check(runWholeForward, runForwardInPieces, &run);
}

// MARK: - Backward

typedef struct {
  size_t units, rows, padded;
  /// Vectors of the next step's gate gradients that are multiplied with the recurrent weights, and the first of them.
  size_t gates, firstVector;
  bool hasNext, isMasked, isCarried;
  Layout next, weights, mask, dHidden, dHiddenBefore, dOutputs, gatesBefore, hidden, cell, cellBefore, dCell, dGates;
} Backward;

static size_t depthOf(const Backward *b) { return b->padded * b->gates; }

static Backward layOutBackward(Kind kind, size_t units, size_t rows, bool hasNext) {
  const size_t vectors = vectorCounts[kind], lanes = subject.loops->lanes;
  Backward b = {.units = units, .rows = rows, .padded = blocksOf(units) * lanes, .hasNext = hasNext};
  b.gates = gateCounts[kind];
  b.firstVector = kind == gru ? 1 : 0;
  b.isMasked = randomChoice();
  b.isCarried = randomChoice();
  // Panels have further rows, a different number for each operand, so that no two strides are equal.
  b.next = panels(rows, vectors, units);
  b.mask = matrix(rows, units);
  b.dHidden = panels(rows, 1, units);
  // Gradients for the step before overwrite those that are carried.
  b.dHiddenBefore = b.dHidden;
  b.dOutputs = matrix(rows, units);
  b.gatesBefore = panels(rows + 1, vectors, units);
  b.hidden = matrix(rows, units);
  b.cell = panels(rows + 1, 1, units);
  b.cellBefore = panels(rows + 2, 1, units);
  b.dCell = panels(rows + 3, 1, units);
  b.dGates = panels(rows + 2, vectors, units);
  fill(b.next, rows, vectors, -1);
  fill(b.mask, rows, 1, 0);
  if (b.isCarried) fill(b.dHidden, rows, 1, -1);
  fill(b.dOutputs, rows, 1, -1);
  // Gates after a sigmoid are positive; the candidate and the product of a GRU need not be.
  fill(b.gatesBefore, rows, vectors, 0);
  fill(b.hidden, rows, 1, -1);
  fill(b.cell, rows, 1, -1);
  fill(b.cellBefore, rows, 1, -1);
  fill(b.dCell, rows, 1, -1);
  for (size_t row = 0; row < rows; row += 1) {
    for (size_t unit = 0; unit < b.padded; unit += 1) {
      const size_t candidate = indexOf(b.gatesBefore, row, 2, unit), last = indexOf(b.gatesBefore, row, 3, unit);
      if (!isPlain(kind)) setValue(candidate, randomNumber());
      if (kind == gru) setValue(last, 2 * randomNumber());
      if (kind == rectifying && unit < units && randomChoice()) setValue(indexOf(b.hidden, row, 0, unit), 0);
    }
  }
  // [group][block of units][gate][lane of the block][lane].
  b.weights = elements(depthOf(&b) * b.padded);
  for (size_t k = 0; k < depthOf(&b); k += 1) {
    const size_t from = k / (b.gates * lanes) * lanes + k % lanes;
    for (size_t unit = 0; unit < b.padded; unit += 1) {
      setValue(indexInGroups(b.weights.first, depthOf(&b), units, k, unit), from < units ? weightOf(unit, units) : 0);
    }
  }
  return b;
}

static Bounded gradientOfHidden(const Backward *b, size_t row, size_t unit) {
  const size_t lanes = subject.loops->lanes, runLength = b->gates * lanes;
  Bounded sum = exactly(0);
  for (size_t k = 0; b->hasNext && k < depthOf(b); k += 1) {
    const size_t vector = b->firstVector + k % runLength / lanes, from = k / runLength * lanes + k % lanes;
    const double weight = valueAt(indexInGroups(b->weights.first, depthOf(b), b->units, k, unit));
    sum = multiplyAdd(operand(b->next, row, vector, from), exactly(weight), sum);
  }
  if (b->isMasked) sum = times(sum, operand(b->mask, row, 0, unit));
  if (b->isCarried) sum = plus(sum, operand(b->dHidden, row, 0, unit));
  return plus(sum, operand(b->dOutputs, row, 0, unit));
}

/// g (1 - g), times `gradient`.
static Bounded throughSigmoid(Bounded gradient, Bounded gate) {
  return times(times(gradient, gate), minus(exactly(1), gate));
}

static void expectBackward(const Backward *b, Kind kind, size_t row, size_t unit) {
  const Bounded dHidden = gradientOfHidden(b, row, unit), hidden = operand(b->hidden, row, 0, unit);
  Bounded gates[4], dGates[4];
  for (size_t vector = 0; vector < vectorCounts[kind]; vector += 1) {
    gates[vector] = operand(b->gatesBefore, row, vector, unit);
  }
  if (kind == lstm) {
    const Bounded after = tanhOf(operand(b->cell, row, 0, unit)), before = operand(b->cellBefore, row, 0, unit);
    const Bounded dCell =
      multiplyAdd(times(dHidden, gates[3]), oneMinusSquare(after), operand(b->dCell, row, 0, unit));
    expect(b->dCell, row, 0, unit, times(dCell, gates[1]));
    dGates[0] = throughSigmoid(times(dCell, gates[2]), gates[0]);
    dGates[1] = throughSigmoid(times(dCell, before), gates[1]);
    dGates[2] = times(times(dCell, gates[0]), oneMinusSquare(gates[2]));
    dGates[3] = throughSigmoid(times(dHidden, after), gates[3]);
  } else if (kind == gru) {
    const Bounded straight = times(dHidden, gates[1]);
    expect(b->dHiddenBefore, row, 0, unit, straight);
    dGates[0] = times(minus(dHidden, straight), oneMinusSquare(gates[2]));
    dGates[1] = throughSigmoid(times(dGates[0], gates[3]), gates[0]);
    dGates[2] = throughSigmoid(times(dHidden, minus(hidden, gates[2])), gates[1]);
    dGates[3] = times(dGates[0], gates[0]);
  } else if (kind == rectifying) {
    dGates[0] = hidden.value > 0 ? dHidden : exactly(0);
  } else {
    dGates[0] = times(dHidden, oneMinusSquare(hidden));
  }
  for (size_t vector = 0; vector < vectorCounts[kind]; vector += 1) {
    expect(b->dGates, row, vector, unit, dGates[vector]);
  }
}

static void runBackward(Kind kind, const CFKBackwardStep *step, size_t first, size_t last) {
  const CFKCellLoops *loops = subject.loops;
  (kind == lstm ? loops->lstmBackward : kind == gru ? loops->gruBackward : loops->vanillaBackward)(step, first, last);
}

static void runWholeBackward(const void *context) {
  const Run *run = context;
  runBackward(run->kind, &run->backward, 0, run->panels);
}

/// Rows one by one, the first groups and then the others, in the other order.
static void runBackwardInPieces(const void *context) {
  const Run *run = context;
  const size_t lanes = subject.loops->lanes;
  for (size_t row = 0; row < run->backward.rows; row += 1) {
    CFKBackwardStep step = run->backward;
    const ptrdiff_t n = (ptrdiff_t)row, ofLanes = (ptrdiff_t)(row * lanes);
    const ptrdiff_t ofVectors = ofLanes * (ptrdiff_t)vectorCounts[run->kind];
    step.rows = 1;
    step.dNext = moved(step.dNext, ofVectors);
    step.mask = moved(step.mask, n * (ptrdiff_t)step.maskRow);
    step.dHidden = moved(step.dHidden, ofLanes);
    step.dHiddenBefore = moved(step.dHiddenBefore, ofLanes);
    step.dOutputs = moved(step.dOutputs, n * (ptrdiff_t)step.dOutputRow);
    step.gates = moved(step.gates, ofVectors);
    step.hidden = moved(step.hidden, n * (ptrdiff_t)step.hiddenRow);
    step.cell = moved(step.cell, ofLanes);
    step.cellBefore = moved(step.cellBefore, ofLanes);
    step.dCell = moved(step.dCell, ofLanes);
    step.dGates = moved(step.dGates, ofVectors);
    step.descends = !step.descends;
    runBackward(run->kind, &step, 0, run->panels / 2);
    runBackward(run->kind, &step, run->panels / 2, run->panels);
  }
}

static void checkBackward(Kind kind, size_t units, size_t rows, bool hasNext) {
  beginCase("%s, %zu units, %zu rows, next step %d", backwardNames[kind], units, rows, hasNext);
  const Backward b = layOutBackward(kind, units, rows, hasNext);
  for (size_t row = 0; row < rows; row += 1) {
    for (size_t unit = 0; unit < b.padded; unit += 1) expectBackward(&b, kind, row, unit);
  }
  const Run run = {
    .kind = kind, .panels = groupsOf(units),
    .backward = {
      .rows = rows, .units = units, .dNext = hasNext ? pointerTo(indexOf(b.next, 0, b.firstVector, 0)) : NULL,
      .dNextRow = b.next.row, .dNextPanel = b.next.panel, .runLength = b.gates * subject.loops->lanes,
      .weights = pointerTo(b.weights.first), .depth = depthOf(&b), .mask = b.isMasked ? pointerTo(b.mask.first) : NULL,
      .maskRow = b.mask.row, .dHidden = b.isCarried ? pointerTo(b.dHidden.first) : NULL,
      .dHiddenBefore = pointerTo(b.dHiddenBefore.first), .dHiddenPanel = b.dHidden.panel,
      .dOutputs = pointerTo(b.dOutputs.first), .dOutputRow = b.dOutputs.row, .gates = pointerTo(b.gatesBefore.first),
      .gatesPanel = b.gatesBefore.panel, .hidden = pointerTo(b.hidden.first), .hiddenRow = b.hidden.row,
      .cell = pointerTo(b.cell.first), .cellPanel = b.cell.panel, .cellBefore = pointerTo(b.cellBefore.first),
      .cellBeforePanel = b.cellBefore.panel, .dCell = pointerTo(b.dCell.first), .dCellPanel = b.dCell.panel,
      .dGates = pointerTo(b.dGates.first), .dGatesPanel = b.dGates.panel, .rectifies = kind == rectifying,
      .descends = randomChoice()
    }
  };
  check(runWholeBackward, runBackwardInPieces, &run);
}

void checkCells(size_t units, size_t rows, size_t inputs) {
  for (Kind kind = vanilla; kind < cellKinds; kind += 1) {
    checkForward(kind, units, rows, inputs);
    // The sizes of a backward step do not include the inputs.
    if (inputs == 1) {
      checkBackward(kind, units, rows, true);
      checkBackward(kind, units, rows, false);
    }
  }
}
