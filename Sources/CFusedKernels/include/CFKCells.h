// What the loops of the cells read and write: one struct for each kind of loop, the same for Float and Double. Pointers are to
// elements of the loop's number type; every stride counts elements.
//
// Shapes. `B` is the number of sequences that run in the step, `H` of hidden units, `I` of inputs, `G` of gates with
// weights: 4 in an LSTM, 3 in a GRU, 1 in a vanilla cell. `V` is the number of vectors that a row has in each panel of
// gates, sums or gate gradients: 4, 4 and 1, because the candidate of a GRU has two of them.
//
// Blocks and panels. A vector register holds `lanes` elements. Hidden units are cut into *blocks* of `lanes`, the last of
// which may be short. What belongs to one block lies in a *panel*, one row after the other: `[row][vector][lane]`. A field
// `…Row` is the distance from one row to the next, `…Panel` from the panel of one block to the next. Lanes past the last
// unit are computed like the others, with weights of zero, and are never copied out of the panels.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/// One step of a cell over some of its running sequences.
typedef struct {
  /// `B` and `H`.
  size_t rows, units;

  /// What the sums begin with. Either biases that all rows share, `[block][gate][lane]` with `startRow` 0, or the input
  /// products of each row with the biases added, `[block][row][V][lane]`.
  const void *start;
  size_t startRow, startPanel;
  /// The inputs, `[B × I]`. `inputCount` is `I`, or 0 where `start` has the input products already.
  const void *inputs;
  size_t inputRow, inputCount;
  /// The hidden state before the step as the recurrent weights see it, after any mask: `[B × hiddenCount]`.
  const void *hidden;
  size_t hiddenRow, hiddenCount;
  /// Packed weights, `[block][depth][gate][lane]`: first those of the inputs, then those of the hidden state. Of each panel
  /// the first `skippedDepth` are left out, which are those of the inputs where `inputCount` is 0. In a vanilla cell a panel
  /// is that of a group of blocks, see `CFKCellLoops`.
  const void *weights;
  size_t depth, skippedDepth;

  /// GRU: bias of the candidate's recurrent product, `[block][lane]`.
  const void *candidateStart;
  /// GRU: the hidden state before the step without any mask, `[B × H]`.
  const void *hiddenBefore;
  size_t hiddenBeforeRow;
  /// LSTM: the cell state before and after the step, `[block][row][lane]`; the two may be the same memory.
  const void *cellBefore;
  size_t cellBeforePanel;
  void *cell;
  size_t cellPanel;

  /// LSTM and GRU: receives the activated gates for a backward step, `[block][row][4][lane]`: i f g o, or r z n and the
  /// recurrent product U_n h + b_hn. NULL to skip it. May be the memory of `start`.
  void *gates;
  size_t gatesPanel;
  /// Receives the hidden state after the step, `[B × H]`.
  void *outputs;
  size_t outputRow;
  /// If `mask` is not NULL, `masked` receives the hidden state times `mask`; both are `[B × H]`.
  const void *mask;
  size_t maskRow;
  void *masked;
  size_t maskedRow;
  /// Vanilla: the activation is max(0, x) instead of tanh.
  bool rectifies;
  /// Whether blocks are visited from the last to the first. If every other step does, weights that do not fit a cache are
  /// still half in it.
  bool descends;
} CFKForwardStep;

/// One step of backpropagation through time over some of the running sequences.
typedef struct {
  /// `B` and `H`.
  size_t rows, units;

  /// Gate gradients of the next step in time, `[block][row][V][lane]`. The product takes `runLength` = `G` · lanes
  /// neighbouring elements of each row, from this pointer on. NULL where the sequences end with this step.
  const void *dNext;
  size_t dNextRow, dNextPanel, runLength;
  /// Packed recurrent weights, `[group][depth][lane]` with a `depth` of blocks · `runLength`, see `CFKCellLoops`.
  const void *weights;
  size_t depth;
  /// The mask between the hidden state and the recurrent weights, `[B × H]`; NULL for none.
  const void *mask;
  size_t maskRow;
  /// A further gradient for the hidden state after the step, `[block][row][lane]`: that for the final state, or in a GRU
  /// what the next step wrote to `dHiddenBefore`. NULL for none.
  const void *dHidden;
  /// GRU: receives the part of the gradient for the hidden state before the step that does not come through a product,
  /// `[block][row][lane]`. May be the memory of `dHidden`.
  void *dHiddenBefore;
  /// The stride of `dHidden` and `dHiddenBefore`.
  size_t dHiddenPanel;
  /// The gradient for the outputs of the step, `[B × H]`.
  const void *dOutputs;
  size_t dOutputRow;

  /// LSTM and GRU: the gates that the forward step wrote, `[block][row][4][lane]`.
  const void *gates;
  size_t gatesPanel;
  /// The hidden state, `[B × H]`. Vanilla: after the step. GRU: before it.
  const void *hidden;
  size_t hiddenRow;
  /// LSTM: the cell state after and before the step, `[block][row][lane]`.
  const void *cell;
  size_t cellPanel;
  const void *cellBefore;
  size_t cellBeforePanel;
  /// LSTM: the gradient for the cell state, `[block][row][lane]`: on entry for the state after the step, on return for the
  /// state before it.
  void *dCell;
  size_t dCellPanel;

  /// Receives the gate gradients, `[block][row][V][lane]`: i f g o in an LSTM; n r z n·r in a GRU, the first for the
  /// candidate's input product, the last for its recurrent product.
  void *dGates;
  size_t dGatesPanel;
  /// Vanilla: the activation was max(0, x).
  bool rectifies;
  /// Whether groups are visited from the last to the first, as in `CFKForwardStep`.
  bool descends;
} CFKBackwardStep;

