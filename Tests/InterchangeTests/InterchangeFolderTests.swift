import TestSupport
import Testing

@Suite struct InterchangeFolderTests {
  @Test(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"))
  func eachPartHasAFolderOfItsOwn() {
    #expect(InterchangeFolder.part("torch_models") == InterchangeFolder.part("") + "torch_models")
  }
}
