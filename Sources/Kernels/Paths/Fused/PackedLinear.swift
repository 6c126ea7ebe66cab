internal import CFusedKernels

/// A linear map y = W x + b on the fused path: its weights in the order in which ``CFKPackedProduct`` reads them.
///
/// Each number of y is one chain of multiply-adds from b on, so that a row has the same bits in any batch and on any number of
/// threads. OpenBLAS, which picks a kernel by the number of rows, cannot promise that.
package struct PackedLinear<Scalar: BLASScalar>: Sendable {
  /// Features in, `I`.
  package private(set) var inputSize = 0
  /// Features out, `O`.
  package private(set) var outputSize = 0
  /// Panels of the groups of output features, `[I][blocks of the group][lanes]`; behind all of them b.
  private var numbers = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// No weights yet.
  package init() {}

  /// Packs W, `[O × I]`, and b, `[1 × O]`.
  package init(weight: MatrixView<Scalar>, bias: MatrixView<Scalar>?) {
    let panels = resize(weight, bias)
    panels.pack(weight, groups: 0..<panels.blocks.groups)
  }

  /// `outputs`, `[N × O]`, from `inputs`, `[N × I]`. Allocates nothing.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func callAsFunction(
    _ inputs: MatrixView<Scalar>, into outputs: MutableMatrixView<Scalar>, _ execution: Execution
  ) {
    check(inputs, outputs)
    LinearRun(
      panels: panels(UnsafeMutablePointer(mutating: numbers.unsafeView.baseAddress)), weight: nil, inputs, outputs
    )
    .run(execution)
  }

  /// The same with other weights, which it packs first. Allocates nothing where it held a map of this size before.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package mutating func pack(
    weight: MatrixView<Scalar>, bias: MatrixView<Scalar>?, multiplying inputs: MatrixView<Scalar>,
    into outputs: MutableMatrixView<Scalar>, _ execution: Execution
  ) {
    let panels = resize(weight, bias)
    check(inputs, outputs)
    LinearRun(panels: panels, weight: weight, inputs, outputs).run(execution)
  }

  /// Takes the size of W and copies b.
  private mutating func resize(_ weight: MatrixView<Scalar>, _ bias: MatrixView<Scalar>?) -> LinearPanels<Scalar> {
    require(
      !weight.isTransposed && (bias?.columns ?? weight.rows) == weight.rows,
      "a bias of \(bias?.columns ?? 0) for a weight of \(weight.rows) × \(weight.columns)")
    (inputSize, outputSize) = (weight.columns, weight.rows)
    let blocks = UnitBlocks(units: outputSize, for: Scalar.fusedLoops)
    let panels = panels(
      numbers.reshaped(rows: 1, columns: blocks.count * blocks.lanes * (inputSize + 1)).baseAddress)
    for i in 0..<blocks.count * blocks.lanes {
      panels.start[i] = i < outputSize ? bias?.baseAddress[i] ?? 0 : 0
    }
    return panels
  }

  private func panels(_ numbers: UnsafeMutablePointer<Scalar>) -> LinearPanels<Scalar> {
    LinearPanels(
      blocks: UnitBlocks(units: outputSize, for: Scalar.fusedLoops), depth: inputSize, numbers: numbers)
  }

  private func check(_ inputs: MatrixView<Scalar>, _ outputs: MutableMatrixView<Scalar>) {
    require(
      inputs.columns == inputSize && outputs.columns == outputSize && inputs.rows == outputs.rows
        && !inputs.isTransposed,
      "a map of \(inputSize) to \(outputSize) features cannot take \(inputs.rows) × \(inputs.columns) to "
        + "\(outputs.rows) × \(outputs.columns)")
  }
}

/// Where the numbers of a ``PackedLinear`` lie.
///
/// Unchecked `Sendable`: members of a team write the panels of groups of their own.
private struct LinearPanels<Scalar: BLASScalar>: @unchecked Sendable {
  let blocks: UnitBlocks
  let depth: Int
  let numbers: UnsafeMutablePointer<Scalar>

