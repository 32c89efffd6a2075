"""What a process is left with after clients were used hard: nothing."""
