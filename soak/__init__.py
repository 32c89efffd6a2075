"""Long runs of one process, to see whether anything is left behind: memory, descriptors, tasks, threads, connections."""
