/// Every task, in the order in which `rnn task --list` shows them.
package let allTasks: [any RecurrentTask.Type] = [
  TrajectoryTask.self, MemoryTask.self, SentimentTask.self, MissingWordTask.self, CaptionTask.self, NamesTask.self,
  TranslationTask.self, MusicTask.self, TextTask.self,
]
