// What the fused loops of the cells read and write: one struct for each loop, the same for Float and Double. Pointers
// are to elements of the loop's number type, strides count elements.
//
// Vocabulary. A vector register holds `lanes` elements. Hidden units are cut into *blocks* of `lanes`, the last of which
// may be short; what belongs to a block lies in a *panel*: one row after the other, `[row][gate][lane]`. Lanes past the
// last unit are computed like the others, on weights of zero, and never leave the panels.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/// One step of a cell over some of its running sequences.
typedef struct {
  /// Sequences, and hidden units `H`.
  size_t rows, units;

  /// What the sums begin with: biases, `[block][gate][lane]` (`startRow` 0), or the input products of each row.
  const void *start;
  size_t startRow, startPanel;
  /// Inputs of the step, `[rows × inputCount]`. No inputs (count 0) where `start` holds their products.
  const void *inputs;
  size_t inputRow, inputCount;
  /// What the recurrent weights see of the step before, `[rows × hiddenCount]`.
  const void *hidden;
  size_t hiddenRow, hiddenCount;
  /// Packed weights, `[block][depth][gate][lane]`, of which each panel's first `skippedDepth` are left out. In a vanilla
  /// cell the panels are of groups of blocks, see `CFKCellLoops`.
  const void *weights;
  size_t depth, skippedDepth;

  /// GRU: bias of the recurrent candidate product, `[block][lane]`.
  const void *candidateStart;
  /// GRU: the hidden state before the step, without any mask, `[rows × units]`.
  const void *hiddenBefore;
  size_t hiddenBeforeRow;
  /// LSTM: the cell state before and after the step, panels of `[row][lane]`; they may be the same.
  const void *cellBefore;
  size_t cellBeforePanel;
  void *cell;
  size_t cellPanel;

  /// Receives the gates after their activation; NULL where nobody wants them. LSTM i f g o, GRU r z n and U_n h + b_hn.
  void *gates;
  size_t gatesPanel;
  /// Receives the hidden state, `[rows × units]`.
  void *outputs;
  size_t outputRow;
  /// Where not NULL, `masked` receives the hidden state times `mask`, both `[rows × units]`.
  const void *mask;
  size_t maskRow;
  void *masked;
  size_t maskedRow;
  /// Vanilla: max(0, x) instead of tanh.
  bool rectifies;
  /// Whether blocks are visited from the last to the first. Weights that do not fit a cache are half there still when
  /// every other step turns round.
  bool descends;
} CFKForwardStep;

/// One step of backpropagation through time over some of the running sequences.
typedef struct {
  /// Sequences, and hidden units `H`.
  size_t rows, units;

  /// Gate gradients of the step that follows in time, panels of `[row][gate][lane]`, of which each row's first
  /// `runLength` elements meet the recurrent weights. NULL where the sequences end here.
  const void *dNext;
  size_t dNextRow, dNextPanel, runLength;
  /// Recurrent weights, packed for the product with gate gradients: panels of groups, `[group][depth][lane]`.
  const void *weights;
  size_t depth;
  /// The mask between hidden state and recurrent weights, `[rows × units]`, or NULL.
  const void *mask;
  size_t maskRow;
  /// Further gradient for the hidden state, panels of `[row][lane]`, or NULL.
  const void *dHidden;
  /// GRU: receives what of the gradient passes straight to the step before.
  void *dHiddenBefore;
  size_t dHiddenPanel;
  /// Gradient for the outputs of the step, `[rows × units]`.
  const void *dOutputs;
  size_t dOutputRow;

  /// What the forward step recorded.
  const void *gates;
  size_t gatesPanel;
  /// Vanilla: the hidden state after the step. GRU: the one before. `[rows × units]`.
  const void *hidden;
  size_t hiddenRow;
  /// LSTM: cell states after and before the step, panels of `[row][lane]`.
  const void *cell;
  size_t cellPanel;
  const void *cellBefore;
  size_t cellBeforePanel;
  /// LSTM: gradient for the cell state, from after the step to before it, panels of `[row][lane]`.
  void *dCell;
  size_t dCellPanel;

  /// Receives the gate gradients, panels of `[row][gate][lane]`.
  void *dGates;
  size_t dGatesPanel;
  /// Vanilla: the activation was max(0, x).
  bool rectifies;
  /// Whether groups are visited from the last to the first, as in `CFKForwardStep`.
  bool descends;
} CFKBackwardStep;

