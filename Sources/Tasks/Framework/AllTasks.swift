/// Every task, in the order of the guide.
public let allTasks: [any RecurrentTask.Type] = [
  MemoryTask.self, SentimentTask.self, MissingWordTask.self, NamesTask.self, TranslationTask.self, MusicTask.self,
  TextTask.self,
]