/// C = S + A B for `rows` rows of A and one panel of B: at most `groupBlocks` vectors of columns, or the gates of one block.
typedef struct {
  size_t rows;
  /// A, `[rows × runs · runLength]`. A row is `runs` pieces of `runLength` neighbouring elements; a piece begins every
  /// `runStride` elements.
  const void *a;
  size_t aRow, runs, runLength, runStride;
  /// B, `[runs · runLength][vectors][lane]`.
  const void *b;
  size_t vectors;
  /// S, `[rows × vectors · lanes]`; its vectors begin every `startVector` elements. NULL for zeros; may be C. A `startRow` of
  /// 0 gives all rows the same S.
  const void *start;
  size_t startRow, startVector;
  /// C, of the same shape; its vectors begin every `cVector` elements.
  void *c;
  size_t cRow, cVector;
  /// Elements that the last vector has in S and C, 1 to `lanes`.
  size_t lastCount;
} CFKPackedProduct;

/// Rows that follow one another in both factors of an outer product.
typedef struct {
  /// The first row of the gate gradients, in the panel of block 0, and of the other factor.
  const void *gradients, *factors;
  /// Number of rows.
  size_t count;
  /// Distance from one row of `factors` to the next; negative where time runs backwards.
  ptrdiff_t factorRow;
} CFKRowRun;

/// C += Σ_n G_nᵀ F_n over some rows n: gate gradients G, inputs or hidden states F, the gradient C of a weight matrix.
typedef struct {
  const CFKRowRun *runs;
  size_t runCount;
  /// The gates' units that are computed: those of the blocks from `firstBlock` up to `lastBlock`.
  size_t firstBlock, lastBlock;
  /// Distance from one row of gate gradients to the next, negative where time runs backwards, and from one panel to the next.
  ptrdiff_t gradientRow;
  size_t gradientPanel;
  /// `G`, and which vector of a row of gate gradients belongs to each gate of the weight matrix.
  size_t gates, gateVector[4];
  /// C, `[G · units × columns]`.
  void *c;
  size_t cRow, units, columns;
} CFKOuterProduct;

/// The loops of the cells for one number type in one instruction set.
///
/// Each element of a result is one chain of multiply-adds in the order of the depth, whatever is computed beside it, so a
/// row has the same bits in any batch, cut at any step, on any number of threads.
///
/// Where a panel spans several blocks, `N` blocks in all are cut into groups of at most `groupBlocks` and of sizes as equal
/// as possible: group `g` has the blocks from `N * g / groups` up to `N * (g + 1) / groups`. The panel of the blocks from `b`
/// on then begins at `b * depth * lanes`.
typedef struct {
  /// Elements in a vector register.
  size_t lanes;
  /// Max. number of blocks in a group.
  size_t groupBlocks;
  /// One step, for the blocks from `first` up to `last`.
  void (*lstmForward)(const CFKForwardStep *step, size_t first, size_t last);
  void (*gruForward)(const CFKForwardStep *step, size_t first, size_t last);
  /// One step, for the groups from `first` up to `last`.
  void (*vanillaForward)(const CFKForwardStep *step, size_t first, size_t last);
  void (*lstmBackward)(const CFKBackwardStep *step, size_t first, size_t last);
  void (*gruBackward)(const CFKBackwardStep *step, size_t first, size_t last);
  void (*vanillaBackward)(const CFKBackwardStep *step, size_t first, size_t last);

  void (*packedProduct)(const CFKPackedProduct *product);
  void (*outerProduct)(const CFKOuterProduct *product);
  /// Transposes `rows` <= `lanes` rows of `columns` elements that lie `stride` apart:
  /// target[k · step + lane] = source[lane · stride + k], and zeros in the lanes from `rows` on.
  void (*transposeRows)(
    const void *source, size_t stride, size_t rows, size_t columns, void *target, size_t step);
  /// sums[j] += Σ_i rows[i · stride + j] for `vectors` whole vectors of j, in the order of i.
  void (*addRowSums)(const void *rows, size_t count, ptrdiff_t stride, size_t vectors, void *sums);
} CFKCellLoops;
