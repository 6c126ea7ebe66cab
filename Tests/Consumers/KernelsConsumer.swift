import Kernels

let a = Matrix<Float>([[1, 2, 3], [4, 5, 6]])
let b = Matrix<Float>([[1, 0], [0, 1], [1, 1]])
var product = Matrix<Float>.zeros(rows: 2, columns: 2)
a.withView { a in b.withView { b in product.withMutableView { multiply(a, b, into: $0) } } }
precondition(product.nestedRows == [[4, 5], [10, 11]], "the product is \(product.nestedRows)")
