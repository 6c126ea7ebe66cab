#if Tools
import TestSupport
import Testing

/// The tool as a process: where its output goes, what signals do and what the environment says.
@Suite struct RNNProcessTests {
  private let folder = TemporaryFolder()

  /// A table, a text, and options of a training that takes a moment.
  private static let setUp = """
    { echo level; for i in 1 2 3 4 5 6 7 8 9 10; do printf '1\\n2\\n4\\n3\\n5\\n2\\n1\\n3\\n'; done; } >wave.csv
    for i in 1 2 3 4 5 6 7 8 9 10; do echo 'the cat sat on the mat, the dog sat on the log.'; done >book.txt
    table='train wave.csv --target level --horizon 2 --history 8 --hidden 5 --epochs 2 --cell gru'
    text='train book.txt --level char --hidden 5 --epochs 2 --batch 2'
    """

  /// Runs `script` after the set-up.
  private func run(_ script: String) -> ShellRun { ShellRun("\(Self.setUp)\n\(script)", in: folder.path) }

  private static let models = #""$rnn" $table >/dev/null 2>&1 && "$rnn" $text >/dev/null 2>&1"#

  /// Command lines of everything that prints.
  private static let commands = [
    "--help", "--version", "train --help", "help predict", "task --list", "task --list --json", "fetch --list",
    "predict wave.safetensors wave.csv", "predict wave.safetensors wave.csv --json", "inspect wave.safetensors",
    "inspect wave.safetensors --json", "evaluate wave.safetensors wave.csv", "evaluate book.safetensors book.txt",
    "generate book.safetensors --length 5", "convert book.safetensors out.onnx", "report wave.safetensors",
    "$text --output again.safetensors", "--generate-completion-script bash",
  ]

  @Test(arguments: [">/dev/full", ">&-"])
  func outputThatCannotBeWrittenIsAFailureWithALine(_ redirection: String) {
    let loop = Self.commands.map { #""$rnn" \#($0) \#(redirection) 2>err; echo "$? $(grep "^Error" err)""# }
    let lines = run("\(Self.models)\n\(loop.joined(separator: "\n"))").output
      .split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == Self.commands.count + 1)
    for (command, line) in zip(Self.commands, lines) {
      #expect(line.hasPrefix("1 Error: standard output cannot be written: "), "\(command): \(line)")
    }
  }

  @Test func aPipeThatClosedIsAFailureWithoutAWord() {
    let loop = Self.commands.filter { !$0.hasPrefix("$text") }.map {
      "\"$rnn\" \($0) >&4 2>err; echo \"$? $(cat err)\""
    }
    let pipe = "mkfifo pipe; exec 3<>pipe 4>pipe 3>&-"
    let lines = run("\(Self.models)\n\(pipe)\n\(loop.joined(separator: "\n"))").output.split(separator: "\n")
    #expect(lines.count == loop.count && lines.allSatisfy { $0.hasPrefix("1 ") })
    #expect(!lines.contains { $0.contains("rror") || $0.contains("Crash") }, "\(lines)")
  }

  @Test(arguments: ["2>/dev/full", "2>&-", "2>&- <&-"])
  func aLogThatCannotBeWrittenChangesNothingElse(_ redirection: String) {
    let run = run(
      """
      "$rnn" $table --output one.safetensors >one && "$rnn" $table --output two.safetensors >two \(redirection) &&
      cmp one.safetensors two.safetensors && sed s/two/one/ two | cmp one - && "$rnn" --version \(redirection)
      """)
    #expect(run.status == 0, "\(run)")
  }

  @Test(arguments: [">/dev/full", ">&-"])
  func aTrainingGoesOnWithoutItsLogAndSaysSoOnce(_ redirection: String) {
    let run = run(
      """
      "$rnn" $table --output one.safetensors >/dev/null 2>&1
      "$rnn" $table --output two.safetensors --json \(redirection) || test $? = 1 && cmp one.safetensors two.safetensors
      """)
    #expect(run.status == 0 && run.output.isEmpty)
    #expect(run.error.split(separator: "\n").count { $0.contains("going on without this log") } == 1)
    #expect(run.error.contains("Error: standard output cannot be written"))
  }

