// Placeholder until the first part of the module is merged.
