import Figures
import Kernels
import Testing

@testable import Models
@testable import Tasks

@Suite struct ShapeScenesTests {
  private let parts = ShapeScenes().parts(training: 300, validation: 7, test: 20, seed: 5)

  @Test func partsHaveTheirSizesAndDiffer() {
    #expect((parts.training.count, parts.validation.count, parts.test.count) == (300, 7, 20))
    #expect(Set((parts.training + parts.validation + parts.test).map(\.pixels)).count == 327)
    #expect(parts == ShapeScenes().parts(training: 300, validation: 7, test: 20, seed: 5))
    #expect(parts.training != ShapeScenes().parts(training: 300, validation: 7, test: 20, seed: 6).training)
  }

  @Test func pixelsAreBrightnesses() {
    for picture in parts.test {
      #expect(picture.pixels.count == 256 && picture.pixels.allSatisfy { 0...1 ~= $0 })
    }
  }

  @Test func captionsAreSentencesOfTwoShapes() {
    let captions = parts.training.map { parts.text(of: $0.caption) }
    let form = /a (big|small) (circle|square|triangle) (above|left of) a (big|small) (circle|square|triangle)/
    #expect(captions.allSatisfy { $0.wholeMatch(of: form) != nil })
    // Of 72 sentences nearly all occur.
    #expect(Set(captions).count > 60)
  }

  /// What the caption names first lies above, or left of, the second: without noise the shapes are all that is bright.
  @Test func theFirstShapeLiesWhereItsCaptionSays() {
    let scenes = ShapeScenes(noise: 0).parts(training: 200, validation: 0, test: 0, seed: 1)
    for scene in scenes.training {
      let bright = scene.pixels.indices.filter { scene.pixels[$0] > 0 }
      let isAbove = scene.caption.contains("above")
      let places = Set(bright.map { isAbove ? $0 / 16 : $0 % 16 }).sorted()
      // One row, or column, at least is free between them.
      let gap = zip(places, places.dropFirst()).first { $1 - $0 > 1 }
      guard let gap else {
        Issue.record("no gap in \(scene.caption)")
        continue
      }
      func size(_ words: ArraySlice<String>) -> Int { words.contains("big") ? 7 : 5 }
      #expect(gap.0 - places[0] + 1 == size(scene.caption.prefix(3)))
      #expect(places[places.count - 1] - gap.1 + 1 == size(scene.caption.suffix(3)))
    }
  }

  @Test func aPictureIsDrawnRowByRowFromTheTop() {
    let picture = CaptionedPicture(side: 2, pixels: [0, 0.25, 0.5, 1], caption: ["x"])
    let figure = picture.figure(titled: "four")
    #expect(figure.title == "four" && figure.values == [[0, 0.25], [0.5, 1]])
  }

  @Test func examplesAreReadFromTheStartAndEndWithTheEnd() {
    let pictures = CaptionedPictures(
      training: [CaptionedPicture(side: 1, pixels: [0.5], caption: ["b", "a", "b"])], validation: [], test: [],
      separator: "")
    let batch = pictures.examples(of: pictures.training).batch([0])
    #expect(batch.context.elements == [0.5])
    #expect(batch.inputs.rows.elements == [0, 3, 2, 3] && batch.targets.rows.elements == [3, 2, 3, 1])
  }
}
