"""Machine learning as the sandbox has it: configurations as Elasticsearch keeps them, results by plain statistics."""
