/// Every task, in the order of the guide.
public let allTasks: [any RecurrentTask.Type] = [TextTask.self]
