#if Tools
import ArgumentParser
import Tasks
import Testing

@testable import rnn

@Suite struct DataOptionsTests {
  @Test func theCommandLineNamesTheFolderBeforeTheEnvironment() throws {
    let environment = ["RECURRENT_DATA": "/named", "XDG_DATA_HOME": "/share", "HOME": "/home/ada"]
    #expect(try DataOptions.parse(["--data", "here"]).folder(environment).path == "here")
    let options = try DataOptions.parse([])
    #expect(options.folder(environment).path == "/named")
    #expect(options.folder(["XDG_DATA_HOME": "/share", "HOME": "/home/ada"]).path == "/share/recurrent-data")
    #expect(options.folder(["XDG_DATA_HOME": "", "HOME": "/home/ada"]).path == "/home/ada/.local/share/recurrent-data")
  }
}
#endif
