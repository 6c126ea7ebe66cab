/// Every task, in the order of the guide.
package let allTasks: [any RecurrentTask.Type] = [
  TrajectoryTask.self, MemoryTask.self, SentimentTask.self, MissingWordTask.self, CaptionTask.self, NamesTask.self,
  TranslationTask.self, MusicTask.self, TextTask.self,
]
