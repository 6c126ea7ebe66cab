import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct CellCodingTests {
  @Test(arguments: CellVariant.allCases)
  func aCellComesBackFromAFileWithAllItsOptions(_ variant: CellVariant) throws {
    let cell = variant.cell(inputSize: 3, hiddenSize: 5)
    #expect(try JSONDecoder().decode(RecurrentCell.self, from: JSONEncoder().encode(cell)) == cell)
  }

  @Test(arguments: [
    #"{"kind":"lstm","inputSize":0,"hiddenSize":5,"hasPeepholes":false,"hasBias":true}"#,
    #"{"kind":"lstm","inputSize":3,"hiddenSize":-5,"hasPeepholes":false,"hasBias":true}"#,
    #"{"kind":"lstm","inputSize":3,"hiddenSize":5,"projectionSize":0,"hasPeepholes":false,"hasBias":true}"#,
    #"{"kind":"lstm","inputSize":3,"hiddenSize":4194305,"hasPeepholes":false,"hasBias":true}"#,
    #"{"kind":"lstm","inputSize":3,"hiddenSize":5}"#,
    #"{"kind":"gru","inputSize":3,"hiddenSize":5,"reset":"sometimes","hasBias":true}"#,
    #"{"kind":"vanilla","inputSize":3,"hiddenSize":5,"activation":"gelu","hasBias":true}"#,
    #"{"kind":"elman","inputSize":3,"hiddenSize":5,"activation":"tanh","hasBias":true}"#, #"{}"#, #"[]"#,
  ])
  func whatIsNoCellIsAnErrorAndNotACrash(_ text: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(RecurrentCell.self, from: Data(text.utf8))
    }
  }
}