  /// b, `[blocks · lanes]`.
  var start: UnsafeMutablePointer<Scalar> { numbers + blocks.count * blocks.lanes * depth }

  func panel(ofBlocksFrom block: Int) -> UnsafeMutablePointer<Scalar> { numbers + block * depth * blocks.lanes }

  /// Writes the panels of the groups `groups`.
  func pack(_ weight: MatrixView<Scalar>, groups: Range<Int>) {
    let transpose = Scalar.fusedLoops.transposeRows!
    for group in groups {
      let inGroup = blocks.blocks(ofGroup: group)
      for block in inGroup {
        let units = blocks.units(ofBlock: block)
        transpose(
          weight.row(units.lowerBound), weight.stride, units.count, depth,
          panel(ofBlocksFrom: inGroup.lowerBound) + (block - inGroup.lowerBound) * blocks.lanes,
          inGroup.count * blocks.lanes)
      }
    }
  }
}

/// One product with a ``PackedLinear``, as all members of a team see it.
private struct LinearRun<Scalar: BLASScalar>: RegionBody {
  let panels: LinearPanels<Scalar>
  /// W, `[O × I]`, where it is to be packed first.
  let weight: MatrixView<Scalar>?
  let inputs: MatrixView<Scalar>
  let outputs: MutableMatrixView<Scalar>

  init(
    panels: LinearPanels<Scalar>, weight: MatrixView<Scalar>?, _ inputs: MatrixView<Scalar>,
    _ outputs: MutableMatrixView<Scalar>
  ) {
    (self.panels, self.weight, self.inputs, self.outputs) = (panels, weight, inputs, outputs)
  }

  func run(_ execution: Execution) {
    let work = 2 * inputs.rows * inputs.columns * outputs.columns
    let threads = work < Execution.minimumFusedPassWork ? 1 : execution.threads(forStepWork: work)
    ThreadPool.shared.run(threads: threads, self)
  }

  /// Members share the panels. Where these are few, so are the weights: each packs those that it needs.
  func run(_ team: Team) {
    let groups = panels.blocks.groups
    guard groups < team.count else { return multiply(groups: team.share(of: groups), rows: 0..<inputs.rows) }
    if let weight {
      if team.index == 0 { panels.pack(weight, groups: 0..<groups) }
      team.barrier()
    }
    product(groups: 0..<groups, rows: team.share(of: inputs.rows, unit: Team.cutUnit))
  }

  private func multiply(groups: Range<Int>, rows: Range<Int>) {
    if let weight { panels.pack(weight, groups: groups) }
    product(groups: groups, rows: rows)
  }

  private func product(groups: Range<Int>, rows: Range<Int>) {
    let blocks = panels.blocks
    guard !rows.isEmpty else { return }
    for group in groups {
      let inGroup = blocks.blocks(ofGroup: group)
      let units = blocks.units(ofBlocks: inGroup)
      var product = CFKPackedProduct()
      product.rows = rows.count
      product.a = UnsafeRawPointer(inputs.row(rows.lowerBound))
      product.aRow = inputs.stride
      product.runs = 1
      product.runLength = panels.depth
      product.b = UnsafeRawPointer(panels.panel(ofBlocksFrom: inGroup.lowerBound))
      product.vectors = inGroup.count
      product.start = UnsafeRawPointer(panels.start + inGroup.lowerBound * blocks.lanes)
      product.startVector = blocks.lanes
      product.c = UnsafeMutableRawPointer(outputs.row(rows.lowerBound) + units.lowerBound)
      product.cRow = outputs.stride
      product.cVector = blocks.lanes
      product.lastCount = units.count - (inGroup.count - 1) * blocks.lanes
      Scalar.fusedLoops.packedProduct(&product)
    }
  }
}