  @Test func closedStreamsGetNoFile() {
    let run = run(
      """
      "$rnn" $table --output one.safetensors >/dev/null 2>&1
      "$rnn" $table --output two.safetensors >&- 2>&- <&-
      test $? = 1 && cmp one.safetensors two.safetensors && ls
      """)
    #expect(run.output == "book.txt\none.safetensors\ntwo.safetensors\nwave.csv\n", "\(run)")
  }

  @Test(arguments: [
    ("RECURRENT_ISA=mmx", #"RECURRENT_ISA is "mmx""#), ("RECURRENT_THREADS=none", #"RECURRENT_THREADS is "none""#),
  ])
  func aVariableThatMeansNothingIsRefused(_ setting: String, _ named: String) {
    let run = run(#"\#(setting) "$rnn" task --list"#)
    #expect(run.status == 2 && run.output.isEmpty)
    #expect(run.error.hasPrefix("Error: ") && run.error.contains(named) && run.error.split(separator: "\n").count == 1)
    #expect(self.run(#"\#(setting) "$rnn" --help"#).status == 0)
  }

  @Test func aMisspeltVariableIsSaidAndOthersAreNot() {
    let run = run(#"RECURENT_THREADS=2 CURRENT_THREADS=2 "$rnn" task --list"#)
    #expect(run.status == 0 && !run.output.isEmpty)
    #expect(run.error == "\"RECURENT_THREADS\" is no variable that is read; RECURRENT_THREADS is. It is ignored.\n")
  }

  // MARK: - Signals and limits

  /// Starts a training in the background, which learns too slowly to end by itself, and waits for its first checkpoint.
  private static let start = """
    "$rnn" $text --epochs 1000000 --learning-rate 1e-5 --checkpoints kept --checkpoint-seconds 0 --quiet --output m.safetensors &
    pid=$!
    until ls kept/*.checkpoint.safetensors; do kill -0 $pid || exit 99; sleep 0.05; done >/dev/null 2>&1
    """

  /// What is left is one whole checkpoint and no temporary file.
  private static let check = #"ls kept && "$rnn" inspect kept/*.checkpoint.safetensors"#

  @Test(arguments: ["HUP", "TERM", "INT"])
  func aSignalSaves(_ signal: String) {
    let run = run("\(Self.start)\nkill -\(signal) $pid\nwait $pid\necho $?\n\(Self.check)")
    #expect(run.output.hasPrefix("1\n") && run.output.contains("a checkpoint of a training"), "\(run)")
    #expect(!run.output.contains(".tmp") && run.error.contains("Stopped in"))
    #expect(run.error.contains("--resume"))
  }

  @Test func aTerminalThatClosesSendsItsSignalTwice() {
    let run = run("\(Self.start)\nkill -HUP $pid; kill -HUP $pid; kill -HUP $pid\nwait $pid")
    #expect(run.status == 1 && run.error.contains("Stopped in"), "\(run)")
  }

  @Test func nohupIsObeyed() {
    let run = run("trap '' HUP\n\(Self.start)\nkill -HUP $pid\nsleep 0.2\nkill -TERM $pid\nwait $pid")
    #expect(run.status == 1 && run.error.contains("Stopped in"))
    // It was not the first of the two signals that stopped it.
    let ignored = self.run("trap '' HUP\n\"$rnn\" $text & kill -HUP $!; kill -HUP $!; wait $!")
    #expect(ignored.status == 0 && !ignored.error.contains("Stopped"), "\(ignored)")
  }

  @Test func aFileThatMayNotGrowLeavesNoTemporaryFile() {
    let run = run("(ulimit -f 4; \"$rnn\" $text --quiet --output m.safetensors)\necho $?\nls -A")
    #expect(run.output == "1\n.error\n.output\n.script\nbook.txt\nwave.csv\n", "\(run)")
    #expect(run.error.contains("File too large") && run.error.contains("--resume"))
  }

  /// The limit on sizes stands for the disk's: both refuse a write in the middle of a training.
  @Test func aDiskThatFillsKeepsTheLastCheckpointAndSaysHowToResume() {
    let run = run(
      """
      \(Self.start)
      prlimit --pid $pid --fsize=2000
      wait $pid; echo $?
      \(Self.check)
      """)
    #expect(run.output.hasPrefix("1\n") && run.output.contains("a checkpoint of a training"), "\(run)")
    #expect(!run.output.contains(".tmp"))
    #expect(run.error.contains("The last checkpoint is whole; to go on: ") && run.error.contains("--resume"))
  }
}
#endif
