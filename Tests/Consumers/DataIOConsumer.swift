import DataIO

let table = try CSVTable(text: "time,\"load\"\n1,2.5\n2,NA\n", file: "load.csv")
let loads = try table.numbers(of: table.index(of: "load"))
precondition(loads == [2.5, nil], "the loads are \(loads)")

// zlib compresses and decompresses it.
let ones = Tensor(shape: [2, 500], [Float](repeating: 1, count: 1000))
let archive = NumPyArchive.serialized([("ones", ones)], compression: .deflate)
let tensor = try NumPyArchive(bytes: archive).tensor("ones")
precondition(archive.count < 1000 && tensor == ones, "\(archive.count) bytes became \(tensor.shape)")
