/// The names under which a `SequenceModel`'s inputs and outputs appear in ONNX files and in files of test vectors. Those of
/// states are PyTorch's.
public enum SequenceTensorName: String, CaseIterable, Sendable {
  /// Features, `[B × T × I]`, of a model that reads features.
  case inputs
  /// Tokens, `[B × T]`, integers, of a model that reads tokens.
  case tokens
  /// The length of each sequence, `[B]`, integers; without it all have `T` steps.
  case lengths
  /// The hidden state before the first step, `[L·D × B × R]`; zero if omitted.
  case initialHidden = "h_0"
  /// An LSTM's cell state before the first step, `[L·D × B × H]`; zero if omitted.
  case initialCell = "c_0"
  /// What the model predicts, before any activation: `[B × T × O]` or `[B × O]`.
  case predictions
  /// The hidden state after each sequence's last step, `[L·D × B × R]`.
  case finalHidden = "h_n"
  /// An LSTM's cell state after each sequence's last step, `[L·D × B × H]`.
  case finalCell = "c_n"
}