/// C = S + A B for rows of A and one panel of B: at most `groupBlocks` packed vectors, or the gates of one block.
typedef struct {
  size_t rows;
  /// A, `[rows × runs · runLength]`: runs of neighbouring elements, `runStride` apart.
  const void *a;
  size_t aRow, runs, runLength, runStride;
  /// B, `[runs · runLength][vectors][lane]`.
  const void *b;
  size_t vectors;
  /// S, a vector of which begins every `startVector` elements; may be C. NULL for zeros.
  const void *start;
  size_t startRow, startVector;
  /// C likewise.
  void *c;
  size_t cRow, cVector;
  /// Elements of the last vector that S and C have, at most `lanes`.
  size_t lastCount;
} CFKPackedProduct;

/// Rows that stand in both factors of an outer product.
typedef struct {
  /// First row in the gate gradients and in the other factor, and how many follow one another in both.
  const void *gradients, *factors;
  size_t count;
  /// Elements from one row of factors to the next.
  ptrdiff_t factorRow;
} CFKRowRun;

/// C += Σ_n G_nᵀ F_n: what the gate gradients of some rows add to the gradient of a weight matrix.
typedef struct {
  const CFKRowRun *runs;
  size_t runCount;
  /// Gate gradients of block `firstBlock` up to `lastBlock`; runs point into the panel of block 0.
  size_t firstBlock, lastBlock;
  /// Elements from a row to the next and from a panel to the next.
  ptrdiff_t gradientRow;
  size_t gradientPanel;
  /// Where in a row each of the weights' gates begins, in vectors.
  size_t gates, gateVector[4];
  /// C, `[gates · units × columns]`.
  void *c;
  size_t cRow, units, columns;
} CFKOuterProduct;

/// The fused loops for one number type in one instruction set.
///
/// Each element of a result is one chain of multiply-adds in the order of the depth, whatever stands beside it, so a
/// row has the same bits in any batch, cut at any step, on any number of threads.
///
/// Where a panel spans several blocks, `B` blocks in all are cut into groups of at most `groupBlocks` and of as equal size
/// as can be: group `g` is the blocks from `B * g / groups` up to `B * (g + 1) / groups`. The panel of blocks from `b` on then
/// begins at `b * depth * lanes`.
typedef struct {
  /// Elements in a vector register.
  size_t lanes;
  /// Blocks in a group, at most.
  size_t groupBlocks;
  /// Blocks from `first` up to `last`.
  void (*lstmForward)(const CFKForwardStep *step, size_t first, size_t last);
  void (*gruForward)(const CFKForwardStep *step, size_t first, size_t last);
  /// Groups from `first` up to `last`.
  void (*vanillaForward)(const CFKForwardStep *step, size_t first, size_t last);
  void (*lstmBackward)(const CFKBackwardStep *step, size_t first, size_t last);
  void (*gruBackward)(const CFKBackwardStep *step, size_t first, size_t last);
  void (*vanillaBackward)(const CFKBackwardStep *step, size_t first, size_t last);

  void (*packedProduct)(const CFKPackedProduct *product);
  void (*outerProduct)(const CFKOuterProduct *product);
  /// Transposes `rows` rows of `columns` elements that lie `stride` apart: target[k · step + lane] = source[lane · stride +
  /// k], zeros in the lanes from `rows` on.
  void (*transposeRows)(
    const void *source, size_t stride, size_t rows, size_t columns, void *target, size_t step);
  /// sums[j] += Σ_i rows[i · stride + j] for `vectors` whole vectors of j, i rising.
  void (*addRowSums)(const void *rows, size_t count, ptrdiff_t stride, size_t vectors, void *sums);
} CFKCellLoops;
